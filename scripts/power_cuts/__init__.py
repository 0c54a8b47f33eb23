"""What power cuts cost, measured on real servers."""
