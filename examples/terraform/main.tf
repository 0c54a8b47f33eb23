# One region: its cluster is the kubectl context of its name. Each region has a workspace of its own, because a provider
# speaks to one cluster.

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

  # Pods that wait for other regions are no reason to fail: a cold start of all regions takes its time.
  wait = false

  postrender = {
    binary_path = "natsvalues"
    args        = ["post-render", "--region=${var.region}", "--overlays=${local.overlays}"]
  }

  # What a post-renderer reads is nothing that Terraform compares: without this an edited overlay would change nothing.
  description = "overlays ${sha256(join("", [for name in sort(fileset(local.overlays, "*.yaml")) : file("${local.overlays}/${name}")]))}"
}
