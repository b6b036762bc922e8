"""spaCy components: Doc to Doc, one stage a file."""
