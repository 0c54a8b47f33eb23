"""`natsvalues diff`: its options, the two releases it compares, and the reports it writes.

Nothing is imported here, so that the options alone stay cheap.
"""
