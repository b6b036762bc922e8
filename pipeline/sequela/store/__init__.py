"""The reaction database: SQLite by default, PostgreSQL by URL.

`database.open_database` connects and brings the schema up to date, `load_rows` writes the triples of reports,
`query` reads them back; `signals` and `duplicates` compute over what is there.
"""

from sequela.store.loading import Loaded, Loader, load_rows

__all__ = ["Loaded", "Loader", "load_rows"]
