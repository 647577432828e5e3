terraform import sluice_llm_model.fast mdl_0123456789abcdef
# Quicker, and enough for a token that may not list organizations: the provider before it.
terraform import sluice_llm_model.fast aip_0123456789abcdef/mdl_0123456789abcdef
