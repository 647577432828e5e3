resource "sluice_organization" "acme" {
  name = "acme"
}
