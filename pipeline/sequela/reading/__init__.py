"""Report files to texts."""
