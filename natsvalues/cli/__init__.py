"""The command line, one file per verb: translate arguments, call, render, return an exit code.

May not decide anything about NATS or Kubernetes.
"""
