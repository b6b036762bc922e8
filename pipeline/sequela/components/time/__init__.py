"""Time expressions: words to atoms (`atoms`), atoms to expressions (`grammar`), expressions to values (`values`)."""
