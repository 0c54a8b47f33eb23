"""Configurations with which real servers are asked about the table of keys."""
