# A team's whole gateway: two accounts, one behind a gateway with headers of its own, their models, and a token that an
# application calls them with.
terraform {
  required_version = ">= 1.11"

  required_providers {
    sluice = { source = "sluice/sluice" }
  }
}

# SLUICE_ENDPOINT and SLUICE_TOKEN say where and who.
provider "sluice" {}

resource "sluice_organization" "acme" {
  name = var.organization
}

resource "sluice_secret" "openai_key" {
  organization_id = sluice_organization.acme.id
  name            = "openai-api-key"
  value           = var.openai_api_key
}

resource "sluice_llm_provider" "openai" {
  organization_id = sluice_organization.acme.id
  name            = "openai-prod"
  kind            = "openai"
  endpoint        = var.openai_endpoint
  openai_api_mode = "auto"
  token_secret_id = sluice_secret.openai_key.id
  advanced_json   = jsonencode({ timeout_ms = 60000, temperature = 0.2 })
}

# A company's gateway that wants two headers and no key.
resource "sluice_llm_provider" "gateway" {
  organization_id = sluice_organization.acme.id
  name            = "company-gateway"
  endpoint        = var.gateway_endpoint
  protocol        = "anthropic_messages"
  auth_method     = "custom_headers"

  custom_headers = {
    X-Team     = "platform"
    X-Team-Key = var.gateway_key
  }

  # Models that somebody registers beside Terraform stay when the provider goes.
  on_delete = "orphan"
}

resource "sluice_llm_model" "claude" {
  provider_id       = sluice_llm_provider.gateway.id
  remote_model_name = "claude-haiku-4-5"
  tags              = ["fallback"]
}

resource "sluice_llm_model" "fast" {
  provider_id       = sluice_llm_provider.openai.id
  remote_model_name = "gpt-5.4-mini"
  name              = "fast"
  tags              = ["cheap", "eu"]
  fallbacks         = [sluice_llm_model.claude.selector]

  cost_per_1k_input      = 0.00025
  cost_per_1k_output     = 0.002
  cost_per_1k_cache_read = 0.000025
}

# Takes long prompts before the other one does, without being named.
resource "sluice_llm_model" "long" {
  provider_id       = sluice_llm_provider.openai.id
  remote_model_name = "gpt-5.4"
  priority          = 10
  when              = jsonencode({ input_chars = { "$gt" = 50000 } })
}

resource "sluice_token" "support" {
  organization_id = sluice_organization.acme.id
  name            = "support-bot"
  allowed_models  = ["fast", "${sluice_llm_provider.openai.name}^*", "${sluice_llm_provider.gateway.name}^*"]

  limits = {
    requests_per_minute = 60
  }
}

# What the upstream lists and is not registered yet.
data "sluice_available_models" "openai" {
  provider_id = sluice_llm_provider.openai.id
  depends_on  = [sluice_llm_model.fast, sluice_llm_model.long]
}
