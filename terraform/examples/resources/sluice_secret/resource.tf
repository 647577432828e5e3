resource "sluice_secret" "openai_key" {
  organization_id = sluice_organization.acme.id
  name            = "openai-api-key"
  value           = var.openai_api_key
}
