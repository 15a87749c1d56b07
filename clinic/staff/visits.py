"""One visit: its page, and what the desk does with it during the day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.models import Contact, User
from clinic.accounts.permissions import Permission
from clinic.booking import attendance, changes, coming, request_decisions
from clinic.booking import desk as booking_desk
from clinic.booking.models import CAME, Appointment, State
from clinic.booking.placing import SlotTaken
from clinic.booking.states import NotNow, ShownRevision
from clinic.booking.suitability import NotSuitable
from clinic.db import transaction
from clinic.intake import documents
from clinic.messaging import queries as messages
from clinic.messaging.queries import MessageFilter
from clinic.plans import (
    before_visit,
    care_summary,
    check_ins,
    incidents,
    look_backs,
    preparation,
    score_sheets,
)
from clinic.plans import queries as plans
from clinic.plans.models import Incident
from clinic.refusal import Refusal, Stale
from clinic.scheduling import hours
from clinic.staff import arrival, day, desk
from clinic.staff.blueprint import blueprint
from clinic.staff.booking import choices, move, obstacles, repeat
from clinic.staff.clinical import before, progress, visit_fits
from clinic.staff.clinical.incidents import KINDS as INCIDENT_KINDS
from clinic.staff.clinical.look_backs import PROPOSED
from clinic.staff.day import DayVisit
from clinic.staff.forms import CheckInSeenForm
from clinic.web.access import actor, audience, may, staff


class DecideInReview(Refusal):
    """The request's answers wait in a review."""

    code = "decide-in-review"
    sentence = "This request came with answers. Please decide it in its review."


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something that can be done with a visit now: a link, or a form that is posted with how the visit was shown."""

    text: str
    href: str | None = None
    post: str | None = None
    style: str = "plain"
    """`""` filled, `second` outlined, `plain`."""
    fields: Mapping[str, str] = field(default_factory=dict)


def acts(visit: DayVisit) -> tuple[Act, ...]:
    """At most two actions for a visit in a list, most likely first, and only those the signed-in person may do."""
    appointment = visit.appointment
    found: list[Act] = []
    if appointment.state == State.REQUESTED and visit.is_own and may(Permission.REVIEW_DECIDE):
        found.append(
            Act(text="Decide", href=url_for("staff.visit", appointment_id=appointment.id), style="second")
        )
    if (
        appointment.state == State.BOOKED
        and _has_come(appointment, clock.now())
        and may(Permission.CALENDAR_WRITE)
    ):
        found.append(_posted("Arrived", "staff.arrived", appointment))
        if appointment.starts_at <= clock.now():
            found.append(_posted("Did not come", "staff.missed", appointment))
    if visit.is_own and may(Permission.NOTE_WRITE) and not visit.is_signed:
        note = url_for("staff.note", appointment_id=appointment.id)
        if appointment.state == State.ARRIVED:
            found.append(Act(text="Write note", href=note, style="second"))
        elif appointment.state == State.DONE:
            found.append(Act(text="Finish note" if visit.note else "Write note", href=note, style="second"))
    return tuple(found[:2])


def _posted(text: str, endpoint: str, appointment: Appointment) -> Act:
    return Act(
        text=text, post=url_for(endpoint, appointment_id=appointment.id), fields=shown_fields(appointment)
    )


def _a_message_failed(appointment: Appointment, now: datetime) -> bool:
    """Whether the client of a visit to come did not get a message about it, and staff may read about messages."""
    return (
        may(Permission.MESSAGES_READ)
        and appointment.starts_at > now
        and bool(messages.not_delivered([appointment.id]))
    )


@blueprint.get("/appointments/<uuid:appointment_id>", endpoint="visit")
@audience(staff, Permission.CALENDAR_READ)
def visit(appointment_id: UUID) -> ResponseReturnValue:
    """One visit: time, place, how to reach the client, and what can be done."""
    return _page(appointment_id)


def _page(appointment_id: UUID, refusal: str | None = None) -> str:
    """The visit's present state; `refusal` says why an action was not done."""
    now = clock.now()
    user = desk.user()
    appointment = desk.visit(appointment_id)
    client_id = desk.client_id_of(appointment)
    with transaction():
        seen = day.one(appointment, reader=user, now=now)
        is_own = seen.is_own
        panel = progress.panel(appointment, reader=user, now=now) if is_own else None
        answered = check_ins.after(appointment, by=user, now=now) if is_own else []
        today = arrival.today(appointment, reader=user, now=now) if is_own else None
        care = care_summary.care_of(appointment, by=user, now=now) if is_own else None
        last_note = before.last_note(appointment, by=user, now=now) if is_own else None
        newest = plans.newest_review(client_id) if is_own else None
        said = before.said_at_review(newest, by=user, now=now)
        since = before.answered_since(appointment, by=user, now=now) if is_own else None
        fit = visit_fits.fit_of(appointment, reader=user, now=now) if is_own else None
        happened = _incidents(appointment, user, now) if is_own and may(Permission.NOTE_WRITE) else None
    review = plans.review_of(appointment.id) if is_own else None
    return render_template(
        "staff/visit.html",
        here="calendar",
        appointment=appointment,
        refusal=refusal,
        message_failed=_a_message_failed(appointment, now),
        shown=shown_fields(appointment),
        seen=seen,
        record=review or (plans.newest_review(client_id) if is_own else None),
        waivers=[(obstacles.named(one.rules), one.reason) for one in booking_desk.waivers_of(appointment.id)],
        book_again=choices.book_again_address(appointment),
        is_untold=changes.is_untold(appointment),
        may_move=move.can_move(appointment, now) and may(Permission.CALENDAR_WRITE),
        contacts=_contacts(appointment) if may(Permission.CONTACTS_READ) else [],
        messages=messages.page(now, MessageFilter(visit_id=appointment.id)).lines[:8]
        if may(Permission.MESSAGES_READ)
        else [],
        review=review,
        is_own=is_own,
        fit=fit,
        care=care,
        last_note=last_note,
        since=since,
        said_at_review=said,
        panel=panel,
        documents=documents.of_client(client_id) if is_own else [],
        today=today,
        prepared=preparation.progress_of(appointment, now),
        may_hand_over=is_own and may(Permission.NOTE_WRITE),
        asks_today=before_visit.is_open(appointment, now) and may(Permission.CALENDAR_WRITE),
        scores_asked_at=score_sheets.asked_by_letter_at(client_id, now),
        asks_scores=may(Permission.CALENDAR_WRITE) and appointment.state in (State.BOOKED, *CAME),
        is_over=appointment.state in CAME,
        check_ins=answered,
        seen_form=CheckInSeenForm(formdata=None),
        proposed=PROPOSED[panel.progress.proposal.step.value] if panel else None,
        may_look_back=panel is not None
        and may(Permission.REVIEW_DECIDE)
        and appointment.state in look_backs.LOOKED_BACK_AT,
        may_ask_to_open=may(Permission.HEALTH_READ) and not is_own,
        may_decide=is_own and may(Permission.REVIEW_DECIDE) and appointment.state == State.REQUESTED,
        may_note_coming=_is_cancellable(appointment, now)
        and appointment.state == State.BOOKED
        and not appointment.is_coming
        and may(Permission.CALENDAR_WRITE),
        may_arrive=appointment.state == State.BOOKED
        and _has_come(appointment, now)
        and may(Permission.CALENDAR_WRITE),
        may_miss=appointment.state == State.BOOKED
        and appointment.starts_at <= now
        and may(Permission.CALENDAR_WRITE),
        may_cancel=_is_cancellable(appointment, now)
        and not (is_own and may(Permission.REVIEW_DECIDE) and appointment.state == State.REQUESTED)
        and may(Permission.CALENDAR_WRITE),
        repeats=_repeats(appointment, now),
        happened=happened,
        INCIDENT_KINDS=INCIDENT_KINDS,
        may_record=happened is not None and incidents.can_record(appointment, now),
        may_note=is_own
        and may(Permission.NOTE_WRITE)
        and appointment.state in (State.ARRIVED, State.DONE, State.BOOKED),
    )


