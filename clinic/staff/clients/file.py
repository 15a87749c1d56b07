"""A client's file: its head and tabs, the overview, visits and messages.

What is clinical is on tabs of its own (`clinical_tabs`), and on the overview only for a therapist who may read it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock, language
from clinic.accounts.models import Client
from clinic.accounts.permissions import Permission
from clinic.booking import client_search
from clinic.booking import queries as booking
from clinic.booking.client_search import Caller
from clinic.booking.models import CAME, Appointment
from clinic.db import db, transaction
from clinic.messaging import queries as messages
from clinic.messaging.queries import MessageFilter, MessageLine
from clinic.plans import care_summary, client_history, score_sheets
from clinic.plans import queries as plans
from clinic.plans.client_history import ClinicalEvent
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.booking import move
from clinic.staff.clinical import progress
from clinic.staff.day import practice_zone, today
from clinic.web.access import audience, may, staff

TABS = (
    ("overview", "Overview", "staff.client", (Permission.CONTACTS_READ,)),
    ("visits", "Visits", "staff.client_visits", (Permission.CALENDAR_READ,)),
    ("notes", "Notes", "staff.client_notes", (Permission.HEALTH_READ,)),
    ("answers", "Answers", "staff.client_answers", (Permission.HEALTH_READ,)),
    ("plan", "Plan", "staff.client_plan", (Permission.HEALTH_READ,)),
    ("scores", "Scores", "staff.client_scores", (Permission.HEALTH_READ,)),
    ("documents", "Documents", "staff.client_documents", (Permission.HEALTH_READ,)),
    ("documents", "Documents", "staff.add_document", (Permission.CALENDAR_WRITE,)),
    ("messages", "Messages", "staff.client_messages", (Permission.MESSAGES_READ,)),
    ("record", "Details", "staff.client_record", (Permission.CONTACTS_READ,)),
    ("consents", "Consents", "staff.client_consents", (Permission.CONTACTS_READ,)),
    ("access", "Access", "staff.client_access", (Permission.AUDIT_READ, Permission.HEALTH_READ)),
)
"""Each tab with its words, its page, and the permissions of which one is needed to see it; of two with one name, the first that is open."""
LATEST = 20
"""How many lines of each kind the overview's timeline reads, and how many it shows in all."""


@dataclass(frozen=True, kw_only=True)
class TimelineLine:
    """What happened or is to come at one moment: a visit, a message, or something clinical; the others are None."""

    at: datetime
    visit: Appointment | None = None
    event: ClinicalEvent | None = None
    message: MessageLine | None = None


@dataclass(frozen=True, kw_only=True)
class FileHead:
    """What stands above every tab."""

    person: Client
    known: Caller
    age: int | None
    is_own: bool
    """Whether the reader may open the clinical tabs now."""
    may_move: bool


def head_of(client_id: UUID, now: datetime) -> FileHead:
    """The head of a file. Raises NotFound for a record that was erased or joined to another."""
    person = client_search.client(client_id)
    known = client_search.caller_of(person, now)
    return FileHead(
        person=person,
        known=known,
        age=_age(person.birth_on, today(now)),
        is_own=may(Permission.HEALTH_READ) and plans.treats(desk.user().id, client_id, now),
        may_move=known.next is not None and move.can_move(known.next, now) and may(Permission.CALENDAR_WRITE),
    )


def page(tab: str, head: FileHead, *, template: str | None = None, **shown: object) -> str:
    """A tab of the file; days of the record are days of the practice's first place."""
    return render_template(
        f"staff/clients/file/{template or tab}.html",
        here="clients",
        tab=tab,
        tabs=_tabs(tab, head),
        head=head,
        person=head.person,
        LANGUAGES=language.NAMES,
        place_zone=practice_zone(clock.now()),
        **shown,
    )


