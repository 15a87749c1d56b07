"""The waiting list at the desk: who waits, open offers, offering by hand, accepting a time for a caller."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.validators import InputRequired

from clinic import clock
from clinic.accounts.permissions import Permission
from clinic.booking import admission, client_search, idempotency, trained_therapists
from clinic.booking.client_search import Caller
from clinic.booking.idempotency import StoredAnswer
from clinic.booking.placing import NotOffered
from clinic.booking.waiting import entries, offer_answers, offering, queries
from clinic.booking.waiting.entries import NothingEarlier
from clinic.booking.waiting.matching import WaitingListTime
from clinic.booking.waiting.models import WaitingListEntry
from clinic.booking.waiting.offer_answers import OfferGone
from clinic.booking.waiting.offering import OfferedAlready
from clinic.booking.waiting.queries import WaitingListLine
from clinic.db import transaction
from clinic.language.reading import short_date
from clinic.practice import queries as practice
from clinic.practice.models import Treatment
from clinic.practice.supply import supply_of
from clinic.refusal import NotFound
from clinic.staff import desk as staff_desk
from clinic.staff import telling
from clinic.staff.blueprint import blueprint
from clinic.staff.booking import choices, new_client, presets, suggestions
from clinic.staff.booking.choices import BookingChoices
from clinic.staff.booking.forms import BookForm, FindForm, NewClientForm
from clinic.web import form_keys, time_values
from clinic.web.access import actor, audience, staff
from clinic.web.browser import browser
from clinic.web.forms import Form, Ticks
from clinic.web.waiting_form import WaitingListForm, in_words

NOT_NOW = "This client cannot be booked now. Please let a therapist look at the record first."
PAGE = 50
SHOWN_TIMES = 12
UNPROCESSABLE = 422
LABELS = {
    "days": "Days that suit",
    "parts": "Times of day that suit",
    "last_on": "Last day that suits",
    "decide": "Leaves the type of massage to the therapist",
}
"""The form addresses a client; here it asks staff about one."""


class KnownWaiterForm(WaitingListForm, BookForm):
    """An entry for a known client."""


class NewWaiterForm(WaitingListForm, NewClientForm):
    """An entry for a new client, with their details."""


class PeopleForm(Form):
    """To whom a time is offered."""

    people = Ticks("Offer it to", validators=[InputRequired("Choose at least one person.")])


@blueprint.get("/waiting-list", endpoint="waiting_list")
@audience(staff, Permission.CALENDAR_READ)
def waiting_list() -> ResponseReturnValue:
    """Open offers, and all entries, longest waiting first."""
    sold = practice.treatments()
    people = practice.therapists(clock.now().date())
    treatment = choices.named(sold, request.args.get("treatment"))
    therapist = choices.named(people, request.args.get("therapist"))
    number = _page_number()
    lines, count = queries.listed(
        treatment_id=treatment.id if treatment else None,
        therapist_id=therapist.id if therapist else None,
        limit=PAGE,
        offset=(number - 1) * PAGE,
        now=clock.now(),
    )
    return render_template(
        "staff/waiting_list/list.html",
        here="waiting",
        lines=lines,
        count=count,
        first=(number - 1) * PAGE + 1,
        earlier=_page_address(number - 1) if number > 1 else None,
        later=_page_address(number + 1) if number * PAGE < count else None,
        offerings=queries.live_offerings(),
        treatments=sold,
        therapists=people,
        treatment=treatment,
        therapist=therapist,
        in_words=in_words,
        rules=practice.the_practice(),
    )


@blueprint.get("/waiting-list/add", endpoint="add_to_waiting_list")
@audience(staff, Permission.CALENDAR_WRITE)
def ask() -> ResponseReturnValue:
    """The form to put a caller on the list."""
    choice, now = choices.choice(), clock.now()
    form = _form(choice, formdata=None, data={"key": form_keys.new()})
    form.offer(choice.treatment, practice.locations(now.date()), now, _left_out(choice, now))
    form.begin(choice.treatment, now)
    by = str(choice.therapist.id) if choice.therapist else ""
    form.therapist.data = by if form.can_be_with(by) else ""
    return _add_page(form, choice)


@blueprint.post("/waiting-list/add", endpoint="added_to_waiting_list")
@audience(staff, Permission.CALENDAR_WRITE)
def add() -> ResponseReturnValue:
    """Put a caller on the list, once."""
    choice, now = choices.choice(), clock.now()
    form = _form(choice)
    form.offer(choice.treatment, practice.locations(now.date()), now, _left_out(choice, now))
    content = {name: str(value) for name, value in form.data.items() if name not in ("key", "csrf_token")}
    content |= {"treatment": choice.treatment.slug, "client": str(choice.client and choice.client.id)}
    if (done := _done_before(form, content)) is not None:
        return done
    if not form.validate():
        return _add_page(form, choice), UNPROCESSABLE
    location = url_for("staff.waiting_list")
    try:
        with transaction():
            client = choice.client or new_client.add(form.data, now)
            entries.join(
                client=client,
                treatment_id=choice.treatment.id,
                therapist_id=form.therapist_id,
                therapist_gender=form.therapist_gender,
                location_id=form.location_id,
                times=form.times,
                last_on=form.until,
                therapist_decides=form.decide.data,
                actor=actor(),
                now=now,
            )
            idempotency.remember(browser(), form.key.data or "", content, StoredAnswer(303), now)
    except idempotency.AtTheSameTime:
        return _done_before(form, content) or redirect(location, 303)
    staff_desk.say(f"{client.first_name} is on the waiting list.")
    return redirect(location, 303)


@blueprint.route("/waiting-list/find", methods=["GET", "POST"], endpoint="find_waiter")
@audience(staff, Permission.CALENDAR_WRITE)
def find() -> ResponseReturnValue:
    """Which client wants to wait; what is typed is in no URL."""
    form = FindForm()
    found: Sequence[Caller] | None = None
    if form.validate_on_submit():
        found = client_search.find(form.text.data or "", practice.the_practice().country, clock.now())
    page = render_template(
        "staff/waiting_list/find.html",
        here="waiting",
        form=form,
        found=found and list(zip(found, _additions_of(found), strict=True)),
        is_nobody=found is not None and not found,
        treatment=request.args.get("treatment"),
        has_errors=form.has_errors,
    )
    return page, UNPROCESSABLE if form.has_errors else 200


@blueprint.post("/waiting-list/suggest", endpoint="suggest_waiters")
@audience(staff, Permission.CALENDAR_WRITE)
def suggest() -> ResponseReturnValue:
    """The clients that fit what is being typed; each leads to the page that puts them on the list."""
    return suggestions.list_of(_additions_of)


def _additions_of(found: Sequence[Caller]) -> list[str]:
    """For each the page that puts them on the list: for the treatment that was asked for, or else for that of last time."""
    asked = request.args.get("treatment")
    sold = practice.treatments() if found and not asked else []
    return [
        url_for(
            "staff.add_to_waiting_list",
            client=known.client.id,
            treatment=asked or _usual(sold, known),
        )
        for known in found
    ]


def _usual(sold: Sequence[Treatment], known: Caller) -> str | None:
    usual = presets.usual_treatment(sold, known=known)
    return usual.slug if usual else None


@blueprint.post("/waiting-list/<uuid:entry_id>/end", endpoint="end_entry")
@audience(staff, Permission.CALENDAR_WRITE)
def end(entry_id: UUID) -> ResponseReturnValue:
    """Take somebody off the list."""
    with transaction():
        entry = entries.withdraw(entry_id, actor=actor(), now=clock.now())
    staff_desk.say(f"{entry.client.first_name} is no longer on the waiting list.")
    return redirect(url_for("staff.waiting_list"), 303)


@blueprint.get("/waiting-list/<uuid:entry_id>/offer", endpoint="offer_time")
@audience(staff, Permission.CALENDAR_WRITE)
def ask_offer(entry_id: UUID) -> ResponseReturnValue:
    """Free times that suit an entry, and for one of them all other entries it suits."""
    entry, now = _live_entry(entry_id), clock.now()
    if queries.is_busy(entry.id, now):
        staff_desk.say(f"{entry.client.first_name} is being offered a time already.")
        return redirect(url_for("staff.waiting_list"), 303)
    if not request.args.get("start"):
        return _times_page(entry, now)
    time = _chosen_time(entry)
    form = _people_form(entry, time, formdata=None)
    form.people.data = [str(entry.id)]
    return _people_page(entry, time, form)


@blueprint.post("/waiting-list/<uuid:entry_id>/offer", endpoint="offered_time")
@audience(staff, Permission.CALENDAR_WRITE)
def offer(entry_id: UUID) -> ResponseReturnValue:
    """Reserve the time and offer it to the chosen entries."""
    entry, now = _live_entry(entry_id), clock.now()
    time = _chosen_time(entry)
    form = _people_form(entry, time)
    if request.form.get("at_once"):
        return _book_at_once(entry, time, now)
    if not form.validate():
        return _people_page(entry, time, form), UNPROCESSABLE
    try:
        with transaction():
            offering.keep(
                entry.treatment_id,
                time,
                [UUID(id_) for id_ in dict.fromkeys(form.people.data or ())],
                now=now,
                by_id=staff_desk.user().id,
            )
    except (NotOffered, OfferedAlready) as refusal:
        return _times_page(_live_entry(entry_id), now, refusal.sentence), refusal.status
    staff_desk.say("The time is kept, and a letter goes out to everybody you chose.")
    return redirect(url_for("staff.waiting_list"), 303)


def _book_at_once(entry: WaitingListEntry, time: WaitingListTime, now: datetime) -> ResponseReturnValue:
    """Book the time for somebody who said yes already: offered and accepted in one step, so no offer is written."""
    entry_id, by = entry.id, staff_desk.user()
    try:
        with transaction():
            kept = offering.keep(entry.treatment_id, time, [entry_id], now=now, by_id=by.id)
            visit = offer_answers.accept_for(queries.only_offer(kept.id).id, by=by, now=now)
    except (NotOffered, OfferedAlready, OfferGone, NothingEarlier) as refusal:
        return _times_page(_live_entry(entry_id), now, refusal.sentence), refusal.status
    except (admission.NotCleared, admission.GuardianNeeded) as refusal:
        return _times_page(_live_entry(entry_id), now, NOT_NOW), refusal.status
    staff_desk.say(f"Booked. {telling.letter_sentence(visit, now)}")
    return redirect(url_for("staff.visit", appointment_id=visit.id), 303)


@blueprint.post("/waiting-list/offerings/<uuid:offering_id>/stop", endpoint="stop_offering")
@audience(staff, Permission.CALENDAR_WRITE)
def stop(offering_id: UUID) -> ResponseReturnValue:
    """Withdraw an offered time."""
    with transaction():
        offering.stop(offering_id, actor=actor(), now=clock.now())
    staff_desk.say("The time is free again; those who were asked are told.")
    return redirect(url_for("staff.waiting_list"), 303)


@blueprint.post("/waiting-list/offers/<uuid:offer_id>/accept", endpoint="accept_offer")
@audience(staff, Permission.CALENDAR_WRITE)
def accept(offer_id: UUID) -> ResponseReturnValue:
    """Accept an offered time for somebody on the telephone."""
    try:
        with transaction():
            visit = offer_answers.accept_for(offer_id, by=staff_desk.user(), now=clock.now())
    except (OfferGone, NotOffered, NothingEarlier) as gone:
        staff_desk.say(gone.sentence)
        return redirect(url_for("staff.waiting_list"), 303)
    except (admission.NotCleared, admission.GuardianNeeded):
        staff_desk.say(NOT_NOW)
        return redirect(url_for("staff.waiting_list"), 303)
    staff_desk.say(f"Booked. {telling.letter_sentence(visit, clock.now())}")
    return redirect(url_for("staff.visit", appointment_id=visit.id), 303)


def _page_number() -> int:
    asked = request.args.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and 0 < int(asked[:6]) < 10_000 else 1


def _page_address(number: int) -> str:
    kept: dict[str, Any] = {
        name: request.args[name] for name in ("treatment", "therapist") if request.args.get(name)
    }
    return url_for("staff.waiting_list", page=number, **kept)


def _form(choice: BookingChoices, **given: Any) -> KnownWaiterForm | NewWaiterForm:
    form = KnownWaiterForm(**given) if choice.client is not None else NewWaiterForm(**given)
    for field, words in LABELS.items():
        form[field].label.text = words
    form.decide.description = BookForm().decide.description
    return form


def _left_out(choice: BookingChoices, now: datetime) -> frozenset[UUID]:
    """Therapists who cannot be booked for this client."""
    if choice.client is None:
        return frozenset()
    pair = (choice.client.id, choice.treatment.id)
    return trained_therapists.lacking([pair], now).get(pair, frozenset())


def _done_before(form: BookForm, content: dict[str, Any]) -> ResponseReturnValue | None:
    if not form.key.data or form.key.process_errors:
        return None
    earlier = idempotency.earlier(browser(), form.key.data, content)
    return redirect(url_for("staff.waiting_list"), 303) if earlier is not None else None


def _live_entry(entry_id: UUID) -> WaitingListEntry:
    found = queries.entry_of(entry_id)
    if not found.is_live:
        raise NotFound
    return found


def _chosen_time(entry: WaitingListEntry) -> WaitingListTime:
    """The time in a URL or form, for the entry's treatment; raises NotFound."""
    starts_at, therapist_id = time_values.read_value(request.values.get("start", ""))
    supply = supply_of(entry.treatment_id)
    places = {site.location_id: site.zone for site in supply.sites}
    try:
        location_id = UUID(request.values.get("location", ""))
    except ValueError:
        raise NotFound from None
    if therapist_id not in supply.therapists or location_id not in places:
        raise NotFound
    return WaitingListTime(starts_at, therapist_id, location_id, places[location_id])


