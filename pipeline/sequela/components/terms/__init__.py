"""Drug and event mentions to substances and terms, offline.

Each finder goes from the sure to the unsure: the mention as it stands, its other spellings, a part of it, a
name that is spelled almost like it. ``score`` says how far it had to go: 1.0 as it stands, 0.95 another
spelling, 0.85 a part of the mention, 0.7 a misspelling.
"""
