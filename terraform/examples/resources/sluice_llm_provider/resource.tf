resource "sluice_secret" "openai_key" {
  organization_id = sluice_organization.acme.id
  name = "openai-api-key"
  value = var.openai_api_key
}
resource "sluice_llm_provider" "openai" {
  organization_id = sluice_organization.acme.id
  name = "openai-prod"
  endpoint = "https://api.openai.com/v1"
  protocol = "responses"
  auth_method = "bearer"
  token_secret_id = sluice_secret.openai_key.id
}

resource "sluice_llm_provider" "anthropic" {
  organization_id = sluice_organization.acme.id
  name = "anthropic-prod"
  endpoint = "https://api.anthropic.com/v1"
  protocol = "anthropic_messages"
  auth_method = "x_api_key"
  token_secret_id = sluice_secret.anthropic_key.id
}