def _people_form(entry: WaitingListEntry, time: WaitingListTime, **given: Any) -> PeopleForm:
    form = PeopleForm(**given)
    lines = [
        line
        for line in queries.whom_it_suits(entry.treatment_id, time, clock.now())
        if line.entry.id == entry.id or not (_has_own_terms(entry) or _has_own_terms(line.entry))
    ]
    if entry.id not in {line.entry.id for line in lines}:
        raise NotFound("This time does not suit any more, or another one is being offered.")
    form.people.choices = [(str(line.entry.id), _who(line, time.zone.key)) for line in lines]
    return form


def _has_own_terms(entry: WaitingListEntry) -> bool:
    """Whether the visit was agreed with another length or buffers than the treatment has now.

    A time is reserved for one length, so it is offered to this entry alone.
    """
    visit, sold = entry.replaces, entry.treatment
    names = ("length_minutes", "buffer_before_minutes", "buffer_after_minutes")
    return visit is not None and any(getattr(visit, name) != getattr(sold, name) for name in names)


def _who(line: WaitingListLine, zone: str) -> str:
    since = short_date(line.entry.created_at, zone)
    unreachable = "" if line.is_reachable else ", no e-mail: please call"
    return f"{line.entry.client.name}, waits since {since}{unreachable}"


