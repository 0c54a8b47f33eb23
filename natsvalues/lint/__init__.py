"""Rules that check a supercluster before it is deployed: overlays, renderings of any origin, or both.

It must not start processes, read files or depend on reports: it gets texts as a subject and returns findings.
"""
