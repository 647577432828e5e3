terraform {
  required_providers {
    sluice = { source = "sluice/sluice" }
  }
}

# The address and a token, here or in SLUICE_ENDPOINT and SLUICE_TOKEN.
provider "sluice" {
  endpoint = "https://sluice.example.workers.dev"
}