def _incidents(
    appointment: Appointment, user: User, now: datetime
) -> list[tuple[Incident, incidents.IncidentContent]]:
    """The visit's incidents, read and recorded."""
    found = incidents.of_visit(appointment.id)
    return list(zip(found, incidents.open_content(found, by=user, now=now), strict=True))


def _repeats(appointment: Appointment, now: datetime) -> tuple[int, int] | None:
    """The initial interval and number for repeating a visit that was just booked; None on any other page."""
    can_be = appointment.state == State.BOOKED and appointment.treatment.retired_at is None
    is_asked = request.args.get("just") == "booked" and can_be and appointment.series_id is None
    return repeat.repeats(appointment) if is_asked and may(Permission.CALENDAR_WRITE) else None


def _has_come(appointment: Appointment, now: datetime) -> bool:
    """Whether the day of the visit has come, at its location."""
    zone = ZoneInfo(appointment.zone)
    return hours.local_day(appointment.starts_at, zone) <= hours.local_day(now, zone)


def _contacts(appointment: Appointment) -> list[Contact]:
    client = appointment.client
    return [] if client is None else list(client.contacts)


def _is_cancellable(appointment: Appointment, now: datetime) -> bool:
    return appointment.state in (State.BOOKED, State.REQUESTED) and appointment.starts_at > now


