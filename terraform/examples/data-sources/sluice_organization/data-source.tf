data "sluice_organization" "default" {
  name = "default"
}
