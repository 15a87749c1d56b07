"""Typing in afterwards what happened while the book could not be kept: who came, who did not, and visits that were not in it.

A URL holds the day and ids; names are typed into forms only.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import EmailField, HiddenField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import InputRequired, Length

from clinic import clock
from clinic.accounts import services as accounts
from clinic.accounts.models import Client
from clinic.accounts.permissions import Permission
from clinic.booking import afterwards, client_search, idempotency
from clinic.booking import queries as booking
from clinic.booking.client_search import Caller
from clinic.booking.desk import LONGEST_REASON
from clinic.booking.idempotency import StoredAnswer
from clinic.booking.models import Appointment, State
from clinic.booking.placing import NotOffered, SlotTaken
from clinic.booking.states import NotNow
from clinic.db import transaction
from clinic.language.reading import wall_time
from clinic.practice import queries as practice
from clinic.refusal import NotFound, Refusal, Stale
from clinic.staff import day, desk
from clinic.staff.blueprint import blueprint
from clinic.staff.booking import choices, new_client, presets, suggestions
from clinic.staff.booking.choices import Named
from clinic.staff.booking.forms import NAME_LENGTH, FindForm
from clinic.staff.visits import shown_fields, shown_revision
from clinic.web import form_keys, time_values
from clinic.web.access import audience, staff
from clinic.web.browser import browser
from clinic.web.forms import Form, readable
from clinic.web.time_values import NoSuchTime

LISTED = (State.REQUESTED, State.BOOKED, State.ARRIVED, State.DONE, State.MISSED, State.CANCELLED)
UNFILLED = {"autocomplete": "off"}
TAKEN = (
    "Somebody else is in the book at that time, with this therapist or in the only room, buffers included."
)


class AddForm(Form):
    """A visit that was not in the book, of somebody who was here before."""

    key = HiddenField(validators=[InputRequired(), Length(max=64)])
    treatment = SelectField("Treatment")
    therapist = SelectField("Therapist")
    location = SelectField("Where")
    at = StringField(
        "Began at",
        [InputRequired("Enter when it began.")],
        render_kw={"autocomplete": "off"},
    )
    reason = TextAreaField(
        "Why was it not in the book?",
        [InputRequired("Say why it was not in the book."), Length(max=LONGEST_REASON)],
        description="Staff can read it at the visit. Write nothing about health here.",
    )

    def offer(self, on: date) -> None:
        """Fill the lists with what the practice sold, who worked and where it was on a day."""
        self.treatment.choices = [
            (one.slug, f"{one.name}, {one.length_minutes} minutes") for one in practice.treatments()
        ]
        self.therapist.choices = [(one.slug, one.name) for one in practice.therapists(on)]
        self.location.choices = [(one.slug, one.name) for one in practice.locations(on)]
        self.at.description = f"For example {wall_time(time(9, 30))}."

    def begin(self, known: Client, now: datetime) -> None:
        """Begin with the treatment and the therapist of last time, as a booking does, where both can be had."""
        before = client_search.caller_of(known, now)
        usual = presets.usual_treatment(practice.treatments(), known=before)
        if usual is not None:
            self.treatment.data = usual.slug
            who = presets.usual_therapist(before, usual)
            self.therapist.data = who.slug if who else None


class AddNewForm(AddForm):
    """The same for somebody new, of whom nobody may know more than a name."""

    given_name = StringField(
        "First name", [InputRequired("Enter the first name"), NAME_LENGTH], render_kw=UNFILLED
    )
    family_name = StringField(
        "Family name", [InputRequired("Enter the family name"), NAME_LENGTH], render_kw=UNFILLED
    )
    phone = TelField("Telephone number", description="If you know it.", render_kw=UNFILLED)
    mail = EmailField("E-mail address", description="If you know it.", render_kw=UNFILLED)

    def validate_mail(self, field: EmailField) -> None:
        """Refuse impossible addresses."""
        readable(accounts.normalise_mail, field.data)

    def validate_phone(self, field: TelField) -> None:
        """Refuse numbers that cannot be dialled from the practice's country."""
        country = practice.the_practice().country
        readable(lambda text: accounts.normalise_phone(text, country), field.data)


@blueprint.get("/afterwards", endpoint="afterwards")
@audience(staff, Permission.CALENDAR_WRITE)
def show() -> ResponseReturnValue:
    """The visits of a day, each with what can still be typed in."""
    return _day_page()


def _day_page(refusal: Refusal | None = None) -> str:
    now = clock.now()
    on = _day(now)
    today = day.today(now)
    visits = booking.visits_between(on, on + timedelta(days=1), states=LISTED)
    return render_template(
        "staff/afterwards/day.html",
        here="today",
        on=on,
        form=FindForm(formdata=None),
        before=on - timedelta(days=1),
        after=on + timedelta(days=1) if on < today else None,
        visits=[(visit, _is_open(visit, now), shown_fields(visit)) for visit in visits],
        may_add=today - afterwards.LONGEST_AGO <= on <= today,
        days=afterwards.LONGEST_AGO.days,
        refusal=refusal,
    )


def _is_open(visit: Appointment, now: datetime) -> bool:
    """Whether nobody has said yet what became of a visit that has begun."""
    return visit.state == State.BOOKED and visit.starts_at <= now


def _day(now: datetime) -> date:
    return time_values.read_day(request.args.get("day")) or day.today(now)


