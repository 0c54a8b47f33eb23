"""Kubernetes objects in a release, and where the NATS chart puts its settings."""
