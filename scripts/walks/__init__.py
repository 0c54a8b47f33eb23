"""Random walks of releases on real servers: what `scripts/check_keeps.py` runs."""