Verb = Callable[..., Appointment]


def _act(
    appointment_id: UUID, verb: Verb, say: Callable[[Appointment], None], fallback: str
) -> ResponseReturnValue:
    """Do what a page asked, if the visit is still as that page showed it; otherwise show its present state."""
    try:
        with transaction():
            done = verb(appointment_id, actor=actor(), now=clock.now(), shown=shown_revision())
    except (Stale, NotNow, NotSuitable) as refusal:
        return _page(appointment_id, refusal.sentence), refusal.status
    say(done)
    return desk.back_to(fallback)


@blueprint.post("/appointments/<uuid:appointment_id>/arrived", endpoint="arrived")
@audience(staff, Permission.CALENDAR_WRITE)
def arrived(appointment_id: UUID) -> ResponseReturnValue:
    """The client is here: what they have answered so far for this visit joins their record."""
    desk.visit(appointment_id)
    return _act(appointment_id, attendance.arrive, _say_arrived, url_for("staff.today"))


@blueprint.post("/appointments/<uuid:appointment_id>/missed", endpoint="missed")
@audience(staff, Permission.CALENDAR_WRITE)
def missed(appointment_id: UUID) -> ResponseReturnValue:
    """The client did not come."""
    desk.visit(appointment_id)
    return _act(
        appointment_id,
        attendance.mark_missed,
        lambda done: _say_undoable(f"Noted: {_first_name(done)} did not come.", done),
        url_for("staff.today"),
    )


@blueprint.post("/appointments/<uuid:appointment_id>/coming", endpoint="coming")
@audience(staff, Permission.CALENDAR_WRITE)
def note_coming(appointment_id: UUID) -> ResponseReturnValue:
    """Note that the client said, on the telephone or at the desk, that they come."""
    visit = desk.visit(appointment_id)
    own_page = url_for("staff.visit", appointment_id=appointment_id)
    try:
        with transaction():
            coming.say(visit.id, revision=_revision(), actor=actor(), now=clock.now())
    except (Stale, NotNow) as refusal:
        return _page(appointment_id, refusal.sentence), refusal.status
    desk.say(f"Noted: {_first_name(visit)} comes.")
    return desk.back_to(own_page)


def _say_arrived(appointment: Appointment) -> None:
    # After the commit: raising a level locks calendars, which arriving has locked too, in the other order.
    with transaction():
        preparation.hand_in(appointment.id, clock.now())
    _say_undoable(f"{_first_name(appointment)} is here.", appointment)


def _say_undoable(text: str, appointment: Appointment) -> None:
    # Taking it back leads to the page on which it was pressed.
    back = desk.staff_path(request.form.get("back")) or ""
    desk.say(text, undo=desk.undo_address(appointment), fields={**shown_fields(appointment), "back": back})


