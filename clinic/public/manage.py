"""The page of one appointment, at one permanent URL: see, move, cancel, keep, undo.

The URL gives access to time, location, therapist and price; it shows no health data, telephone number or family name.
GET changes nothing. Each act sends the revision of its page; an outdated page changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, limits, signed_links
from clinic.booking import admission, barring, changes, past_visits, same_person, states, trained_therapists
from clinic.booking import queries as appointments
from clinic.booking.calendar_file import Method, serialise
from clinic.booking.models import Appointment, State
from clinic.booking.placing import NotOffered, supply_as_agreed
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.suitability import OtherTherapist
from clinic.booking.waiting import entries
from clinic.booking.waiting import queries as waiting_list
from clinic.db import transaction
from clinic.intake import queries as intake
from clinic.language import N_, gettext
from clinic.messaging import queries as messages
from clinic.messaging.kinds.reminders import to_come
from clinic.plans import before_visit, courses, to_book, wanted_first
from clinic.plans.preparation import progress_of
from clinic.practice import queries as practice
from clinic.practice.supply import Supply, supply_of
from clinic.public import preparation
from clinic.public.forms import RevisionForm
from clinic.refusal import NotFound, Refusal, Stale
from clinic.web import languages, refusal_page, slot_picker, time_values, visit_facts
from clinic.web.access import anyone, audience
from clinic.web.calendar_links import calendar_links
from clinic.web.signed_in_client import signed_in_client_id
from clinic.web.slot_picker import SlotChoice

blueprint = Blueprint("appointment", __name__, url_prefix="/a")

TOO_SOON = N_("Please call us: this time is too soon after what you told us about your health today.")


class TooSoon(Refusal):
    """The answers allow a visit only later; a link reveals no more than that."""

    code = "too-soon"
    sentence = N_("This time is too soon after what you told us. Please choose a later one, or call us.")


class NobodyElse(Refusal):
    """Nobody can be offered for this visit; a link reveals no more than that."""

    code = "nobody-else"
    sentence = N_(
        "We cannot offer you another time online. Your appointment stays as it is; please call us to move it."
    )


@blueprint.get("/<token>")
@audience(anyone)
def manage(token: str) -> str:
    """The appointment's state, and what can be done with it."""
    return _page(_appointment(token), token)


@blueprint.get("/<token>/done")
@audience(anyone)
def done(token: str) -> ResponseReturnValue:
    """Right after booking: the reference, the calendar file and what happens next."""
    visit = _appointment(token)
    if visit.state not in (State.BOOKED, State.REQUESTED) or past_visits.is_long_past(visit, clock.now()):
        return redirect(url_for(".manage", token=token), 303)
    reminders = to_come(visit, clock.now())
    return render_template(
        "public/done.html",
        visit=visit,
        token=token,
        reminders=reminders,
        agreed=visit_facts.facts_of_visit(visit, practice.the_practice(), clock.now()),
        **_preparation(visit, clock.now()),
        calendars=calendar_links(visit, practice.the_practice()),
        reaches=messages.reaches_by_mail(visit.id),
        course=_course(visit) if signed_in_client_id() == visit.client_id else None,
    )


@dataclass(frozen=True, kw_only=True)
class CourseLeft:
    """A course of the client as bones, and how many of its sessions are left to book."""

    total: int
    done: int
    gates: frozenset[int]
    left: int


def _course(visit: Appointment) -> CourseLeft | None:
    """What is left of a decided course, for its signed-in client only: the page's URL alone tells nothing of a course."""
    left = to_book.left_to_book(visit.client_id) if visit.client_id else None
    if left is None or visit.treatment.retired_at is not None:
        return None
    (found,) = courses.courses_of([left.plan.id])
    done = sum(starts_at < clock.now() for _, starts_at in found.visits)
    return CourseLeft(total=left.plan.sessions, done=done, gates=found.look_backs, left=left.sessions)


