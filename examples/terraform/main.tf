# One region: its cluster is the kubectl context of the same name. Each region has its own workspace, because a provider
# connects to one cluster.

terraform {
  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = ">= 3.0.0"
    }
  }
}

variable "region" {
  type        = string
  description = "One of those in charts/overlays."
}

variable "kubeconfig" {
  type    = string
  default = "~/.kube/config"
}

locals {
  overlays = "${path.module}/../../charts/overlays"
}

provider "helm" {
  # The plan shows the post-rendered manifest. The state has it then, too.
  experiments = { manifest = true }

  kubernetes = {
    config_path    = var.kubeconfig
    config_context = var.region
  }
}

resource "helm_release" "nats" {
  name             = "nats"
  namespace        = "nats"
  create_namespace = true
  repository       = "https://nats-io.github.io/k8s/helm/charts/"
  chart            = "nats"
  version          = "2.14.2"
  values           = [file("${path.module}/values.yaml")]

  # Do not fail while pods wait for other regions: a cold start of all regions takes some time.
  wait = false

  postrender = {
    binary_path = "natsvalues"
    args        = ["post-render", "--region=${var.region}", "--overlays=${local.overlays}"]
  }

  # Without the experiment Terraform does not compare what a post-renderer reads, and an edited overlay would not cause an
  # upgrade.
  description = "overlays ${sha256(join("", [for name in sort(fileset(local.overlays, "*.yaml")) : file("${local.overlays}/${name}")]))}"
}
