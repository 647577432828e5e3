data "sluice_token" "support" {
  organization_id = data.sluice_organization.default.id
  name            = "support-bot"
}
