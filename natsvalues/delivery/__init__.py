"""The same edits without a post-renderer: as values of the chart, as a KRM function, as patches for other tools."""