@blueprint.get("/<token>/visit.ics")
@audience(anyone)
def calendar(token: str) -> Response:
    """The appointment as a calendar file, for as long as its page says when it is."""
    visit = _appointment(token)
    if past_visits.is_long_past(visit, clock.now()):
        raise NotFound
    content = serialise([visit], practice.the_practice(), method=Method.PUBLISH, now=clock.now())
    return Response(
        content,
        mimetype="text/calendar",
        headers={"Content-Disposition": f'attachment; filename="{visit.reference}.ics"'},
    )


@blueprint.get("/<token>/cancel")
@audience(anyone)
def ask_cancel(token: str) -> ResponseReturnValue:
    """What cancelling means, with *Keep appointment* beside it."""
    visit = _appointment(token)
    if not _open(visit, clock.now()):
        return redirect(url_for(".manage", token=token), 303)
    return render_template(
        "public/cancel.html", visit=visit, token=token, free_until=states.free_until(visit)
    )


@blueprint.post("/<token>/cancel")
@audience(anyone)
def cancel(token: str) -> ResponseReturnValue:
    """Cancel; for two minutes the page offers to undo it."""
    return _act(
        token,
        lambda visit, revision, actor, now: changes.cancel(visit.id, revision=revision, actor=actor, now=now),
        N_("Your appointment is cancelled."),
    )


@blueprint.post("/<token>/undo")
@audience(anyone)
def undo(token: str) -> ResponseReturnValue:
    """Undo the last move or cancellation."""
    try:
        return _act(
            token,
            lambda visit, revision, actor, now: changes.undo(
                visit.id, revision=revision, actor=actor, now=now
            ),
            N_("Taken back. Your appointment stands as before."),
        )
    except NotOffered as taken:
        text = gettext("The old time is no longer free, so this cannot be taken back.")
        if isinstance(taken, changes.NobodyThere):
            text = gettext(taken.sentence)
        return _page(_appointment(token), token, refusal=text), taken.status
    except admission.NotCleared as stop:
        return _page(_appointment(token), token, refusal=gettext(TOO_SOON)), stop.status


@blueprint.get("/<token>/move")
@audience(anyone)
def choose(token: str) -> ResponseReturnValue:
    """Other times for this appointment."""
    visit, now = _appointment(token), clock.now()
    if not _open(visit, now):
        return redirect(url_for(".manage", token=token), 303)
    return _move_page(visit, token, now)


@blueprint.post("/<token>/move")
@audience(anyone)
def move(token: str) -> ResponseReturnValue:
    """Move to the chosen time; the old one is released in the same step."""
    visit, now = _appointment(token), clock.now()
    starts_at, therapist_id = time_values.read_value(request.form.get("start", ""))
    try:
        return _act(
            token,
            lambda found, revision, actor, at: changes.move(
                found.id,
                starts_at,
                therapist_id=therapist_id,
                location_id=found.location_id,
                revision=revision,
                actor=actor,
                now=at,
            ),
            N_("Your appointment has a new time."),
        )
    except (NotOffered, OtherTherapist) as gone:
        return _move_page(visit, token, now, gone=gone, wanted=starts_at), gone.status
    except admission.NotCleared as stop:
        if _not_before(visit, now) is None:
            flash(gettext(TOO_SOON), "caution")
            return redirect(url_for(".manage", token=token), 303)
        return _move_page(visit, token, now, gone=TooSoon(), wanted=starts_at), stop.status


Deed = Callable[[Appointment, int, str, datetime], Appointment]


def _act(token: str, deed: Deed, sentence: str) -> ResponseReturnValue:
    """Do something to the appointment of a manage link and return to its page."""
    visit, now = _appointment(token), clock.now()
    try:
        limits.take(limits.CHANGES_LINK, str(visit.id), now)
        with transaction():
            changed = deed(visit, _revision(), audit.by_link(visit.id), now)
    except (Stale, states.NotNow, changes.UndoOver, limits.TooMany) as refusal:
        page = _page(_appointment(token), token, refusal=gettext(refusal.sentence))
        return refusal_page.answer(page, refusal)
    flash(gettext(sentence), "ok")
    return redirect(signed_links.manage_path(changed.id, changed.link_epoch), 303)


def _revision() -> int:
    """The revision the page was made from; anything but a number counts as outdated."""
    form = RevisionForm()
    try:
        return int(form.revision.data or "")
    except ValueError:
        raise Stale from None


