"""Annotated corpora: one schema, readers and writers for the formats people have."""
