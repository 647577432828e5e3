resource "sluice_llm_model" "fast" {
  provider_id       = sluice_llm_provider.openai.id
  remote_model_name = "gpt-5.4-mini"
  name              = "fast"
  tags              = ["cheap", "eu"]
  priority          = 10
  when              = jsonencode({ stream = true, max_tokens = { "$lte" = 4096 } })

  cost_per_1k_input  = 0.00025
  cost_per_1k_output = 0.002
}