def _appointment(token: str) -> Appointment:
    """The appointment of a manage link, in its client's language."""
    visit = appointments.by_manage_token(token)
    languages.speak_to(visit.client)
    return visit


def _open(visit: Appointment, now: datetime) -> bool:
    return visit.state in (State.BOOKED, State.REQUESTED) and visit.starts_at > now


def _page(visit: Appointment, token: str, *, refusal: str | None = None) -> str:
    now = clock.now()
    if past_visits.is_long_past(visit, now):
        return render_template("public/past.html", days=past_visits.PAGE_KEPT.days)
    return render_template(
        "public/manage.html",
        visit=visit,
        token=token,
        calendars=calendar_links(visit, practice.the_practice()),
        is_open=_open(visit, now),
        can_undo=changes.can_undo(visit, "client", now),
        free_until=states.free_until(visit),
        agreed=visit_facts.facts_of_visit(visit, practice.the_practice(), now),
        refusal=refusal,
        safety_form=before_visit.form_path(visit, now),
        **_preparation(visit, now),
        wanted_first=wanted_first.wanted_first(visit),
        may_wait=entries.may_wait(visit, now),
        is_unreachable=_open(visit, now) and not messages.reaches_by_mail(visit.id),
        waits=waiting_list.earlier_than(visit.id) is not None if _open(visit, now) else None,
    )


def _preparation(visit: Appointment, now: datetime) -> dict[str, Any]:
    """How far the questions before a visit are, and where they are."""
    return {"preparation": progress_of(visit, now), "prepare": preparation.address(visit)}


def _supply(visit: Appointment, now: datetime) -> Supply:
    """The supply for the visit as agreed, without the times of the client's other visits; a link reveals nothing about
    other records.

    Therapists the client is barred from are left out, and those who lack a training, because the move would be refused.
    """
    supply = supply_as_agreed(supply_of(visit.treatment_id, retired_too=True), visit)
    supply = barring.shown_to(supply, visit.client_id)
    supply = trained_therapists.offered_to_client(supply, visit.client_id, now, visit.id)
    return same_person.avoiding(supply, visit.client_id, now, records=False, moving=[visit.id])


def _not_before(visit: Appointment, now: datetime) -> datetime | None:
    """From when the client's answers allow a visit; None if they do not postpone it."""
    return intake.safety_standing(
        browser=None, client_id=visit.client_id, now=now, zone=visit.zone
    ).not_before


def _move_page(
    visit: Appointment,
    token: str,
    now: datetime,
    *,
    gone: Refusal | None = None,
    wanted: datetime | None = None,
) -> str:
    choice = SlotChoice(
        search=SearchCriteria(
            visit.treatment_id,
            location_id=visit.location_id,
            own_therapist=visit.therapist_id,
            moving=(visit.id,),
        ),
        location=visit.location,
        therapists={person.id: person for person in visit.treatment.therapists},
        day=time_values.read_day(request.args.get("day")) or slot_picker.local_day_of(wanted, visit.location),
        start=time_values.read_day(request.args.get("from")),
        supply=_supply(visit, now),
        present=visit,
        is_every_time_shown=request.args.get("times") == slot_picker.EVERY,
        not_before=_not_before(visit, now),
    )

    asked = request.args.get("times") == slot_picker.EVERY

    def address(day: Any = None, start: Any = None, endpoint: str = ".choose", every: bool = asked) -> str:
        anchor = "times" if day and endpoint == ".choose" else None
        times = slot_picker.EVERY if every else None
        return url_for(endpoint, token=token, day=day, times=times, _anchor=anchor, **{"from": start})

    return render_template(
        "public/move.html",
        visit=visit,
        token=token,
        picker=slot_picker.picker(choice, visit.treatment.slug, address, now),
        action=address(request.args.get("day"), request.args.get("from"), ".move"),
        gone=gone or (None if choice.supply.therapists else NobodyElse()),
        nearest=slot_picker.nearest_times(choice, wanted, now) if gone and wanted else [],
        has_errors=gone is not None,
    )
