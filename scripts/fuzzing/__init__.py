"""Fuzzing: texts by the million, read by natsvalues and by Go's own readers; scripts/fuzz.py runs it."""
