"""What people thought of the service: an answer knows its licence and day, and neither its case nor its person."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Column, LargeBinary
from sqlmodel import Field, SQLModel

from models.tables.columns import optional_document, words


class SurveyAnswer(SQLModel, table=True):
    """One invitation of the satisfaction survey, answered once or never. `answers` are nine marks of 1 to 4."""

    __tablename__ = "survey_answer"
    __table_args__ = (CheckConstraint("(answers IS NULL) = (answered_on IS NULL)", name="survey_answer_whole"),)

    token_sha256: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    licence_code: str = words()
    invited_on: date
    answers: dict[str, Any] | None = optional_document()
    remark: str = words("")
    answered_on: date | None = Field(default=None)
