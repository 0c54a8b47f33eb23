"""Characters and spans: the stream of documents, YAML nodes, the NATS configuration language.

May not know Kubernetes and may not do I/O.
"""