def _tabs(tab: str, head: FileHead) -> list[tuple[str, str, bool, None]]:
    """As the row of tabs takes them, those that the reader may see."""
    endpoints: dict[str, tuple[str, str]] = {}
    for name, words, endpoint, needed in TABS:
        if any(may(one) for one in needed):
            endpoints.setdefault(name, (words, endpoint))
    return [
        (words, url_for(endpoint, client_id=head.person.id), name == tab, None)
        for name, (words, endpoint) in endpoints.items()
    ]


def _age(birth_on: date | None, on: date) -> int | None:
    if birth_on is None:
        return None
    return on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day))


@blueprint.get("/clients/<uuid:client_id>", endpoint="client")
@audience(staff, Permission.CONTACTS_READ)
def overview(client_id: UUID) -> ResponseReturnValue:
    """What matters now, and what happened: visits, messages and, for a therapist of this client, decisions and scores."""
    now = clock.now()
    person = db.session.get(Client, client_id)
    if person is not None and person.merged_into_id is not None:
        return redirect(url_for("staff.client", client_id=person.merged_into_id), 303)
    head = head_of(client_id, now)
    around = head.known.next or head.known.last
    asks_about = _asks_about(head, now)
    user = desk.user()
    # Rendered before the commit, which would make the visits of the head be read once more.
    with transaction():
        happened = client_history.events(client_id, by=user, now=now) if head.is_own else []
        return page(
            "overview",
            head,
            care=care_summary.care_of(around, by=user, now=now) if head.is_own and around else None,
            panel=_panel(head, now) if head.is_own else None,
            asks_about=asks_about if may(Permission.CALENDAR_WRITE) else None,
            asks_now=asks_about is not None and score_sheets.is_around(asks_about, now),
            is_over=asks_about is not None and asks_about.state in CAME,
            scores_asked_at=score_sheets.asked_by_letter_at(client_id, now),
            timeline=_timeline(client_id, happened, now),
        )


def _timeline(client_id: UUID, happened: Sequence[ClinicalEvent], now: datetime) -> list[TimelineLine]:
    """The newest of all that this reader may see, what is to come first."""
    told = (
        messages.page(now, MessageFilter(client_id=client_id)).lines if may(Permission.MESSAGES_READ) else ()
    )
    lines = [
        *(TimelineLine(at=one.starts_at, visit=one) for one in booking.visits_of(client_id, limit=LATEST)),
        *(TimelineLine(at=one.at, event=one) for one in happened),
        *(TimelineLine(at=one.at, message=one) for one in told[:LATEST]),
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:LATEST]


def _asks_about(head: FileHead, now: datetime) -> Appointment | None:
    """The visit that scores are asked about: the one that is near, or the last, or before the first the one to come."""
    following = head.known.next
    if following is not None and score_sheets.is_around(following, now):
        return following
    return head.known.last or following


def _panel(head: FileHead, now: datetime) -> progress.ProgressPanel | None:
    """The line through the course at the last session; before the first, at the one to come."""
    visit = head.known.last or head.known.next
    return progress.panel(visit, reader=desk.user(), now=now) if visit is not None else None


@blueprint.get("/clients/<uuid:client_id>/visits", endpoint="client_visits")
@audience(staff, Permission.CALENDAR_READ)
def visits(client_id: UUID) -> ResponseReturnValue:
    """Every visit, the newest first, also those that did not take place."""
    head = head_of(client_id, clock.now())
    found = booking.visits_of(client_id)
    return page("visits", head, visits=found, may_move=lambda visit: move.can_move(visit, clock.now()))


@blueprint.get("/clients/<uuid:client_id>/messages", endpoint="client_messages")
@audience(staff, Permission.MESSAGES_READ)
def of_client(client_id: UUID) -> ResponseReturnValue:
    """What was written to the client, and how each message ended."""
    now = clock.now()
    head = head_of(client_id, now)
    found = messages.page(now, MessageFilter(client_id=client_id), before=_id("before"), after=_id("after"))
    return page("messages", head, found=found)


def _id(name: str) -> UUID | None:
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None
