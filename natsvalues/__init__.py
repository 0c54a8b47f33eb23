"""natsvalues: join NATS Helm releases of several regions into a supercluster that survives a cold start."""

__version__ = "0.1.0"
