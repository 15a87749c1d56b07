"""A signed-in client's progress: the scores they gave with their health questions and before visits, unchanged.

The numbers are not interpreted: no comparison, no percentages, no causes. Missing values stay missing.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, render_template

from clinic import clock
from clinic.accounts import audit
from clinic.accounts.models import Client
from clinic.db import db, transaction
from clinic.guidance import own_words
from clinic.guidance.fields import FIELDS
from clinic.guidance.measures import GlobalChange
from clinic.guidance.own_words import OwnWords
from clinic.guidance.schedule import Instrument
from clinic.intake import queries as intake
from clinic.intake.models import Submission, SubmissionKind
from clinic.language import N_, gettext
from clinic.language.health_texts import health_text
from clinic.language.reading import NO_BREAK, and_year, local, short_date
from clinic.plans import scores
from clinic.plans.scores import Occasion
from clinic.web import charts, context
from clinic.web.access import audience, client
from clinic.web.charts import Trend
from clinic.web.signed_in_client import client_of_page

NEWEST = 20
"""How many occasions are shown."""
ON_THE_CHART = 6
CHART_TITLE = N_("Average pain over the last week, 0 to 10")

blueprint = Blueprint("progress", __name__)


@dataclass(frozen=True, kw_only=True)
class PainLine:
    """A client's average pain as a chart, with the first and the last number given and their days."""

    chart: Trend
    first: tuple[str, float]
    last: tuple[str, float]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Answers to related questions, newest first: (day, one cell for each head); None if not given."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str | None, ...]], ...]
    note: str = ""


@blueprint.get("/my/progress")
@audience(client)
def show() -> str:
    """Chart and tables of the client's own answers; the access is recorded."""
    signed_in, now = client_of_page(), clock.now()
    person = signed_in.record
    with transaction():
        given = scores.of_client(person.id)
        shown = given[-NEWEST:]
        words = _own_words(person.id, now)
        _record_look(person, shown, words, signed_in.actor, now)
        zone = _zone(shown, now)
        line, tables = _line(shown, zone), list(_tables(shown, zone))
    newest = NEWEST if len(given) > NEWEST else None
    return render_template("portal/progress.html", line=line, tables=tables, newest=newest, words=words)


def pain_line(
    person: Client, *, actor: str, now: datetime, look_backs: Collection[datetime] = ()
) -> PainLine | None:
    """The line for the first page; None without any number. The access is recorded, and the caller commits.

    `look_backs` are the starts of the visits at which the course is looked back on; the chart marks them.
    """
    shown = scores.of_client(person.id)[-NEWEST:]
    line = _line(shown, _zone(shown, now), look_backs)
    if line is not None:
        audit.record(
            actor,
            "read",
            person,
            client_id=person.id,
            purpose="own_progress",
            fields=[Instrument.NRS.value],
            now=now,
        )
    return line


def has_any(client_id: UUID) -> bool:
    """Whether there may be anything to show; no answer is opened for it. One statement."""
    answered = sa.exists().where(Submission.client_id == client_id, Submission.kind == SubmissionKind.FULL)
    return bool(db.session.scalar(sa.select(sa.or_(scores.is_any_of(client_id), answered))))


def _own_words(client_id: UUID, now: datetime) -> tuple[OwnWords, ...]:
    """What the client wrote in the newest full answers."""
    sent = intake.newest_full(browser=None, client_id=client_id, now=now)
    return own_words.told(sent.answers) if sent is not None else ()


def _record_look(
    person: Client, shown: Iterable[Occasion], words: Sequence[OwnWords], actor: str, now: datetime
) -> None:
    fields = sorted({instrument.value for occasion in shown for instrument in occasion.entries})
    fields += ["own_words"] if words else []
    if fields:
        audit.record(
            actor, "read", person, client_id=person.id, purpose="own_progress", fields=fields, now=now
        )


def _zone(shown: Sequence[Occasion], now: datetime) -> str:
    """The zone for answers without a visit: that of the newest visit, or else the practice's."""
    return next((one.zone for one in reversed(shown) if one.zone), None) or context.practice_zone(now)


