resource "sluice_token" "support" {
  organization_id = sluice_organization.acme.id
  name            = "support-bot"
  role            = "member"
  allowed_models  = ["openai-prod^gpt-5*"]

  limits = {
    requests_per_minute = 60
    budget_usd          = 50
    budget_period       = "month"
  }
}
