terraform {
  required_version = ">= 1.9"
}

variable "zones" {
  type    = list(string)
  default = ["a", "b", "c"]
}

resource "openstack_networking_network_v2" "harbour" {
  name = "harbour"
}

resource "openstack_networking_subnet_v2" "zone" {
  for_each   = toset(var.zones)
  name       = "harbour-${each.key}"
  network_id = openstack_networking_network_v2.harbour.id
  cidr       = cidrsubnet("10.20.0.0/16", 4, index(var.zones, each.key))
}