def _line(shown: Sequence[Occasion], zone: str, look_backs: Collection[datetime] = ()) -> PainLine | None:
    """The line through the latest pain scores; None without any."""
    asked = [occasion for occasion in shown if Instrument.NRS in occasion.entries][-ON_THE_CHART:]
    readings = [
        charts.ChartReading(
            label=_short(one, zone),
            value=_of(one, Instrument.NRS).get("average"),
            is_gate=one.at in look_backs,
        )
        for one in asked
    ]
    given = [(reading.label, reading.value) for reading in readings if reading.value is not None]
    if not given:
        return None
    chart = charts.trend(readings, title=gettext(CHART_TITLE))
    return PainLine(chart=chart, first=given[0], last=given[-1])


def _tables(shown: Sequence[Occasion], zone: str) -> Iterator[Table]:
    def rows(instrument: Instrument, *cells: Callable[[dict[str, Any]], Any]) -> Any:
        return tuple(
            (_day(one, zone), tuple(_text(cell(_of(one, instrument))) for cell in cells))
            for one in reversed(shown)
            if instrument in one.entries
        )

    yield Table(
        title=gettext("Pain"),
        note=gettext("0 is no pain, 10 the worst you can imagine."),
        heads=(gettext("Average, last week"), gettext("That day")),
        rows=rows(Instrument.NRS, _key("average"), _key("now")),
    )
    yield Table(
        title=gettext("Pain in daily life, past week"),
        note=gettext(
            "How strong the pain was, and how much it got in the way: 0 is not at all, 10 is completely."
        ),
        heads=(
            gettext("Strength"),
            gettext("In the way of enjoying life"),
            gettext("In the way of your day"),
        ),
        rows=rows(Instrument.PEG, _key("pain"), _key("enjoyment"), _key("activity")),
    )
    for activity in _activities(shown):
        yield Table(
            title=gettext("“%(said)s”") % {"said": activity},
            note=gettext("How well it goes: 0 is “cannot do it”, 10 is “as before the problem”."),
            heads=(gettext("How well"),),
            rows=rows(Instrument.PSFS, _rated(activity)),
        )
    yield Table(
        title=gettext("Since the start"),
        note=gettext("Compared with before the course, your back is:"),
        heads=(gettext("You said"),),
        rows=rows(Instrument.GLOBAL_CHANGE, _change),
    )
    yield Table(
        title=gettext("After the session before"),
        heads=(gettext("You felt"),),
        rows=rows(Instrument.REACTION, _reaction),
    )


def _activities(shown: Iterable[Occasion]) -> list[str]:
    """The activities in the client's own words, in the order in which they were first named."""
    named = (rated["activity"] for one in shown for rated in _of(one, Instrument.PSFS).get("activities", ()))
    return list(dict.fromkeys(named))


def _of(occasion: Occasion, instrument: Instrument) -> dict[str, Any]:
    entry = occasion.entries.get(instrument)
    return entry.scores if entry else {}


def _key(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda given: given.get(name)


def _rated(activity: str) -> Callable[[dict[str, Any]], Any]:
    return lambda given: next(
        (rated["score"] for rated in given.get("activities", ()) if rated["activity"] == activity), None
    )


def _change(given: dict[str, Any]) -> str | None:
    step = given.get("global_change")
    return health_text(GlobalChange(step).label) if step else None


def _reaction(given: dict[str, Any]) -> str | None:
    code = given.get("reaction")
    return health_text(FIELDS["past_reaction"].label(code)) if code else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _day(occasion: Occasion, zone: str) -> str:
    """`Tue 24 Nov 2026`, which breaks after the weekday or nowhere."""
    where = occasion.zone or zone
    weekday, *day = and_year(short_date(occasion.at, where), local(occasion.at, where).year).split()
    return f"{weekday} {NO_BREAK.join(day)}"


def _short(occasion: Occasion, zone: str) -> str:
    """`24 Nov`, under a chart."""
    return short_date(occasion.at, occasion.zone or zone).split(" ", 1)[1]
