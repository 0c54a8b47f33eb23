"""What a region needs: the model, provider profiles, transforms that yield patches, and the pipeline that applies them. May not start processes."""
