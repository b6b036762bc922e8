"""Running the pipeline over many reports.

`local.run` reads files, runs the pipeline over them in one process or several, and gives what came of each
in the order of the files; `extract` and `tag` write that down; `output` sees to it that no half-written
file is left behind.
"""
