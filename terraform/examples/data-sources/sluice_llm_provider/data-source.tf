data "sluice_llm_provider" "openai" {
  organization_id = data.sluice_organization.default.id
  name            = "openai-prod"
}
