"""One file per format. May not do I/O and may not decide."""
