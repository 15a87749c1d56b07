"""Looking back on a course: the client's progress, the proposal and its reason, and the therapist's decision."""

from collections.abc import Sequence
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from clinic import clock
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.booking.models import Appointment
from clinic.db import db, transaction
from clinic.guidance.knowledge import MODALITIES
from clinic.plans import look_backs
from clinic.plans.look_backs import MOST_FURTHER, LookBackChoice, LookBackDecision
from clinic.plans.models import LookBack, ReasonKind
from clinic.plans.services import DecisionReasonNeeded
from clinic.refusal import Stale
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clinical import progress
from clinic.staff.forms import REASON_KINDS, REASON_LENGTH
from clinic.web.access import audience, staff
from clinic.web.forms import Form

CHOICES = {
    LookBackChoice.CONTINUE: "Go on with the course as planned",
    LookBackChoice.ACTIVE_CARE: "Go on, and add movement or exercise",
    LookBackChoice.CHANGE: "Try the next type",
    LookBackChoice.SPACE_OUT: "Further sessions, further apart",
    LookBackChoice.FINISH: "Finish the course here",
    LookBackChoice.REFER: "Stop, and advise the client to see a clinician",
}
PROPOSED = {
    "continue": "Go on with the course as planned",
    "change": "Try the next type, or add active care",
    "space_out": "Space the sessions out",
    "refer": "Stop and refer",
    "safety": "Look at the warning sign first",
    "measure": "Ask for the scores first",
}
SPACING = (("fortnightly", "Every two weeks"), ("monthly", "Every month"))


class LookBackForm(Form):
    """The therapist's decision; if it departs from the proposal, it says why."""

    choice = RadioField(
        "Your decision",
        choices=[(choice.value, words) for choice, words in CHOICES.items()],
        validators=[InputRequired("Choose how to go on.")],
    )
    next_type = SelectField("Next type", validators=[Optional()])
    further = SelectField(
        "Further sessions",
        choices=[("", "None chosen"), *((str(n), str(n)) for n in range(1, MOST_FURTHER + 1))],
        validators=[Optional()],
    )
    every = SelectField("How far apart", choices=SPACING, validators=[Optional()])
    reason_kind = RadioField(
        "Why otherwise than proposed?",
        choices=[(kind.value, words) for kind, words in REASON_KINDS],
        validators=[Optional()],
    )
    reason = TextAreaField("In your words", validators=[Optional(), Length(max=REASON_LENGTH)])

    def offer(self, types: Sequence[str]) -> None:
        """Fill in which types could come next."""
        self.next_type.choices = [("", "None chosen"), *((m, MODALITIES[m].name) for m in types)]

    @property
    def verdict(self) -> LookBackDecision:
        """What was chosen."""
        kind = self.reason_kind.data
        return LookBackDecision(
            choice=LookBackChoice(self.choice.data),
            reason_kind=ReasonKind(kind) if kind else None,
            reason=self.reason.data or "",
            next_type=self.next_type.data or "",
            further=int(self.further.data or 0),
            every=self.every.data or "fortnightly",
        )


@blueprint.route(
    "/appointments/<uuid:appointment_id>/look-back", endpoint="look_back", methods=["GET", "POST"]
)
@audience(staff, Permission.REVIEW_DECIDE)
def look_back(appointment_id: UUID) -> ResponseReturnValue:
    """Look back at one session of an own client's course, and decide how it continues."""
    visit, user, now = desk.visit(appointment_id), desk.user(), clock.now()
    desk.require_own(desk.client_id_of(visit), now)
    with transaction():
        panel = progress.panel(visit, reader=user, now=now)
    if panel is None:
        raise look_backs.NoLookBack
    form = LookBackForm()
    form.offer(look_backs.next_types(panel.progress.course.plan, visit, now))
    if form.validate_on_submit():
        problem = _decide(visit, form, user)
        if problem is None:
            desk.say("Decided, and kept beside what was proposed.")
            return redirect(url_for("staff.look_back", appointment_id=appointment_id), 303)
        form.form_errors.append(problem)
    page = render_template(
        "staff/clinical/look_back.html",
        here="calendar",
        appointment=visit,
        panel=panel,
        form=form,
        has_errors=form.has_errors,
        proposed=PROPOSED[panel.progress.proposal.step.value],
        decided=_decided(panel.progress.decided),
        booked=look_backs.booked_after(visit),
    )
    return page, 400 if request.method == "POST" else 200


def _decide(visit: Appointment, form: LookBackForm, user: User) -> str | None:
    """Decide; returns the sentence of a refusal that the form can show."""
    try:
        with transaction():
            look_backs.decide(visit, form.verdict, by=user, now=clock.now())
    except (DecisionReasonNeeded, look_backs.NotThisNext, look_backs.NotSoMany, Stale) as refusal:
        return refusal.sentence
    return None


def _decided(kept: LookBack | None) -> list[tuple[str, str]]:
    """What was decided, as terms and words; empty before."""
    if kept is None:
        return []
    content = kept.content
    by = db.session.get_one(User, kept.decided_by_id)
    rows = [
        ("Proposed", f"{PROPOSED[content['proposed']]}. {content['why']}"),
        ("Decided", CHOICES[LookBackChoice(content["chosen"])]),
        ("By", by.name),
    ]
    if content["modalities"] != content["modalities_before"]:
        rows.append(("Types from now on", ", then ".join(MODALITIES[m].name for m in content["modalities"])))
    if content["chosen"] == LookBackChoice.SPACE_OUT:
        rows.append(("Sessions in all", str(content["sessions"])))
    if content["reason_kind"]:
        rows.append(("Why", dict(REASON_KINDS)[ReasonKind(content["reason_kind"])]))
    if content["reason"]:
        rows.append(("In words", content["reason"]))
    return rows
