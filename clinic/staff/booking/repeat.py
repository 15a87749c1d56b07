"""Repeating a visit: how often and how many times, then each session with what is available.

Everything is shown before anything is saved. The page's choices are sent back as shown; if one of the times is gone
meanwhile, nothing is saved, and the page comes back with that one marked.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import admission, idempotency
from clinic.booking.idempotency import StoredAnswer
from clinic.booking.models import Appointment
from clinic.booking.series import new_series
from clinic.booking.series.new_series import Lost, NoSeries, Order
from clinic.db import transaction
from clinic.plans import to_book
from clinic.practice import queries as practice
from clinic.practice.models import Therapist, Treatment
from clinic.refusal import NotFound, Refusal, Stale
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.booking import choices
from clinic.staff.booking.new import NotBookable
from clinic.web import form_keys, series_form
from clinic.web.access import actor, audience, staff
from clinic.web.browser import browser
from clinic.web.series_form import SessionRow

USUAL = 6


@blueprint.get("/appointments/<uuid:appointment_id>/series", endpoint="plan_series")
@audience(staff, Permission.CALENDAR_WRITE)
def plan_series(appointment_id: UUID) -> ResponseReturnValue:
    """Further sessions after a visit: of which treatment, how often and how many, then each with what is available."""
    visit, now = desk.visit(appointment_id), clock.now()
    if "count" not in request.args:
        return _plan_page(visit, [], now)
    if "on" not in request.args:
        return redirect(_from_the_visit_on(visit, now), 303)
    try:
        order, rhythm = _order(visit), series_form.rhythm()
    except Refusal as refusal:
        return _plan_page(visit, [], now, refusal=refusal), refusal.status
    rows = [
        series_form.row(one, _people(visit))
        for one in new_series.propose(order, rhythm, by_staff=True, now=now, client_id=visit.client_id)
    ]
    return _plan_page(visit, rows, now)


@blueprint.post("/appointments/<uuid:appointment_id>/series", endpoint="series_booked")
@audience(staff, Permission.CALENDAR_WRITE)
def book_series(appointment_id: UUID) -> ResponseReturnValue:
    """Book all that is chosen, or nothing."""
    visit, now = desk.visit(appointment_id), clock.now()
    order, rhythm = _order(visit), series_form.rhythm()
    chosen = series_form.chosen(rhythm.count)
    key = request.form.get("key", "")
    content: dict[str, object] = {
        "series_of": str(visit.id),
        "treatment": str(order.treatment_id),
        "chosen": sorted(chosen.items()),
    }
    if not key:
        raise Stale
    if (done := _done_before(key, content)) is not None:
        return done
    try:
        with transaction():
            client = visit.client
            if client is None:
                raise NotFound
            slots = [series_form.slot(value) for value in chosen.values()]
            made = new_series.book(order, slots, client=client, actor=actor(), now=now)
            to_book.give(client.id, new_series.members(made.id))
            idempotency.remember(browser(), key, content, StoredAnswer(303, made.id), now)
    except idempotency.AtTheSameTime:
        return _done_before(key, content) or redirect(url_for("staff.visit", appointment_id=visit.id), 303)
    except (Lost, NoSeries, new_series.LookFirst, admission.NotCleared, admission.GuardianNeeded) as refusal:
        if (done := _done_before(key, content)) is not None:
            return done
        said = NotBookable() if isinstance(refusal, admission.NotCleared) else refusal
        proposals = new_series.propose(order, rhythm, by_staff=True, now=now, client_id=visit.client_id)
        rows = series_form.rebuilt_rows(proposals, _people(visit), chosen, refusal)
        return _plan_page(visit, rows, now, refusal=said), said.status
    desk.say("The sessions are booked. One letter tells of all of them.")
    return _to_series(made.id)


def repeats(visit: Appointment) -> tuple[int, int]:
    """The initial interval in weeks and number of sessions: the course's, if there is one."""
    rest = to_book.left_to_book(visit.client_id) if visit.client_id else None
    return (rest.every_weeks, rest.sessions) if rest else (1, USUAL)


def _from_the_visit_on(visit: Appointment, now: datetime) -> str:
    """The URL of sessions at the visit's time of day and with its therapist, at the chosen interval."""
    every, count = request.args.get("every", ""), request.args["count"]
    weeks = int(every) if every in map(str, range(1, new_series.MOST_WEEKS_APART + 1)) else 1
    first, treatment = series_form.next_start(visit, weeks, now), _treatment(visit)
    return url_for(
        "staff.plan_series",
        appointment_id=visit.id,
        treatment=treatment.slug,
        every=weeks,
        count=count,
        on=first.date().isoformat(),
        at=first.strftime("%H:%M"),
        therapist=visit.therapist.slug if visit.therapist in treatment.therapists else "",
    )


def _plan_page(
    visit: Appointment,
    rows: Sequence[SessionRow],
    now: datetime,
    *,
    refusal: Refusal | None = None,
) -> str:
    rest = to_book.left_to_book(visit.client_id) if visit.client_id else None
    every, count = repeats(visit)
    first = series_form.next_start(visit, every, now)
    treatment = _treatment(visit)
    usual = visit.therapist.slug if visit.therapist in treatment.therapists else ""
    asked = {
        "treatment": treatment.slug,
        "every": request.args.get("every", str(every)),
        "count": request.args.get("count", str(count)),
        "on": request.args.get("on", first.date().isoformat()),
        "at": request.args.get("at", first.strftime("%H:%M")),
        "therapist": request.args.get("therapist", usual),
    }
    return render_template(
        "staff/booking/series/plan.html",
        here="calendar",
        visit=visit,
        treatment=treatment,
        treatments=_treatments(visit),
        rest=rest,
        asked=asked,
        most=new_series.MOST,
        most_apart=new_series.MOST_WEEKS_APART,
        rows=rows,
        query={name: request.args[name] for name in asked if name in request.args},
        key=request.form.get("key") or form_keys.new(),
        zone=visit.zone,
        refusal=refusal,
        has_errors=refusal is not None,
    )


def _treatments(visit: Appointment) -> list[Treatment]:
    """What can be booked after a visit: its own treatment, and all that is sold now."""
    sold = practice.treatments()
    return sold if visit.treatment in sold else [visit.treatment, *sold]


def _treatment(visit: Appointment) -> Treatment:
    """The treatment in the URL, by default the visit's own; raises NotFound."""
    return choices.named(_treatments(visit), request.args.get("treatment")) or visit.treatment


def _order(visit: Appointment) -> Order:
    treatment = _treatment(visit)
    people = dict.fromkeys((*treatment.therapists, *visit.treatment.therapists))
    therapist = choices.named(list(people), request.args.get("therapist"))
    return Order(
        treatment_id=treatment.id,
        location_id=visit.location_id,
        # Who gives the visit's treatment need not give another one: then anybody does.
        therapist_id=therapist.id if therapist in treatment.therapists else None,
    )


def _people(visit: Appointment) -> dict[UUID, Therapist]:
    return {one.id: one for one in _treatment(visit).therapists}


def _done_before(key: str, content: dict[str, object]) -> ResponseReturnValue | None:
    earlier = idempotency.earlier(browser(), key, content)
    return _to_series(earlier.subject_id) if earlier is not None and earlier.subject_id else None


def _to_series(series_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("staff.series", series_id=series_id), 303)
