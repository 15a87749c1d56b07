"""Incidents: recorded and signed from the visit's page, listed for own clients, corrected by additions."""

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from clinic import clock
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.db import db, new_id, transaction
from clinic.plans import incidents
from clinic.plans.incidents import IncidentContent, IncidentKind
from clinic.plans.models import Incident
from clinic.refusal import NotFound, Refusal
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.staff.forms import NOTE_LENGTH, AddendumForm
from clinic.web.access import audience, staff
from clinic.web.forms import Form

KINDS = {
    IncidentKind.FALL: "Fall",
    IncidentKind.FAINT: "Faint",
    IncidentKind.BURN: "Burn",
    IncidentKind.BRUISE: "Bruise",
    IncidentKind.COMPLAINT: "Complaint",
    IncidentKind.OTHER: "Something else",
}


class IncidentForm(Form):
    """What went wrong; `incident` is the record's id, so that a form sent twice records once."""

    incident = HiddenField(validators=[InputRequired("This page is not complete. Please open it again.")])
    kind = RadioField(
        "What was it?",
        choices=[(kind.value, words) for kind, words in KINDS.items()],
        validators=[InputRequired("Choose what it was.")],
    )
    happened = TextAreaField(
        "What happened",
        description="What you saw and what the client said, in plain words.",
        validators=[InputRequired("Write what happened."), Length(max=NOTE_LENGTH)],
    )
    done = TextAreaField(
        "What was done",
        description="For example: lay down, water, somebody came to fetch them.",
        validators=[Optional(), Length(max=NOTE_LENGTH)],
    )

    def validate_incident(self, field: HiddenField) -> None:
        """The id that the page gave the record."""
        try:
            UUID(field.data or "")
        except ValueError:
            raise ValidationError("This page is not complete. Please open it again.") from None

    @property
    def content(self) -> IncidentContent:
        """What was typed."""
        return IncidentContent(
            kind=IncidentKind(self.kind.data),
            happened=self.happened.data or "",
            done=self.done.data or "",
        )


class IncidentAddendumForm(AddendumForm):
    """An addition to a signed incident."""

    text = TextAreaField(
        "Add to this record",
        description="To correct something, say what is right. The record above stays as it was signed.",
        validators=[InputRequired("Write what you want to add."), Length(max=NOTE_LENGTH)],
    )


@blueprint.get("/incidents", endpoint="incidents")
@audience(staff, Permission.NOTE_WRITE)
def listed() -> ResponseReturnValue:
    """The newest incidents of own clients."""
    now = clock.now()
    with transaction():
        found = incidents.of_own_clients(desk.user(), now)
        contents = incidents.open_content(found, by=desk.user(), now=now, purpose="incident list")
        return render_template(
            "staff/clinical/incidents.html",
            here="today",
            found=list(zip(found, contents, strict=True)),
            KINDS=KINDS,
            most=incidents.LISTED,
        )


@blueprint.route(
    "/appointments/<uuid:appointment_id>/incidents/new", endpoint="new_incident", methods=["GET", "POST"]
)
@audience(staff, Permission.NOTE_WRITE)
def new(appointment_id: UUID) -> ResponseReturnValue:
    """Record an incident of an own client's visit, and sign it."""
    now = clock.now()
    visit = desk.visit(appointment_id)
    desk.require_own(desk.client_id_of(visit), now)
    if not incidents.can_record(visit, now):
        raise incidents.NobodyCameYet
    form, status = IncidentForm(), 200
    if request.method == "GET":
        form.incident.data = str(new_id())
    elif form.validate():
        try:
            with transaction():
                made = incidents.record(
                    visit, form.content, incident_id=UUID(form.incident.data), by=desk.user(), now=now
                )
        except Refusal as refusal:
            form.form_errors.append(refusal.sentence)
            status = refusal.status
        else:
            desk.say("Signed. The record is locked; you can add to it.")
            return redirect(url_for("staff.incident", incident_id=made.id), 303)
    else:
        status = 400
    page = render_template(
        "staff/clinical/incident_new.html",
        here="today",
        appointment=visit,
        form=form,
        has_errors=form.has_errors,
    )
    return page, status


@blueprint.get("/incidents/<uuid:incident_id>", endpoint="incident")
@audience(staff, Permission.NOTE_WRITE)
def show(incident_id: UUID) -> ResponseReturnValue:
    """One incident with what was added."""
    return _page(_own(incident_id), IncidentAddendumForm(formdata=None))


@blueprint.post("/incidents/<uuid:incident_id>/more", endpoint="add_to_incident")
@audience(staff, Permission.NOTE_WRITE)
def add(incident_id: UUID) -> ResponseReturnValue:
    """Add to a signed incident."""
    incident = _own(incident_id)
    form = IncidentAddendumForm()
    if not form.validate_on_submit():
        return _page(incident, form), 400
    with transaction():
        incidents.add(incident, form.text.data or "", by=desk.user(), now=clock.now())
    desk.say("Added to the record.")
    return redirect(url_for("staff.incident", incident_id=incident_id), 303)


def _own(incident_id: UUID) -> Incident:
    found = db.session.get(Incident, incident_id)
    if found is None:
        raise NotFound
    desk.require_own(found.client_id, clock.now())
    return found


def _page(incident: Incident, form: IncidentAddendumForm) -> str:
    now = clock.now()
    with transaction():
        content = incidents.open_content([incident], by=desk.user(), now=now)[0]
        return render_template(
            "staff/clinical/incident.html",
            here="today",
            incident=incident,
            appointment=desk.visit(incident.appointment_id),
            rows=[
                (title, text)
                for title, text in (
                    ("What it was", KINDS[content.kind]),
                    ("What happened", content.happened),
                    ("What was done", content.done),
                )
                if text
            ],
            author=db.session.get(User, incident.author_id),
            addenda=[
                (addendum, db.session.get(User, addendum.author_id))
                for addendum in incidents.addenda(incident)
            ],
            form=form,
            has_errors=form.has_errors,
            zone=practice_zone(now),
        )
