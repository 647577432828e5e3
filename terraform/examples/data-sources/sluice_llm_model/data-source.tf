data "sluice_llm_model" "fast" {
  provider_id       = data.sluice_llm_provider.openai.id
  remote_model_name = "gpt-5.4-mini"
}
