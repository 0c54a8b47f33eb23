"""Kubernetes objects in a release, and where the NATS chart keeps things."""
