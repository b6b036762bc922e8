"""What is known of the publication; one line a triple with everything; search in the sentences (SQLite)."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# As the CSV has them, so that a query over one works on the other
_REACTION = """
CREATE VIEW reaction AS
SELECT report.doc_id, triple.triple_id, triple.drug, triple.event, triple.onset, drug.drug_name,
       drug.drug_code, event.event_name, event.event_code, triple.onset_min, triple.onset_max,
       triple.onset_hours_min, triple.onset_hours_max, triple.onset_approximate, triple.onset_anchor,
       triple.onset_anchor_ordinal, triple.onset_basis, triple.dose, triple.dose_value, triple.dose_unit,
       triple.route, triple.frequency, triple.dose_ordinal, triple.body_sites, triple.role,
       triple.attribution, triple.assertion, patient.patient_id, patient.patient_age,
       patient.patient_age_unit, patient.patient_sex, triple.outcome, triple.action, triple.dechallenge,
       triple.rechallenge, triple.confidence, triple.rule, triple.section, triple.sentence,
       triple.drug_start, triple.drug_end, triple.event_start, triple.event_end, triple.onset_start,
       triple.onset_end, run.model, run.version, report.title, report.authors, report.published,
       drug.term AS drug_term, event.term AS event_term, triple.triple_key
FROM triple
JOIN report ON report.report_id = triple.report_id
JOIN run ON run.run_id = report.run_id
JOIN drug ON drug.drug_id = triple.drug_id
JOIN event ON event.event_id = triple.event_id
LEFT JOIN patient ON patient.patient_key = triple.patient_key
"""
# The index holds no text of its own; the triggers are what keeps it in step with the table
_SEARCH = (
    """
    CREATE VIRTUAL TABLE triple_fts USING fts5(
        sentence, drug, event, content='triple', content_rowid='triple_key', tokenize='porter unicode61'
    )
    """,
    """
    CREATE TRIGGER triple_fts_insert AFTER INSERT ON triple BEGIN
        INSERT INTO triple_fts (rowid, sentence, drug, event)
        VALUES (new.triple_key, new.sentence, new.drug, new.event);
    END
    """,
    """
    CREATE TRIGGER triple_fts_delete AFTER DELETE ON triple BEGIN
        INSERT INTO triple_fts (triple_fts, rowid, sentence, drug, event)
        VALUES ('delete', old.triple_key, old.sentence, old.drug, old.event);
    END
    """,
    """
    CREATE TRIGGER triple_fts_update AFTER UPDATE OF sentence, drug, event ON triple BEGIN
        INSERT INTO triple_fts (triple_fts, rowid, sentence, drug, event)
        VALUES ('delete', old.triple_key, old.sentence, old.drug, old.event);
        INSERT INTO triple_fts (rowid, sentence, drug, event)
        VALUES (new.triple_key, new.sentence, new.drug, new.event);
    END
    """,
    "INSERT INTO triple_fts (triple_fts) VALUES ('rebuild')",
)


def upgrade() -> None:
    """Add columns, view and index."""
    for name in ("title", "authors", "published"):
        op.add_column("report", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.execute(_REACTION)
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SEARCH:
            op.execute(statement)
