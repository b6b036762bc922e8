"""``python -m sequela``."""

from sequela.cli.main import run

if __name__ == "__main__":
    run()