def _add_page(form: WaitingListForm, choice: BookingChoices) -> str:
    return render_template(
        "staff/waiting_list/add.html",
        here="waiting",
        form=form,
        choice=choice,
        left_out=[one for one in choice.treatment.therapists if one.id in _left_out(choice, clock.now())],
        treatments=practice.treatments(),
        address=choices.address,
        has_errors=form.has_errors,
    )


def _times_page(entry: WaitingListEntry, now: datetime, refusal: str | None = None) -> str:
    names = {person.id: person.name for person in entry.treatment.therapists}
    places = {place.id: place.name for place in practice.locations(now.date())}
    pair = (entry.client_id, entry.treatment_id)
    without = trained_therapists.lacking([pair], now).get(pair, frozenset())
    return render_template(
        "staff/waiting_list/times.html",
        here="waiting",
        entry=entry,
        words=in_words(entry.times),
        left_out=[one for one in entry.treatment.therapists if one.id in without],
        free=[
            (time, names.get(time.therapist_id, ""), places.get(time.location_id, ""))
            for time in queries.fitting(
                entry, now, SHOWN_TIMES, apart=timedelta(minutes=entry.treatment.length_minutes)
            )
        ],
        value=time_values.value,
        refusal=refusal,
        has_errors=refusal is not None,
    )


def _people_page(entry: WaitingListEntry, time: WaitingListTime, form: PeopleForm) -> str:
    names = {person.id: person.name for person in entry.treatment.therapists}
    return render_template(
        "staff/waiting_list/people.html",
        here="waiting",
        entry=entry,
        time=time,
        therapist=names.get(time.therapist_id, ""),
        start=time_values.value(time.starts_at, time.therapist_id),
        form=form,
        minutes=practice.the_practice().offer_minutes,
        has_errors=form.has_errors,
    )
