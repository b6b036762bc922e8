"""The command line, one file a command.

A command lives in ``cli/<name>.py`` and offers ``register(app)``, which adds it to the application; `main`
calls that for each name in its list. The files import nothing heavy at the top (no spaCy, numpy, rich): a
command does so in its body, so that ``sequela --help`` is quick. Errors that derive from
`sequela.errors.SequelaError` may simply be raised: they are printed without a traceback and end the program
with exit code 2.
"""
