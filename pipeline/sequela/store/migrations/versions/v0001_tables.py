"""The tables as they were first."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "drug",
        sa.Column("drug_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("drug_name", sa.Text(), nullable=False),
        sa.Column("drug_code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("drug_id", name="pk_drug"),
        sa.UniqueConstraint("term", "drug_name", "drug_code", name="uq_drug_term_drug_name_drug_code"),
    )
    op.create_index("ix_drug_drug_name", "drug", ["drug_name"])
    op.create_table(
        "event",
        sa.Column("event_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("event_name", sa.Text(), nullable=False),
        sa.Column("event_code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_event"),
        sa.UniqueConstraint("term", "event_name", "event_code", name="uq_event_term_event_name_event_code"),
    )
    op.create_index("ix_event_event_name", "event", ["event_name"])
    op.create_table(
        "run",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_run"),
        sa.UniqueConstraint("model", "version", name="uq_run_model_version"),
    )
    op.create_table(
        "report",
        sa.Column("report_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("doc_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name="fk_report_run"),
        sa.PrimaryKeyConstraint("report_id", name="pk_report"),
        sa.UniqueConstraint("doc_id", name="uq_report_doc_id"),
    )
    op.create_index("ix_report_run_id", "report", ["run_id"])
    op.create_table(
        "patient",
        sa.Column("patient_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Text(), nullable=False),
        sa.Column("patient_age", sa.Float(), nullable=True),
        sa.Column("patient_age_unit", sa.Text(), nullable=False),
        sa.Column("patient_sex", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.report_id"], name="fk_patient_report"),
        sa.PrimaryKeyConstraint("patient_key", name="pk_patient"),
    )
    op.create_index("ix_patient_report_id", "patient", ["report_id"])
    op.create_table(
        "review",
        sa.Column("review_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("triple_id", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.report_id"], name="fk_review_report"),
        sa.PrimaryKeyConstraint("review_id", name="pk_review"),
    )
    op.create_index("ix_review_report_id_triple_id", "review", ["report_id", "triple_id"])
    op.create_table(
        "triple",
        sa.Column("triple_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("patient_key", sa.Integer(), nullable=True),
        sa.Column("drug_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("triple_id", sa.Text(), nullable=False),
        sa.Column("drug", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("onset", sa.Text(), nullable=False),
        sa.Column("onset_min", sa.Text(), nullable=False),
        sa.Column("onset_max", sa.Text(), nullable=False),
        sa.Column("onset_hours_min", sa.Float(), nullable=True),
        sa.Column("onset_hours_max", sa.Float(), nullable=True),
        sa.Column("onset_approximate", sa.Boolean(), nullable=True),
        sa.Column("onset_anchor", sa.Text(), nullable=False),
        sa.Column("onset_anchor_ordinal", sa.Integer(), nullable=True),
        sa.Column("onset_basis", sa.Text(), nullable=False),
        sa.Column("dose", sa.Text(), nullable=False),
        sa.Column("dose_value", sa.Float(), nullable=True),
        sa.Column("dose_unit", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("dose_ordinal", sa.Integer(), nullable=True),
        sa.Column("body_sites", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.Column("assertion", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("dechallenge", sa.Text(), nullable=False),
        sa.Column("rechallenge", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("drug_start", sa.Integer(), nullable=False),
        sa.Column("drug_end", sa.Integer(), nullable=False),
        sa.Column("event_start", sa.Integer(), nullable=False),
        sa.Column("event_end", sa.Integer(), nullable=False),
        sa.Column("onset_start", sa.Integer(), nullable=True),
        sa.Column("onset_end", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["drug_id"], ["drug.drug_id"], name="fk_triple_drug"),
        sa.ForeignKeyConstraint(["event_id"], ["event.event_id"], name="fk_triple_event"),
        sa.ForeignKeyConstraint(["patient_key"], ["patient.patient_key"], name="fk_triple_patient"),
        sa.ForeignKeyConstraint(["report_id"], ["report.report_id"], name="fk_triple_report"),
        sa.PrimaryKeyConstraint("triple_key", name="pk_triple"),
        sa.UniqueConstraint("report_id", "triple_id", name="uq_triple_report_id_triple_id"),
    )
    op.create_index("ix_triple_drug_id_event_id", "triple", ["drug_id", "event_id"])
    op.create_index("ix_triple_event_id", "triple", ["event_id"])
    op.create_index("ix_triple_patient_key", "triple", ["patient_key"])
    op.create_table(
        "mention",
        sa.Column("triple_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("drug_start", sa.Integer(), nullable=False),
        sa.Column("drug_end", sa.Integer(), nullable=False),
        sa.Column("event_start", sa.Integer(), nullable=False),
        sa.Column("event_end", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["triple_key"], ["triple.triple_key"], name="fk_mention_triple"),
        sa.PrimaryKeyConstraint("triple_key", "position", name="pk_mention"),
    )
