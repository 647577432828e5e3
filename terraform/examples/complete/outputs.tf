output "token" {
  value     = sluice_token.support.token
  sensitive = true
}

output "fast" {
  description = "What a client names."
  value       = sluice_llm_model.fast.selector
}

output "not_registered" {
  value = [for model in data.sluice_available_models.openai.models : model.remote_model_name if !model.configured]
}