@blueprint.post("/appointments/<uuid:appointment_id>/undo", endpoint="undo")
@audience(staff, Permission.CALENDAR_WRITE)
def undo(appointment_id: UUID) -> ResponseReturnValue:
    """Undo an arrival, a missed mark, or, within two minutes, a cancellation or move."""
    appointment = desk.visit(appointment_id)
    own_page = url_for("staff.visit", appointment_id=appointment_id)
    if appointment.state in (State.ARRIVED, State.MISSED):
        return _act(appointment_id, attendance.unarrive, lambda _: desk.say("Taken back."), own_page)
    try:
        with transaction():
            changes.undo(appointment.id, revision=_revision(), actor=actor(), now=clock.now())
    except (Stale, changes.UndoOver, changes.NobodyThere) as refusal:
        return _page(appointment_id, refusal.sentence), refusal.status
    except SlotTaken as taken:
        return _page(
            appointment_id, "The old time is no longer free, so this cannot be taken back."
        ), taken.status
    desk.say("Taken back.")
    return desk.back_to(own_page)


@blueprint.get("/appointments/<uuid:appointment_id>/cancel", endpoint="cancel")
@audience(staff, Permission.CALENDAR_WRITE)
def ask_to_cancel(appointment_id: UUID) -> ResponseReturnValue:
    """Ask before a visit is cancelled; GET changes nothing."""
    appointment = desk.visit(appointment_id)
    if not _is_cancellable(appointment, clock.now()):
        raise NotNow
    return render_template("staff/cancel.html", here="calendar", appointment=appointment)


@blueprint.post("/appointments/<uuid:appointment_id>/cancel", endpoint="cancelled")
@audience(staff, Permission.CALENDAR_WRITE)
def cancelled(appointment_id: UUID) -> ResponseReturnValue:
    """Cancel a visit for the client or the practice."""
    appointment = desk.visit(appointment_id)
    with transaction():
        changes.cancel(appointment.id, revision=_revision(), actor=actor(), now=clock.now(), reason="staff")
    desk.say(
        f"The visit of {_first_name(appointment)} is cancelled.",
        undo=desk.undo_address(appointment),
        fields={"revision": str(appointment.revision)},
    )
    return redirect(url_for("staff.visit", appointment_id=appointment_id), 303)


@blueprint.post("/appointments/<uuid:appointment_id>/confirm", endpoint="confirm")
@audience(staff, Permission.REVIEW_DECIDE)
def confirm(appointment_id: UUID) -> ResponseReturnValue:
    """Turn a request that has no open review into a booking."""
    return _decide(appointment_id, request_decisions.confirm, "Confirmed. A letter tells the client.")


@blueprint.route("/appointments/<uuid:appointment_id>/decline", methods=["GET", "POST"], endpoint="decline")
@audience(staff, Permission.REVIEW_DECIDE)
def decline(appointment_id: UUID) -> ResponseReturnValue:
    """Decline a request that has no open review; after a question, because it cannot be undone."""
    if request.method == "POST":
        return _decide(appointment_id, request_decisions.decline, "Declined. A letter tells the client.")
    appointment = _request_to_decide(appointment_id)
    if appointment.state != State.REQUESTED:
        raise NotNow
    return render_template(
        "staff/visits/decline.html", here="calendar", appointment=appointment, shown=shown_fields(appointment)
    )


def _decide(appointment_id: UUID, verb: Verb, sentence: str) -> ResponseReturnValue:
    _request_to_decide(appointment_id)
    own_page = url_for("staff.visit", appointment_id=appointment_id)
    return _act(appointment_id, verb, lambda _: desk.say(sentence), own_page)


def _request_to_decide(appointment_id: UUID) -> Appointment:
    """The request of an own client; one under review is decided there, so that nobody confirms past the answers."""
    appointment = desk.visit(appointment_id)
    desk.require_own(desk.client_id_of(appointment), clock.now())
    review = plans.review_of(appointment_id)
    if review is not None and review.decided_at is None:
        raise DecideInReview
    return appointment


def shown_fields(appointment: Appointment) -> dict[str, str]:
    """Hidden fields that prevent acting on a visit that has changed meanwhile."""
    return {"revision": str(appointment.revision), "state": appointment.state}


def shown_revision() -> ShownRevision:
    """How the page that was sent showed the visit (`shown_fields`)."""
    return ShownRevision(_revision(), request.form.get("state", ""))


def _revision() -> int:
    """The revision on the form's page; anything but a number counts as outdated."""
    sent = request.form.get("revision", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else -1


def _first_name(appointment: Appointment) -> str:
    return appointment.client.first_name if appointment.client else "The client"
