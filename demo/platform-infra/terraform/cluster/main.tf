resource "openstack_containerinfra_cluster_v1" "production" {
  name                = "production"
  cluster_template_id = var.template
  master_count        = 3
  node_count          = 9
}

resource "openstack_containerinfra_cluster_v1" "staging" {
  name                = "staging"
  cluster_template_id = var.template
  master_count        = 1
  node_count          = 3
}

variable "template" {
  type = string
}
