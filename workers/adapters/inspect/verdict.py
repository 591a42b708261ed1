"""The door: one upload in, one Inspection out."""

from __future__ import annotations

from models.ports import Inspection
from workers.adapters.inspect import kinds
from workers.adapters.inspect.pdf import judge_pdf
from workers.adapters.inspect.picture import judge_picture
from workers.adapters.inspect.report import Judged, Refused, Report


def _judge(data: bytes, media_type: str, profile: str, report: Report) -> Judged:
    if media_type != kinds.PDF:
        return judge_picture(data, media_type, profile, report)
    if profile == "photo":
        raise Refused("photo-not-picture", found="PDF")
    return judge_pdf(data, report)


def _answer(media_type: str, judged: Judged) -> str:
    if judged.clean is None:
        return "accept"
    return "repair" if media_type == kinds.PDF else "convert"


def inspect(data: bytes, name: str, profile: str) -> Inspection:
    """Judge `data`, called `name` by its sender, for a requirement of `profile` "document" or "photo".

    Refusals are answers, not errors. Only for bytes inside the cage: parsers may crash or swell here.
    """
    report, media_type = Report(), ""
    try:
        media_type = kinds.recognise(data, name, report)
        judged = _judge(data, media_type, profile, report)
    except Refused as refused:
        return Inspection("reject", media_type, 0, (refused.finding, *report.findings))
    answer = _answer(media_type, judged)
    return Inspection(answer, media_type, judged.pages, tuple(report.findings), judged.clean, judged.clean_media_type)
