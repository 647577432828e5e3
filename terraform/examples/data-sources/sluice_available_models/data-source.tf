data "sluice_available_models" "openai" {
  provider_id = data.sluice_llm_provider.openai.id
}

# Everything that the upstream lists, registered.
resource "sluice_llm_model" "listed" {
  for_each = toset([for model in data.sluice_available_models.openai.models : model.remote_model_name])

  provider_id       = data.sluice_llm_provider.openai.id
  remote_model_name = each.value
}
