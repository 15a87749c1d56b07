"""Booking for a caller: whom, what and when, and one page to check before it is booked.

A URL holds the choices so far as ids and slugs, never personal text: names are typed into forms only. A time that is
not offered leads to the same last page, which then names every rule it breaks and asks for a reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts.models import Client
from clinic.accounts.permissions import Permission
from clinic.booking import (
    admission,
    barring,
    client_search,
    desk,
    idempotency,
    same_person,
    trained_therapists,
)
from clinic.booking.client_search import Caller
from clinic.booking.idempotency import StoredAnswer
from clinic.booking.models import Appointment, State
from clinic.booking.placing import NotOffered, supply_with_length
from clinic.db import transaction
from clinic.intake import queries as intake
from clinic.plans import services as plans
from clinic.practice import queries as practice
from clinic.practice.models import Therapist, Treatment
from clinic.practice.supply import supply_of
from clinic.refusal import NotFound, Refusal
from clinic.staff import desk as staff_desk
from clinic.staff.blueprint import blueprint
from clinic.staff.booking import choices, new_client, obstacles, presets, suggestions
from clinic.staff.booking.choices import BookingChoices, Moment
from clinic.staff.booking.forms import BookForm, FindForm, NewClientForm
from clinic.web import form_keys, slot_picker, time_values
from clinic.web.access import audience, staff
from clinic.web.browser import browser
from clinic.web.slot_picker import SlotChoice
from clinic.web.time_values import NoSuchTime


class NotBookable(Refusal):
    """Safety comes first at the desk, too, which is told no more than that."""

    code = "not-bookable"
    sentence = "This client cannot be booked now. Please let a therapist look at the record first."


@blueprint.get("/book", endpoint="book_for")
@audience(staff, Permission.CALENDAR_WRITE)
def book_for() -> ResponseReturnValue:
    """Whom, what and when."""
    return _choose_page(clock.now())


@blueprint.route("/book/find", methods=["GET", "POST"], endpoint="find_client")
@audience(staff, Permission.CALENDAR_WRITE)
def find_client() -> ResponseReturnValue:
    """Search for a client; what was typed is in no URL. The button *Somebody new* goes on without one."""
    if request.form.get("new"):
        return redirect(_without_client(), 303)
    form = FindForm()
    found: list[Caller] | None = None
    if form.validate_on_submit():
        found = client_search.find(form.text.data or "", practice.the_practice().country, clock.now())
    asked = choices.carried_choices() | choices.sent_treatment()
    page = render_template(
        "staff/booking/find.html",
        here="book",
        form=form,
        found=_bookings_of(found or (), asked),
        searched=found is not None,
        carried=asked,
        address=choices.address,
    )
    return page, 422 if form.has_errors else 200


@blueprint.post("/book/suggest", endpoint="suggest_clients")
@audience(staff, Permission.CALENDAR_WRITE)
def suggest_clients() -> ResponseReturnValue:
    """The clients that fit what is being typed, as a list for the field; what was typed is in no URL."""
    asked = choices.carried_choices() | choices.sent_treatment()
    return suggestions.list_of(lambda found: [one.address for one in _bookings_of(found, asked)])


@blueprint.get("/book/at", endpoint="look_at")
@audience(staff, Permission.CALENDAR_WRITE)
def look_at() -> ResponseReturnValue:
    """A day and time, as a caller says them: redirect to its page."""
    choice = choices.choice()
    if choice.therapist is None:
        raise NotFound
    try:
        starts_at = time_values.at_wall(
            request.args.get("on", ""), request.args.get("at", ""), ZoneInfo(choice.location.zone)
        )
    except NoSuchTime as refusal:
        return _choose_page(clock.now(), refusal=refusal), refusal.status
    start = time_values.value(starts_at, choice.therapist.id)
    return redirect(choices.address("staff.check_booking", therapist=None, start=start), 303)


@blueprint.get("/book/check", endpoint="check_booking")
@audience(staff, Permission.CALENDAR_WRITE)
def check() -> ResponseReturnValue:
    """A summary before booking, with the rules that the time would break."""
    now = clock.now()
    choice, moment = choices.choice(), choices.moment()
    form = _form(choice, formdata=None, data={"key": form_keys.new()})
    return _check_page(choice, moment, form, now)


@blueprint.post("/book/check", endpoint="booked_for")
@audience(staff, Permission.CALENDAR_WRITE)
def book() -> ResponseReturnValue:
    """Book, once, in one step. The same form sent twice finds its own booking."""
    now = clock.now()
    choice, moment = choices.choice(), choices.moment()
    known = _same_person() or choice.client
    form = _form(choice)
    content = {
        **form.data,
        "csrf_token": None,
        "start": request.args["start"],
        "minutes": request.args.get("minutes"),
        "client": str(known and known.id),
    }
    if (done := _done_before(form, content)) is not None:
        return done
    if not _is_filled_in(form, known):
        return _check_page(choice, moment, form, now), 422
    if known is None and request.form.get("sure") != "yes" and (alike := new_client.alike(form.data, now)):
        return _check_page(choice, moment, form, now, alike=alike), 409
    try:
        with transaction():
            client = known or new_client.add(form.data, now)
            visit = book_choice(choice, moment, client, form, choices.minutes(), now)
            idempotency.remember(browser(), form.key.data or "", content, StoredAnswer(303, visit.id), now)
    except idempotency.AtTheSameTime:
        return _done_before(form, content) or redirect(url_for("staff.book_for"), 303)
    except desk.WaiverReasonNeeded as needed:
        form.reason.errors = [needed.sentence]
        return _check_page(choice, moment, form, now), needed.status
    except (admission.NotCleared, admission.GuardianNeeded) as refusal:
        said = refusal if isinstance(refusal, admission.GuardianNeeded) else NotBookable()
        return _check_page(choice, moment, form, now, refusal=said), 409
    except NotOffered as refusal:
        # Of two clicks at once, the second waited for the first, and finds its own booking in the way.
        return _done_before(form, content) or (
            _check_page(choice, moment, form, now, changed=True),
            refusal.status,
        )
    say_booked(visit)
    return to_visit(visit.id)


@dataclass(frozen=True, kw_only=True)
class CallerBooking:
    """A client who was found, and the page on which a booking for them goes on."""

    known: Caller
    address: str


def _bookings_of(found: Sequence[Caller], asked: Mapping[str, str]) -> list[CallerBooking]:
    """A booking for each of them. What was not chosen yet begins as last time: the treatment, and without a time the
    therapist."""
    at, minutes = choices.moment() if "start" in asked else None, choices.minutes()
    sold = practice.treatments() if found and "treatment" not in asked else []
    return [
        CallerBooking(
            known=known, address=_address_for(known, {**_preset(known, sold, at, minutes), **asked})
        )
        for known in found
    ]


def _preset(
    known: Caller, sold: Sequence[Treatment], at: Moment | None, minutes: int | None
) -> dict[str, str]:
    therapist_id = at.therapist.id if at else None
    treatment = presets.usual_treatment(sold, known=known, therapist_id=therapist_id, minutes=minutes)
    if treatment is None:
        return {}
    therapist = presets.usual_therapist(known, treatment) if at is None else None
    return {"treatment": treatment.slug, **({"therapist": therapist.slug} if therapist else {})}


def _without_client() -> str:
    endpoint = "staff.check_booking" if request.args.get("start") else "staff.book_for"
    return choices.address(endpoint, **{"client": None, **choices.sent_treatment()})


def _address_for(known: Caller, chosen: Mapping[str, str]) -> str:
    endpoint = "staff.check_booking" if "start" in chosen else "staff.book_for"
    asked: dict[str, Any] = {**chosen, "client": known.client.id}
    return url_for(endpoint, **asked)


def _choose_page(now: datetime, refusal: Refusal | None = None) -> str:
    choice = choices.choice()

    def url(day: date | None = None, start: date | None = None) -> str:
        return choices.address("staff.book_for", day=day, _anchor="times" if day else None, **{"from": start})

    slots = _slots(choice, choice.therapist, now)
    return render_template(
        "staff/booking/choose.html",
        here="book",
        choice=choice,
        caller=client_search.caller_of(choice.client, now) if choice.client else None,
        treatments=practice.treatments(),
        locations=practice.locations(now.date()),
        picker=slot_picker.picker(slots, choice.treatment.slug, url, now),
        left_out=[one for one in choice.treatment.therapists if one.id in slots.left_out],
        carried=choices.carried_choices(),
        without_therapist=choices.carried_choices(without="therapist"),
        address=choices.address,
        refusal=refusal,
        has_errors=refusal is not None,
        find=FindForm(formdata=None),
    )


def _check_page(
    choice: BookingChoices,
    moment: Moment,
    form: BookForm,
    now: datetime,
    *,
    alike: Sequence[Caller] = (),
    refusal: Refusal | None = None,
    changed: bool = False,
) -> str:
    """The last page. `changed`: something else has come in the way since it was opened."""
    slots = _slots(choice, moment.therapist, now)
    seen = obstacles.obstacles_at(slots, moment.starts_at, now)
    form.name(seen.broken)
    return render_template(
        "staff/booking/check.html",
        here="book",
        choice=choice,
        moment=moment,
        ends_at=moment.starts_at + slots.supply.need.length,
        minutes=choices.minutes() or choice.treatment.length_minutes,
        caller=client_search.caller_of(choice.client, now) if choice.client else None,
        bars=barring.reaching(choice.client.id) if choice.client else [],
        form=form,
        seen=seen,
        sentences=obstacles.sentences(seen.broken, moment.therapist),
        alike=alike,
        refusal=refusal,
        changed=changed,
        has_errors=bool(refusal or alike or changed or form.errors),
        address=choices.address,
    )


def _slots(choice: BookingChoices, therapist: Therapist | None, now: datetime) -> SlotChoice:
    """What the picker shows: no times at which the client is somewhere else, and no therapist who cannot be booked for
    them."""
    client_id = choice.client.id if choice.client else None
    everybody = supply_with_length(supply_of(choice.treatment.id), choices.minutes())
    supply = trained_therapists.offered_to_client(everybody, client_id, now)
    return choice.slots(
        same_person.avoiding(supply, client_id, now, records=True),
        therapist,
        trained_therapists.left_out(everybody, supply),
    )


def _form(choice: BookingChoices, **given: Any) -> BookForm:
    return BookForm(**given) if choice.client is not None else NewClientForm(**given)


def _is_filled_in(form: BookForm, known: Client | None) -> bool:
    """If the answer to *Same person?* is a known client, the form for a new one needs no name."""
    return bool(BookForm().validate() if known is not None else form.validate())


def _same_person() -> Client | None:
    """The known client that staff chose at *Same person?*."""
    return choices.client(request.form.get("same"))


def book_choice(
    choice: BookingChoices, moment: Moment, client: Client, form: BookForm, minutes: int | None, now: datetime
) -> Appointment:
    """Book what was chosen, `minutes` long if that is not the usual length, and let its review wait. The caller commits.

    Raises what `booking.desk.book` raises.
    """
    visit = desk.book(
        choice.treatment.id,
        moment.starts_at,
        therapist_id=moment.therapist.id,
        location_id=choice.location.id,
        client=client,
        by=staff_desk.user(),
        waived=form.rules,
        reason=form.reason.data or "",
        therapist_decides=form.decide.data,
        length_minutes=minutes,
        now=now,
    )
    answered = intake.newest_full(browser=None, client_id=client.id, now=now)
    if answered is not None:
        plans.open_review(answered.outcome, client.id, visit, now)
    return visit


def _done_before(form: BookForm, content: dict[str, Any]) -> ResponseReturnValue | None:
    """Redirect to the booking that this form made earlier; None if it made none."""
    if not form.key.data or form.key.process_errors:
        return None
    earlier = idempotency.earlier(browser(), form.key.data, content)
    return to_visit(earlier.subject_id) if earlier is not None and earlier.subject_id else None


def to_visit(visit_id: UUID) -> ResponseReturnValue:
    """Redirect to the visit that was just booked."""
    return redirect(url_for("staff.visit", appointment_id=visit_id, just="booked"), 303)


def say_booked(visit: Appointment, *, undo: bool = False) -> None:
    """Say what came of it and whether a letter goes out; `undo` gives a button that cancels it again."""
    back = url_for("staff.cancelled", appointment_id=visit.id) if undo else None
    fields = {"revision": str(visit.revision)}
    first_name = visit.client.first_name if visit.client else "the client"
    writes = visit.client is not None and any(contact.kind == "mail" for contact in visit.client.contacts)
    letter = (
        f"A letter tells {first_name}." if writes else "No e-mail address is known, so no letter goes out."
    )
    if visit.state == State.REQUESTED:
        staff_desk.say(f"Asked for: a therapist looks first. {letter}", undo=back, fields=fields)
    else:
        staff_desk.say(f"Booked. {letter}", undo=back, fields=fields)
