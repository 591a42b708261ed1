"""The satisfaction survey: answers that know no case and no person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "survey_answer",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("licence_code", sa.Text(), nullable=False),
        sa.Column("invited_on", sa.Date(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(answers IS NULL) = (answered_on IS NULL)", name="survey_answer_whole"),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.execute("GRANT SELECT, INSERT ON survey_answer TO paraf_app")
    op.execute("GRANT UPDATE (answers, remark, answered_on) ON survey_answer TO paraf_app")
