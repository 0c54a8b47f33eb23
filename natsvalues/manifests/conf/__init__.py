"""The configuration language of nats-server: its keys, what they may be, and what a server demands besides."""
