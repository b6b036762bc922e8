"""Scores against annotated gold files."""
