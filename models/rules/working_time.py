"""Working time of an office: desks, breaks, holidays, closures; the SOP's minutes and days are measured in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from models.rules.errors import InvalidInput
from models.rules.numbering import JAKARTA

Desk = Literal["counter", "back_office"]
Window = tuple[time, time]
Span = tuple[datetime, datetime]

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_LONGEST_CLOSURE_DAYS = 3660


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """A desk's week from `valid_from` until `valid_until` (exclusive; None is open-ended). Weekdays: 0 is Monday.

    Of several that hold on a day, the one that began last counts (hours in Ramadan over the usual ones).
    """

    desk: Desk
    days: Mapping[int, Window]
    breaks: Mapping[int, tuple[Window, ...]] = field(default_factory=dict)
    valid_from: date | None = None
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether this row's date range contains `day`."""
        return (self.valid_from or date.min) <= day and (self.valid_until is None or day < self.valid_until)


@dataclass(frozen=True, slots=True)
class Closure:
    """The office is closed from `first` to `last`, both included: a flood, a move, smoke."""

    first: date
    last: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """One day that goes against the calendar: a holiday that is worked, or an extra day off.

    A worked day that is no weekday of the desk takes `hours`, else those of the desk's first day of the week.
    """

    day: date
    worked: bool
    hours: Window | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the office works. What decides a day: its override, else a closure, else a holiday, else the week."""

    hours: tuple[OfficeHours, ...]
    holidays: frozenset[date] = frozenset()
    overrides: tuple[Override, ...] = ()
    closures: tuple[Closure, ...] = ()
    _by_day: dict[date, Override] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_day", {override.day: override for override in self.overrides})

    def is_working_day(self, day: date, desk: Desk = "counter") -> bool:
        """Whether the desk is open at all on `day`."""
        return bool(self._open(day, desk))

    def spans(self, day: date, desk: Desk) -> tuple[Span, ...]:
        """The desk's working spans on `day`, breaks taken out, in order, Asia/Jakarta; empty on a day off."""
        window = self._open(day, desk)
        week = self._week(day, desk)
        if window is None or week is None:
            return ()
        return tuple(_without(_span(day, window), [_span(day, gap) for gap in week.breaks.get(day.weekday(), ())]))

    def add_working_days(self, start: date, n: int, desk: Desk = "counter") -> date:
        """The n-th working day after `start`; `start` itself is not counted, n = 0 gives it back unchanged."""
        if n < 0:
            raise InvalidInput("Working days are counted forward: n must not be negative.")
        day = start
        for _ in range(n):
            day = self._next_working_day(day, desk)
        return day

    def working_days_between(self, a: date, b: date, desk: Desk = "counter") -> int:
        """How many working days lie after `a` up to and including `b`; negative when `b` is earlier."""
        if b < a:
            return -self.working_days_between(b, a, desk)
        return sum(self.is_working_day(day, desk) for day in _days(a + _DAY, b))

    def working_time_between(self, a: datetime, b: datetime, desk: Desk) -> timedelta:
        """The desk's working time from `a` to `b`, exact; negative when `b` is earlier. Raises for naive moments."""
        start, end = _local(a), _local(b)
        if end < start:
            return -self.working_time_between(b, a, desk)
        spans = (span for day in _days(start.date(), end.date()) for span in self.spans(day, desk))
        return sum((_overlap(span, (start, end)) for span in spans), timedelta())

    def working_minutes_between(self, a: datetime, b: datetime, desk: Desk) -> int:
        """Whole working minutes from `a` to `b`."""
        return int(self.working_time_between(a, b, desk) / _MINUTE)

    def add_working_time(self, start: datetime, amount: timedelta, desk: Desk) -> datetime:
        """The earliest moment by which `amount` of the desk's working time has passed since `start`, Asia/Jakarta."""
        if amount < timedelta():
            raise InvalidInput("Working time is counted forward: the amount must not be negative.")
        at, left = _local(start), amount
        while left:
            span = self._span_from(at, desk)
            at = max(at, span[0])
            step = min(left, span[1] - at)
            at, left = at + step, left - step
        return at

    def add_working_minutes(self, start: datetime, minutes: int, desk: Desk) -> datetime:
        """`add_working_time` in minutes."""
        return self.add_working_time(start, timedelta(minutes=minutes), desk)

    def opens_at(self, moment: datetime, desk: Desk = "counter") -> datetime:
        """`moment` if the desk is at work then, else the next moment it is, Asia/Jakarta."""
        at = _local(moment)
        return max(at, self._span_from(at, desk)[0])

    def promised_at(self, submitted: datetime, working_days: int, desk: Desk = "counter") -> datetime:
        """Day and hour promised: `working_days` after the desk took it in, at the same hour or the nearest it is open.

        What comes in after hours counts from the next opening.
        """
        received = self.opens_at(submitted, desk)
        day = self.add_working_days(received.date(), working_days, desk)
        return self._nearest_open(datetime.combine(day, received.time(), JAKARTA), desk)

    def deadline(
        self, submitted: datetime, working_days: int, pauses: Sequence[Interval] = (), desk: Desk = "counter"
    ) -> datetime:
        """The promise moved on by the working time of the ended `pauses` (the berkas lay with the applicant)."""
        promised = self.promised_at(submitted, working_days, desk)
        paused = sum((self.working_time_between(a, b, desk) for a, b in _merged(pauses, None)), timedelta())
        return self.add_working_time(promised, paused, desk)

    def step_due(self, started: datetime, minutes: int | None, working_days: int | None, desk: Desk) -> datetime:
        """When a step that began at `started` is due by its standard: working minutes, or working days."""
        if minutes is not None:
            return self.add_working_minutes(started, minutes, desk)
        return self.promised_at(started, working_days or 0, desk)

    def _open(self, day: date, desk: Desk) -> Window | None:
        week = self._week(day, desk)
        override = self._by_day.get(day)
        if week is None or (override and not override.worked):
            return None
        if override:
            return override.hours or week.days.get(day.weekday()) or week.days[min(week.days)]
        closed = day in self.holidays or any(c.first <= day <= c.last for c in self.closures)
        return None if closed else week.days.get(day.weekday())

    def _week(self, day: date, desk: Desk) -> OfficeHours | None:
        rows = [row for row in self.hours if row.desk == desk and row.days and row.holds_on(day)]
        return max(rows, key=lambda row: row.valid_from or date.min, default=None)

    def _next_working_day(self, day: date, desk: Desk) -> date:
        for later in _days(day + _DAY, day + _LONGEST_CLOSURE_DAYS * _DAY):
            if self.is_working_day(later, desk):
                return later
        raise InvalidInput(f"The {desk} has no working day in the ten years after {day}: check the office hours.")

    def _span_from(self, at: datetime, desk: Desk) -> Span:
        day = at.date()
        while True:
            for span in self.spans(day, desk):
                if at < span[1]:
                    return span
            day = self._next_working_day(day, desk)

    def _nearest_open(self, at: datetime, desk: Desk) -> datetime:
        spans = self.spans(at.date(), desk)
        later = [span for span in spans if at < span[1]]
        if not later:
            return spans[-1][1] if spans else at
        return max(at, later[0][0])


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` to `end`, aware moments; `end` None is still going on."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The three clocks in whole working minutes: of the step, end to end, and of the applicant (which stops both)."""

    step: int
    end_to_end: int
    applicant: int


def clock_reading(
    calendar: Calendar,
    *,
    submitted: datetime,
    step_started: datetime,
    until: datetime,
    with_applicant: Sequence[Interval] = (),
    desk: Desk = "counter",
    step_desk: Desk | None = None,
) -> ClockReading:
    """The clocks at `until` (now, or when the step or case ended); overlapping pauses count once."""
    pauses = _merged(with_applicant, until)
    return ClockReading(
        step=_running(calendar, step_started, until, pauses, step_desk or desk),
        end_to_end=_running(calendar, submitted, until, pauses, desk),
        applicant=_minutes(_total(calendar, pauses, desk)),
    )


def _running(calendar: Calendar, start: datetime, until: datetime, pauses: Sequence[Span], desk: Desk) -> int:
    if until <= start:
        return 0
    inside = [(max(a, start), min(b, until)) for a, b in pauses if a < until and b > start]
    return _minutes(calendar.working_time_between(start, until, desk) - _total(calendar, inside, desk))


def _total(calendar: Calendar, spans: Iterable[Span], desk: Desk) -> timedelta:
    return sum((calendar.working_time_between(a, b, desk) for a, b in spans), timedelta())


def _minutes(amount: timedelta) -> int:
    return int(amount / _MINUTE)


def _merged(intervals: Sequence[Interval], until: datetime | None) -> list[Span]:
    """The union of `intervals` as ordered spans; open ones end at `until`, or are left out when there is none."""
    ended = [(i.start, min(i.end or until, until) if until else i.end) for i in intervals]
    spans = sorted((a, b) for a, b in ended if b is not None and a < b)
    merged: list[Span] = []
    for a, b in spans:
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return merged


def _local(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise InvalidInput("A moment needs a time zone.")
    return moment.astimezone(JAKARTA)


def _days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + offset * _DAY


def _span(day: date, window: Window) -> Span:
    return datetime.combine(day, window[0], JAKARTA), datetime.combine(day, window[1], JAKARTA)


def _without(span: Span, gaps: Iterable[Span]) -> Iterator[Span]:
    start, end = span
    for gap_start, gap_end in sorted(gaps):
        if start < min(gap_start, end):
            yield start, min(gap_start, end)
        start = max(start, gap_end)
    if start < end:
        yield start, end


def _overlap(one: Span, other: Span) -> timedelta:
    return max(min(one[1], other[1]) - max(one[0], other[0]), timedelta())
