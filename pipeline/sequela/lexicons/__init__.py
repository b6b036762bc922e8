"""Word lists and rules as data, with their loader."""
