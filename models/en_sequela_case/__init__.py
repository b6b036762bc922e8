"""The tagger that comes with sequela: data, read by ``sequela.components.tagging``."""