@blueprint.post("/appointments/<uuid:appointment_id>/cancelled-afterwards", endpoint="cancelled_afterwards")
@audience(staff, Permission.CALENDAR_WRITE)
def cancelled(appointment_id: UUID) -> ResponseReturnValue:
    """A visit whose time has come was called off meanwhile; no letter tells of it."""
    visit = desk.visit(appointment_id)
    try:
        with transaction():
            afterwards.cancel(visit.id, by=desk.user(), now=clock.now(), shown=shown_revision())
    except (Stale, NotNow) as refusal:
        return _day_page(refusal), refusal.status
    desk.say("Noted as cancelled. No letter is sent.")
    return desk.back_to(url_for("staff.afterwards", day=visit.wall_start.date()))


@blueprint.route("/afterwards/find", methods=["GET", "POST"], endpoint="find_afterwards")
@audience(staff, Permission.CALENDAR_WRITE)
def find() -> ResponseReturnValue:
    """Who was here although nothing was in the book; what is typed is in no URL."""
    form, now = FindForm(), clock.now()
    found: Sequence[Caller] | None = None
    if form.validate_on_submit():
        found = client_search.find(form.text.data or "", practice.the_practice().country, now)
    page = render_template(
        "staff/afterwards/find.html",
        here="today",
        on=_day(now),
        form=form,
        found=found,
        has_errors=form.has_errors,
    )
    return page, 422 if form.has_errors else 200


@blueprint.post("/afterwards/suggest", endpoint="suggest_afterwards")
@audience(staff, Permission.CALENDAR_WRITE)
def suggest() -> ResponseReturnValue:
    """The clients that fit what is being typed; each leads to the page that adds a visit."""
    on = _day(clock.now())
    return suggestions.list_of(
        lambda found: [url_for("staff.add_afterwards", day=on, client=known.client.id) for known in found]
    )


@blueprint.route("/afterwards/add", methods=["GET", "POST"], endpoint="add_afterwards")
@audience(staff, Permission.CALENDAR_WRITE)
def add() -> ResponseReturnValue:
    """Add a visit that took place, of the client that the address names, or of somebody new."""
    now = clock.now()
    on = _day(now)
    known = choices.client(request.form.get("same")) or choices.client(request.args.get("client"))
    form = AddForm() if request.args.get("client") else AddNewForm()
    form.offer(on)
    if request.method == "GET":
        form.key.data = form_keys.new()
        if known is not None:
            form.begin(known, now)
        return _add_page(form, known, on)
    content = {**form.data, "csrf_token": None, "day": on.isoformat(), "client": str(known and known.id)}
    if (done := _done_before(form, content, on)) is not None:
        return done
    if not _is_filled_in(form, known, on):
        return _add_page(form, known, on), 422
    if known is None and request.form.get("sure") != "yes" and (alike := new_client.alike(form.data, now)):
        return _add_page(form, known, on, alike=alike), 409
    try:
        with transaction():
            visit = _add(form, known or new_client.add(form.data, now), on, now)
            idempotency.remember(browser(), form.key.data or "", content, StoredAnswer(303, visit.id), now)
    except idempotency.AtTheSameTime:
        return _done_before(form, content, on) or _to_day(on)
    except (NoSuchTime, afterwards.NotPast) as refusal:
        form.at.errors = [refusal.sentence]
        return _add_page(form, known, on), 422
    except SlotTaken:
        return _done_before(form, content, on) or (_add_page(form, known, on, refusal=TAKEN), 409)
    except (NotOffered, practice.Unbookable) as refusal:
        said = TAKEN if type(refusal) is NotOffered else refusal.sentence
        return _done_before(form, content, on) or (_add_page(form, known, on, refusal=said), 409)
    desk.say(
        f"Added: {visit.client.first_name if visit.client else 'the client'} was here. No letter is sent of the booking."
    )
    return _to_day(on)


def _add(form: AddForm, client: Client, on: date, now: datetime) -> Appointment:
    place = _chosen(practice.locations(on), form.location.data)
    return afterwards.add(
        _chosen(practice.treatments(), form.treatment.data).id,
        time_values.at_wall(on.isoformat(), form.at.data or "", ZoneInfo(place.zone)),
        therapist_id=_chosen(practice.therapists(on), form.therapist.data).id,
        location_id=place.id,
        client=client,
        reason=form.reason.data or "",
        by=desk.user(),
        now=now,
    )


def _chosen(offered: Sequence[Named], slug: str | None) -> Named:
    found = choices.named(offered, slug)
    if found is None:
        raise NotFound
    return found


def _is_filled_in(form: AddForm, known: Client | None, on: date) -> bool:
    """If the answer to *Same person?* is a known client, the form for somebody new needs no name."""
    if known is None or not isinstance(form, AddNewForm):
        return bool(form.validate())
    plain = AddForm()
    plain.offer(on)
    return bool(plain.validate())


def _done_before(form: AddForm, content: dict[str, Any], on: date) -> ResponseReturnValue | None:
    """Redirect if this form added its visit earlier; None if it added none."""
    if not form.key.data or form.key.process_errors:
        return None
    earlier = idempotency.earlier(browser(), form.key.data, content)
    return _to_day(on) if earlier is not None else None


def _to_day(on: date) -> ResponseReturnValue:
    return redirect(url_for("staff.afterwards", day=on), 303)


def _add_page(
    form: AddForm,
    known: Client | None,
    on: date,
    *,
    alike: Sequence[Caller] = (),
    refusal: str = "",
) -> str:
    return render_template(
        "staff/afterwards/add.html",
        here="today",
        on=on,
        form=form,
        known=known,
        alike=alike,
        refusal=refusal,
        has_errors=bool(form.errors or alike or refusal),
    )
