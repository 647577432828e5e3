data "sluice_secret" "openai_key" {
  organization_id = data.sluice_organization.default.id
  name            = "openai-api-key"
}
