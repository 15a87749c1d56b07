"""Columns of the calendar: what stands at which row of a local day. Pure: no database, no request.

A row is five minutes by the clock of the place. In the night when the clock is put forward the rows of the missing hour
stay empty; when it is put back, the repeated hour has its rows once, and the times on the cards say what is meant.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from clinic.language.reading import wall_minute, wall_time
from clinic.staff.calendar.cards import Card
from clinic.staff.calendar.frame import MINUTES_A_DAY, Absence, Shift

CELL_MINUTES = 5
SHORTEST_GAP = 20
"""In minutes; a shorter one would be too small to press."""
USUAL_HOURS = (8, 18)
"""Shown where nobody works."""
LANES = 4
"""At most so many things stand side by side in a column."""

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Something drawn in a column. `kind`: off, buffer, travel, kept, free, visit or now."""

    kind: str
    begins: int
    ends: int
    """Minutes after midnight of the column's day."""
    words: str = ""
    card: Card | None = None
    before: bool = False
    lane: int = 0
    lanes: int = 1


@dataclass(frozen=True, kw_only=True)
class Axis:
    """The hours of the day that are shown."""

    first_hour: int
    last_hour: int

    @property
    def hours(self) -> range:
        """The hours that begin in it."""
        return range(self.first_hour, self.last_hour)

    def at(self, piece: Piece) -> int:
        """The row at which a piece begins."""
        return max(piece.begins - self.first_hour * 60, 0) // CELL_MINUTES

    def rows(self, piece: Piece) -> int:
        """How many rows it takes, at least one."""
        end = min(piece.ends, self.last_hour * 60) - self.first_hour * 60
        return max(-(-end // CELL_MINUTES) - self.at(piece), 1)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One person, room or day, with everything in it, earliest first."""

    pieces: tuple[Piece, ...]
    worked: tuple[Span, ...]
    """Hours less absences."""
    visits: int
    booked_minutes: int
    free_minutes: int
    reason: str = ""
    """Why there are no hours at all."""

    @property
    def is_empty(self) -> bool:
        """Whether nobody works and nothing stands in it."""
        return not self.worked and not any(piece.card for piece in self.pieces)

    @property
    def load(self) -> int:
        """How full it is, from 0 to 5."""
        whole = self.booked_minutes + self.free_minutes
        return -(-5 * self.booked_minutes // whole) if whole else 0


@dataclass(frozen=True, kw_only=True)
class DayPlan:
    """What a column of somebody's day is drawn from."""

    on: date
    shifts: Sequence[Shift] = ()
    absences: Sequence[Absence] = ()
    cards: Sequence[Card] = ()
    only_at: UUID | None = None
    """Show this place alone; elsewhere the person is away."""
    place_name: Callable[[UUID], str] = str
    minutes_between: Callable[[UUID, UUID], int] = lambda _one, _other: 0
    names_places: bool = False
    bookable_from: int = 0
    """The first minute that can still be booked."""
    keeps_hours: bool = True
    """False for a room, which has no hours of its own."""


def column(plan: DayPlan) -> Column:
    """Draw one day of somebody, or of a room."""
    here, elsewhere = _by_place(plan)
    shifts = [one for one in plan.shifts if plan.only_at in (None, one.place_id)]
    absences = [*plan.absences, *_at_other_places(plan)]
    away = [one for one in absences if one.place_id is None or plan.only_at in (None, one.place_id)]
    worked = [(shift.begins, shift.ends) for shift in shifts]
    open_spans = list(worked)
    for absence in away:
        if absence.place_id is None:
            open_spans = _less(open_spans, [(absence.begins, absence.ends)])
        else:
            closed = [(one.begins, one.ends) for one in shifts if one.place_id == absence.place_id]
            open_spans = _less(open_spans, closed)
    taking = [card for card in here if not card.is_gone]
    travel = _travel(plan, [card for card in plan.cards if not card.is_gone])
    taken = [_taken(card, plan.on) for card in (*taking, *elsewhere)]
    gaps = _less(open_spans, [*taken, *((piece.begins, piece.ends) for piece in travel)])
    free = [
        Piece(kind="free", begins=begins, ends=ends)
        for begins, ends in _less(gaps, [(0, plan.bookable_from)])
        if ends - begins >= SHORTEST_GAP
    ]
    off = _off(plan, shifts, away) if plan.keeps_hours else [_closed(one) for one in away if one.is_whole_day]
    over = [
        cut
        for one in away
        if plan.keeps_hours
        for cut in _within(
            _closed(one), [(s.begins, s.ends) for s in shifts if one.place_id in (None, s.place_id)]
        )
    ]
    pieces = [
        *off,
        *over,
        *(Piece(kind="off", begins=a, ends=b, words=plan.place_name(card.place_id)) for card in elsewhere
          for a, b in [_taken(card, plan.on)]),
        *travel,
        *free,
        *_beside(_visits(here, plan.on)),
    ]  # fmt: skip
    return Column(
        pieces=tuple(sorted(pieces, key=lambda piece: (piece.begins, piece.kind == "visit"))),
        worked=tuple(open_spans),
        visits=sum(1 for card in taking if not card.is_kept),
        booked_minutes=sum(
            ends - begins for card in taking if not card.is_kept for begins, ends in [_taken(card, plan.on)]
        ),
        free_minutes=sum(ends - begins for begins, ends in gaps),
        reason=next((one.words for one in away if one.is_whole_day), "Not working"),
    )


def axis(columns: Iterable[Column]) -> Axis:
    """The hours in which anybody works or anything stands, in whole hours."""
    drawn = list(columns)
    spans = [
        *(span for one in drawn for span in one.worked),
        *(
            (piece.begins, piece.ends)
            for one in drawn
            for piece in one.pieces
            if piece.kind in ("visit", "kept", "buffer")
        ),
    ]
    if not spans:
        return Axis(first_hour=USUAL_HOURS[0], last_hour=USUAL_HOURS[1])
    return Axis(
        first_hour=min(begins for begins, _ in spans) // 60, last_hour=-(-max(e for _, e in spans) // 60)
    )


def minute_of(moment: datetime, on: date) -> int:
    """Minutes between a day's midnight and a wall time, cut off at both ends of the day."""
    since = moment - datetime.combine(on, time(0))
    return min(max(int(since / timedelta(minutes=1)), 0), MINUTES_A_DAY)


def visits_words(drawn: "Column") -> str:
    """How full a column is, in words."""
    if drawn.is_empty:
        return drawn.reason
    count = f"{drawn.visits} visit{'' if drawn.visits == 1 else 's'}"
    return f"{count}, {length_words(drawn.free_minutes)} free" if drawn.worked else count


def length_words(minutes: int) -> str:
    """A length as people say it: 45 min, 2 h, 2 h 15."""
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" + (f" {minutes % 60:02d}" if minutes % 60 else "")


def clock_words(minute: int) -> str:
    """A minute of the day as clocks in the practice's country show it; after its end those of the next go on."""
    return wall_minute(minute if minute <= MINUTES_A_DAY else minute % MINUTES_A_DAY)


def halves() -> tuple[str, str] | None:
    """What a clock in the practice's country calls the two halves of a day, such as *am* and *pm*; None if it counts to 24."""
    words = [wall_time(time(hour)).split()[-1] for hour in (1, 13)]
    return (words[0], words[1]) if words[0].isalpha() else None


def _by_place(plan: DayPlan) -> tuple[list[Card], list[Card]]:
    on_day = [card for card in plan.cards if _taken(card, plan.on)[0] < _taken(card, plan.on)[1]]
    here = [card for card in on_day if plan.only_at in (None, card.place_id)]
    return here, [card for card in on_day if card not in here and not card.is_gone]


def _at_other_places(plan: DayPlan) -> list[Absence]:
    if plan.only_at is None:
        return []
    return [
        Absence(begins=one.begins, ends=one.ends, words=f"At {plan.place_name(one.place_id)}")
        for one in plan.shifts
        if one.place_id != plan.only_at
    ]


def _taken(card: Card, on: date) -> Span:
    begins, ends = minute_of(card.taken_from, on), minute_of(card.taken_until, on)
    # In the night when the clock is put back, a visit may end at an earlier time than it began.
    return begins, ends if ends > begins or card.taken_from.date() != on else min(begins + 30, MINUTES_A_DAY)


def _visits(cards: Iterable[Card], on: date) -> list[Piece]:
    pieces = []
    for card in cards:
        begins, ends = minute_of(card.begins, on), minute_of(card.ends, on)
        ends = ends if ends > begins else max(_taken(card, on)[1], begins)
        if card.is_kept:
            until = f" until {wall_time(card.kept_until.time())}" if card.kept_until else ""
            first, last = _taken(card, on)
            pieces.append(
                Piece(kind="kept", begins=first, ends=last, words=f"Kept for somebody{until}", card=card)
            )
            continue
        if begins < ends:
            pieces.append(Piece(kind="visit", begins=begins, ends=ends, card=card))
        if not card.is_gone:
            pieces += _buffers(card, on, begins, ends)
    return pieces


def _buffers(card: Card, on: date, begins: int, ends: int) -> list[Piece]:
    first, last = _taken(card, on)
    found = []
    if first < begins:
        found.append(Piece(kind="buffer", begins=first, ends=begins, before=True))
    if last > ends:
        found.append(Piece(kind="buffer", begins=ends, ends=last))
    return found


def _beside(pieces: Sequence[Piece]) -> list[Piece]:
    """Put visits that overlap side by side: cancelled ones, and those in no room."""
    visits = sorted((one for one in pieces if one.kind == "visit"), key=lambda one: (one.begins, one.ends))
    placed: list[Piece] = [one for one in pieces if one.kind != "visit"]
    group: list[Piece] = []
    for one in [*visits, None]:
        if one is None or (group and one.begins >= max(each.ends for each in group)):
            placed += _in_lanes(group)
            group = []
        if one is not None:
            group.append(one)
    return placed


def _in_lanes(group: Sequence[Piece]) -> list[Piece]:
    ends: list[int] = []
    lanes = []
    for piece in group:
        lane = next((number for number, end in enumerate(ends) if end <= piece.begins), len(ends))
        if lane == len(ends):
            ends.append(0)
        ends[lane] = piece.ends
        lanes.append(lane)
    many = min(len(ends), LANES)
    return [replace(piece, lane=lane % LANES, lanes=many) for piece, lane in zip(group, lanes, strict=True)]


def _travel(plan: DayPlan, cards: Sequence[Card]) -> list[Piece]:
    """The way between two places, before the visit or the hours that follow."""
    found = []
    stays = sorted((*_taken(card, plan.on), card.place_id) for card in cards if _taken(card, plan.on)[1] > 0)
    for (_, left, one), (reached, _, other) in itertools.pairwise(stays):
        minutes = plan.minutes_between(one, other)
        if minutes and left < reached:
            begins = max(reached - minutes, left)
            words = f"On the way to {plan.place_name(other)}"
            found.append(Piece(kind="travel", begins=begins, ends=reached, words=words))
    return found


def _off(plan: DayPlan, shifts: Sequence[Shift], away: Sequence[Absence]) -> list[Piece]:
    if not shifts:
        whole = next((one.words for one in away if one.is_whole_day), "Not working")
        return [Piece(kind="off", begins=0, ends=MINUTES_A_DAY, words=whole)]
    first, last = shifts[0], max(shifts, key=lambda shift: shift.ends)
    found = [
        Piece(kind="off", begins=0, ends=first.begins, words=f"Starts at {clock_words(first.begins)}"),
        Piece(kind="off", begins=last.ends, ends=MINUTES_A_DAY, words=f"Off from {clock_words(last.ends)}"),
    ]
    for one, other in itertools.pairwise(shifts):
        words = "Break" if one.place_id == other.place_id else f"To {plan.place_name(other.place_id)}"
        found.append(Piece(kind="off", begins=one.ends, ends=other.begins, words=words))
    return [piece for piece in found if piece.begins < piece.ends]


def _closed(absence: Absence) -> Piece:
    return Piece(kind="off", begins=absence.begins, ends=absence.ends, words=absence.words)


def _within(piece: Piece, spans: Iterable[Span]) -> list[Piece]:
    cut = [(max(piece.begins, begins), min(piece.ends, ends)) for begins, ends in spans]
    return [replace(piece, begins=begins, ends=ends) for begins, ends in sorted(set(cut)) if begins < ends]


def _less(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    left = sorted(spans)
    for first, last in others:
        parts = ((begins, min(ends, first)) for begins, ends in left)
        rests = ((max(begins, last), ends) for begins, ends in left)
        left = sorted({(begins, ends) for begins, ends in (*parts, *rests) if begins < ends})
    return left
