"""Booking the rest of a client's course in one act: every session is shown with what is available before anything is
saved.

It continues from the client's last visit: the same treatment, location and, unless another is chosen, therapist, at the
course's planned intervals.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import limits
from clinic.accounts.models import Client
from clinic.booking import idempotency
from clinic.booking.barring import BarredOnline
from clinic.booking.idempotency import StoredAnswer
from clinic.booking.models import Appointment
from clinic.booking.online_booking import BookingClosed
from clinic.booking.refusals import NextStep, next_step
from clinic.booking.series import new_series
from clinic.booking.series.new_series import NoSeries, Order, Proposal, Rhythm
from clinic.db import transaction
from clinic.language import N_
from clinic.plans import courses, to_book
from clinic.plans.to_book import ToBook
from clinic.practice.models import Therapist
from clinic.refusal import NotFound, Refusal, Stale
from clinic.web import form_keys, refusal_page, series_form, time_values
from clinic.web.access import audience, client
from clinic.web.browser import browser
from clinic.web.series_form import SessionRow
from clinic.web.signed_in_client import client_of_page

QUESTIONS_FIRST = N_(
    "A few questions about your health come first. Your times are not kept meanwhile: choose them again afterwards, "
    "under My visits."
)

blueprint = Blueprint("course", __name__)


@dataclass(frozen=True, kw_only=True)
class Rest:
    """What is left of a course, its client, and the visit it continues from."""

    left: ToBook
    after: Appointment
    client: Client

    @property
    def people(self) -> dict[UUID, Therapist]:
        """Who gives the treatment."""
        return {person.id: person for person in self.after.treatment.therapists}


@blueprint.get("/my/course")
@audience(client)
def ask() -> ResponseReturnValue:
    """When the sessions should be; once that is chosen, each with what is available."""
    rest, now = _rest(), clock.now()
    if "on" not in request.args:
        return _page(rest, [])
    try:
        proposals = _proposals(rest, now)
    except (NoSeries, BookingClosed, BarredOnline) as refusal:
        return _page(rest, [], refusal=refusal), refusal.status
    return _page(rest, [series_form.row(one, rest.people) for one in proposals])


@blueprint.post("/my/course")
@audience(client)
def book() -> ResponseReturnValue:
    """Book all that is chosen, or nothing. The same form sent twice finds its own booking."""
    rest, now = _rest(of_form=True), clock.now()
    chosen, key = series_form.chosen(new_series.MOST), request.form.get("key", "")
    content: dict[str, object] = {"course": str(rest.client.id), "chosen": sorted(chosen.items())}
    if not key:
        raise Stale
    try:
        if (done := _done_before(key, content)) is not None:
            return done
        limits.take(limits.BOOKINGS_NETWORK, limits.network(request.remote_addr), now)
        with transaction():
            _book(rest, chosen.values(), now)
            idempotency.remember(browser(), key, content, StoredAnswer(303), now)
    except idempotency.OtherContent as other:
        flash(other.sentence, "caution")
        return redirect(url_for("portal.home"), 303)
    except Refusal as refusal:
        return _done_before(key, content) or _refused(rest, chosen, refusal, now)
    flash(N_("Your sessions are booked. One letter tells of all of them."), "ok")
    return redirect(url_for("portal.home"), 303)


def _refused(rest: Rest, chosen: Mapping[int, str], refusal: Refusal, now: datetime) -> ResponseReturnValue:
    step = next_step(refusal)
    if step is NextStep.EARLIER_BOOKING:
        return redirect(url_for("portal.home"), 303)
    if step is NextStep.HEALTH_QUESTIONS:
        flash(QUESTIONS_FIRST, "plain")
    if (first := refusal_page.to_first(step)) is not None:
        return first
    proposals = [] if step is NextStep.PHONE else _proposals(rest, now)
    rows = series_form.rebuilt_rows(proposals, rest.people, chosen, refusal)
    return refusal_page.answer(_page(rest, rows, refusal=refusal), refusal)


def _rest(*, of_form: bool = False) -> Rest:
    """What this client can still book of a course; raises NotFound if there is nothing.

    A repeated form may have booked it all: it gets its first answer.
    """
    person = client_of_page().record
    left, after = to_book.left_to_book(person.id), to_book.newest_visit(person.id)
    if after is None or after.treatment.retired_at is not None:
        raise NotFound
    if left is None:
        plan = courses.plan_of(person.id)
        if not of_form or plan is None:
            raise NotFound
        left = ToBook(plan=plan, sessions=0, every_weeks=1)
    return Rest(left=left, after=after, client=person)


def can_go_on(person: Client) -> ToBook | None:
    """What a client may book of a course on its page; None if there is no such page."""
    after = to_book.newest_visit(person.id)
    return (
        to_book.left_to_book(person.id) if after is not None and after.treatment.retired_at is None else None
    )


def _book(rest: Rest, values: Iterable[str], now: datetime) -> None:
    made = new_series.book(
        _order(rest),
        [series_form.slot(value) for value in values],
        client=rest.client,
        actor=client_of_page().actor,
        browser=browser(),
        now=now,
    )
    to_book.give(rest.client.id, new_series.members(made.id))


def _order(rest: Rest) -> Order:
    slug = request.args.get("therapist")
    therapist = next((one for one in rest.people.values() if one.slug == slug), None)
    if slug and therapist is None:
        raise NotFound
    return Order(
        treatment_id=rest.after.treatment_id,
        location_id=rest.after.location_id,
        therapist_id=therapist.id if therapist else None,
    )


def _proposals(rest: Rest, now: datetime) -> list[Proposal]:
    try:
        on, at = (
            time_values.day(request.args.get("on", "")),
            time_values.time_of_day(request.args.get("at", "")),
        )
        count = min(int(request.args.get("count", "")), rest.left.sessions)
    except ValueError:
        raise NoSeries(N_("Enter a first day, a time of day, and how many sessions.")) from None
    rhythm = Rhythm(first=datetime.combine(on, at), every_weeks=rest.left.every_weeks, count=count)
    return new_series.propose(_order(rest), rhythm, by_staff=False, now=now, client_id=rest.client.id)


def _page(rest: Rest, rows: Sequence[SessionRow], *, refusal: Refusal | None = None) -> str:
    first = series_form.next_start(rest.after, rest.left.every_weeks, clock.now())
    asked = {
        "count": request.args.get("count", str(rest.left.sessions)),
        "on": request.args.get("on", first.date().isoformat()),
        "at": request.args.get("at", first.strftime("%H:%M")),
        "therapist": request.args.get("therapist", rest.after.therapist.slug),
    }
    return render_template(
        "portal/course.html",
        rest=rest,
        asked=asked,
        rows=rows,
        key=request.form.get("key") or form_keys.new(),
        refusal=refusal,
        has_errors=refusal is not None,
    )


def _done_before(key: str, content: dict[str, object]) -> ResponseReturnValue | None:
    earlier = idempotency.earlier(browser(), key, content)
    return redirect(url_for("portal.home"), 303) if earlier is not None else None
