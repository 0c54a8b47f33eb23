"""The only room that starts processes or talks to a network."""
