# What can be run; `.ci/run` does the same from a fresh clone. `just` alone lists the recipes.

python := env("PYTHON", ".venv/bin/python")

_list:
    @just --list

# everything that must pass before a change lands
check: lint types test docs-fresh build

# style of package and tests
lint:
    {{python}} -m ruff check .
    {{python}} -m ruff format --check .

# types of the package
types:
    {{python}} -m mypy

# tests; arguments go to pytest
test *arguments:
    {{python}} -m pytest {{arguments}}

# write the pages that are generated: docs/cli.md, docs/columns.md
docs:
    {{python}} docs/generate.py

# fail when a generated page is stale
docs-fresh:
    {{python}} docs/generate.py --check

# the wheel, in dist/
build:
    {{python}} -m build --wheel

# pin what is installed, with the Pythons that are supported
lock:
    {{python}} .ci/lock.py python3.10 python3.11 python3.12
