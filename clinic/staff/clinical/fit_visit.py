"""One visit that does not suit its client's answers: give another treatment, or set aside what speaks against it."""

from datetime import datetime
from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from clinic import clock
from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.booking import fitting, suitability
from clinic.booking.models import Appointment, State
from clinic.booking.states import NotNow
from clinic.db import db, transaction
from clinic.plans import queries as plans
from clinic.practice.queries import the_practice
from clinic.refusal import Refusal, Stale
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.clinical import fit_choices
from clinic.staff.clinical.fit_choices import FitChoices
from clinic.web.access import audience, staff
from clinic.web.forms import Form, Ticks


class FitForm(Form):
    """What a visit becomes, or what is set aside for it."""

    revision = HiddenField(
        validators=[InputRequired("This page is not complete. Please open the visit again.")]
    )
    becomes = RadioField(
        "What the visit becomes", choices=[], validators=[InputRequired("Choose what the visit becomes.")]
    )
    waived = Ticks(
        "What speaks against it and you set aside",
        description="Only if you have checked why it need not apply here. It stays on the visit, with your reason.",
        choices=[],
        validators=[Optional()],
    )
    reason = TextAreaField(
        "Why it need not apply", validators=[Optional(), Length(max=suitability.LONGEST_REASON)]
    )


@blueprint.route("/appointments/<uuid:appointment_id>/fit", endpoint="fit_visit", methods=["GET", "POST"])
@audience(staff, Permission.REVIEW_DECIDE)
def fit_visit(appointment_id: UUID) -> ResponseReturnValue:
    """Change an own client's visit, or set aside by name and with a reason what speaks against it."""
    now, user = clock.now(), desk.user()
    visit = desk.visit(appointment_id)
    client_id = desk.client_id_of(visit)
    desk.require_own(client_id, now)
    if visit.state not in (State.REQUESTED, State.BOOKED) or visit.starts_at <= now:
        raise NotNow
    own_page = url_for("staff.visit", appointment_id=visit.id)
    with transaction():
        fits = FitChoices.of(visit, (), now)
        audit.record(
            audit.by_user(user.id),
            "read",
            visit,
            client_id=client_id,
            purpose="fit",
            fields=("rules",),
            now=now,
        )
    if not fits.objections:
        return redirect(own_page, 303)
    form = FitForm()
    form.becomes.choices, form.waived.choices = fits.becomes(the_practice().currency), fits.waived()
    if form.validate_on_submit():
        problem = _carry_out(visit, form, fits, user, now)
        if problem is None:
            desk.say("The visit now fits the answers.")
            return redirect(own_page, 303)
        form.form_errors.append(problem)
    elif not form.is_submitted():
        form.revision.data = str(visit.revision)
        form.becomes.data = fits.best.fit.code if fits.best else fit_choices.KEEP
    return (
        render_template(
            "staff/clinical/fit_visit.html",
            here="calendar",
            appointment=visit,
            fits=fits,
            named=fit_choices.named,
            form=form,
            has_errors=form.has_errors,
        ),
        400 if form.has_errors else 200,
    )


def _carry_out(visit: Appointment, form: FitForm, fits: FitChoices, user: User, now: datetime) -> str | None:
    """Change the visit or set things aside; returns the sentence of a refusal that the form can show."""
    try:
        with transaction():
            if form.revision.data != str(visit.revision):
                raise Stale
            fit = fit_choices.chosen_fit(form.becomes.data)
            if fit is not None:
                fitting.refit(visit.id, fit, actor=audit.by_user(user.id), now=now, revision=visit.revision)
            else:
                _set_aside(visit, form, fits, user, now)
            suitability.refuse_unsuitable(visit, now)
    except suitability.NotSuitable as refusal:
        against = " ".join(fit_choices.named(one) for one in refusal.objections)
        return f"{against} Tick what you set aside, or choose what the visit becomes."
    except Refusal as refusal:
        form.revision.data = str(db.session.get_one(Appointment, visit.id).revision)
        return refusal.sentence
    return None


def _set_aside(visit: Appointment, form: FitForm, fits: FitChoices, user: User, now: datetime) -> None:
    keys = fits.keys(form.waived.data or ())
    named = [one for one in fits.objections if set(one.keys) <= keys]
    if named:
        newest = plans.newest_review(desk.client_id_of(visit))
        suitability.set_aside(
            desk.client_id_of(visit),
            named,
            visit=visit,
            submission_id=newest.submission_id if newest else None,
            whole_course=False,
            reason=form.reason.data or "",
            by=user,
            now=now,
        )
