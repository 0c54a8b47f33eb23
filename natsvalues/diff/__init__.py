"""What differs between two releases, and what that will do. Knows no report, no overlay, and does no I/O."""
