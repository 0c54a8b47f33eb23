"""What a region needs: the model, provider profiles, transforms that return patches, the pipeline that applies them.

May not start processes or know how a report looks.
"""
