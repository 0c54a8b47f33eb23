"""Rules that judge a supercluster before anything is deployed: overlays, renderings of any origin, or both.

May not start processes, read files or know how a report looks: texts come in as subjects, findings go out.
"""
