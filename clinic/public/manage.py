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
from clinic.booking import admission, changes, coming, past_visits, states
from clinic.booking import queries as appointments
from clinic.booking.calendar_file import Method, serialise
from clinic.booking.models import Appointment, State
from clinic.booking.placing import NotOffered
from clinic.booking.suitability import OtherTherapist
from clinic.booking.waiting import entries
from clinic.booking.waiting import queries as waiting_list
from clinic.db import transaction
from clinic.language import N_, gettext
from clinic.messaging import queries as messages
from clinic.messaging.kinds.reminders import texts_to_come, to_come
from clinic.plans import before_visit, courses, to_book, wanted_first
from clinic.plans.preparation import progress_of
from clinic.practice import queries as practice
from clinic.public import move_page, preparation, proposed_course
from clinic.public.forms import RevisionForm
from clinic.refusal import NotFound, Stale
from clinic.web import languages, refusal_page, time_values, visit_facts
from clinic.web.access import anyone, audience
from clinic.web.calendar_links import calendar_links
from clinic.web.signed_in_client import signed_in_client_id

blueprint = Blueprint("appointment", __name__, url_prefix="/a")

TOO_SOON = N_("Please call us: this time is too soon after what you told us about your health today.")


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
    is_theirs = signed_in_client_id() == visit.client_id
    decided = _course(visit) if is_theirs else None
    with transaction():
        proposal = None if decided else proposed_course.proposed(visit, clock.now())
    return render_template(
        "public/done.html",
        visit=visit,
        token=token,
        reminders=_reminders(visit, clock.now()),
        agreed=visit_facts.facts_of_visit(visit, practice.the_practice(), clock.now()),
        **_preparation(visit, clock.now()),
        calendars=calendar_links(visit, practice.the_practice()),
        reaches=messages.reaches_by_mail(visit.id),
        course=decided,
        proposal=proposal,
    )


def _reminders(visit: Appointment, now: datetime) -> list[tuple[datetime, str]]:
    """When a reminder will go and by which way, earliest first, from what sends them."""
    mails, texts = to_come(visit, now), texts_to_come(visit, now)
    both = gettext("A reminder by e-mail and by text message.")
    words = {at: gettext("A reminder by text message.") for at in texts}
    words |= {at: both if at in texts else gettext("A reminder by e-mail.") for at in mails}
    return sorted(words.items())


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
        of_request=N_("Your request is withdrawn."),
    )


@blueprint.post("/<token>/coming")
@audience(anyone)
def come(token: str) -> ResponseReturnValue:
    """Say that the client comes at the time the page showed; a second press changes nothing."""
    return _act(
        token,
        lambda visit, revision, actor, now: coming.say(visit.id, revision=revision, actor=actor, now=now),
        N_("Thank you. We know that you are coming."),
    )


@blueprint.post("/<token>/coming/take-back")
@audience(anyone)
def take_back_coming(token: str) -> ResponseReturnValue:
    """Take back that the client comes, if that was said too soon or by mistake; the visit stands."""
    return _act(
        token,
        lambda visit, revision, actor, now: coming.take_back(
            visit.id, revision=revision, actor=actor, now=now
        ),
        N_("Taken back. Your appointment stands as before."),
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
            of_request=N_("Taken back. Your request stands as before."),
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
    return move_page.render(visit, token, now)


@blueprint.post("/<token>/move")
@audience(anyone)
def move(token: str) -> ResponseReturnValue:
    """Ask whether the chosen time is meant; then move to it, and release the old one in the same step."""
    visit, now = _appointment(token), clock.now()
    starts_at, therapist_id = time_values.read_value(request.form.get("start", ""))
    if request.form.get("sure") != "yes" and _open(visit, now):
        return move_page.render_question(visit, token, starts_at, therapist_id)
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
            of_request=N_("Your request has a new time."),
        )
    except (NotOffered, OtherTherapist) as gone:
        return move_page.render(visit, token, now, gone=gone, wanted=starts_at), gone.status
    except admission.NotCleared as stop:
        if move_page.not_before(visit, now) is None:
            flash(gettext(TOO_SOON), "caution")
            return redirect(url_for(".manage", token=token), 303)
        return move_page.render(visit, token, now, gone=move_page.TooSoon(), wanted=starts_at), stop.status


Deed = Callable[[Appointment, int, str, datetime], Appointment]


def _act(token: str, deed: Deed, sentence: str, *, of_request: str = "") -> ResponseReturnValue:
    """Do something to the appointment of a manage link and return to its page, which says `sentence`, or `of_request` if
    nothing is booked yet."""
    visit, now = _appointment(token), clock.now()
    try:
        limits.take(limits.CHANGES_LINK, str(visit.id), now)
        with transaction():
            changed = deed(visit, _revision(), audit.by_link(visit.id), now)
    except (Stale, states.NotNow, changes.UndoOver, limits.TooMany) as refusal:
        page = _page(_appointment(token), token, refusal=gettext(refusal.sentence))
        return refusal_page.answer(page, refusal)
    is_request = changed.state != State.BOOKED and changed.decide_by is not None
    flash(gettext(of_request if of_request and is_request else sentence), "ok")
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
        may_say_coming=coming.may_say(visit, now),
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
