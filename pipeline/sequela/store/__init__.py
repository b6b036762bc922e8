"""The reaction database."""
