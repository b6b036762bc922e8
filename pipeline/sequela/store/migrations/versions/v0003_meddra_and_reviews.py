"""Places of events in MedDRA; what was read by a reviewer; both in the view of reactions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

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
       meddra.pt_name, meddra.hlt_name, meddra.hlgt_name, meddra.soc_name,
       (SELECT review.decision FROM review
        WHERE review.report_id = triple.report_id AND review.triple_id = triple.triple_id
        ORDER BY review.review_id DESC LIMIT 1) AS decision,
       drug.term AS drug_term, event.term AS event_term, triple.triple_key
FROM triple
JOIN report ON report.report_id = triple.report_id
JOIN run ON run.run_id = report.run_id
JOIN drug ON drug.drug_id = triple.drug_id
JOIN event ON event.event_id = triple.event_id
LEFT JOIN meddra ON meddra.pt_code = event.pt_code
LEFT JOIN patient ON patient.patient_key = triple.patient_key
"""


def upgrade() -> None:
    """Add a table and columns, and make the view anew."""
    levels = ("pt_name", "hlt_code", "hlt_name", "hlgt_code", "hlgt_name", "soc_code", "soc_name")
    op.create_table(
        "meddra",
        sa.Column("pt_code", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in levels),
        sa.Column("release", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pt_code", name="pk_meddra"),
    )
    # Written out, because Alembic would copy the table on SQLite
    op.execute(
        "ALTER TABLE event ADD COLUMN pt_code TEXT CONSTRAINT fk_event_meddra REFERENCES meddra (pt_code)"
    )
    op.create_index("ix_event_pt_code", "event", ["pt_code"])
    for name in ("drug", "event", "drug_term", "event_term", "digest", "version"):
        op.add_column("review", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.execute("DROP VIEW reaction")
    op.execute(_REACTION)
