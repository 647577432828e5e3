variable "organization" {
  type    = string
  default = "acme"
}

variable "openai_endpoint" {
  type    = string
  default = "https://api.openai.com/v1"
}

variable "gateway_endpoint" {
  type = string
}

# Ephemeral: in no state and no plan. Give them as TF_VAR_openai_api_key and TF_VAR_gateway_key, to plan and to apply.
variable "openai_api_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "gateway_key" {
  type      = string
  sensitive = true
  ephemeral = true
}
