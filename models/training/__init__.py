"""Training of the shipped tagger: prepare, teacher, student, export, card. Not part of the wheel."""
