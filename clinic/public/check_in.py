"""Two questions two days after a visit, behind the link in the letter: it takes answers and never shows one."""

from datetime import datetime

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import RadioField
from wtforms.validators import InputRequired

from clinic import clock
from clinic.accounts import limits, signed_links
from clinic.booking import queries as appointments
from clinic.booking.models import CAME, Appointment
from clinic.db import db, transaction
from clinic.guidance import aftercare
from clinic.language import N_
from clinic.plans import check_ins
from clinic.plans.check_ins import Feeling, Reply
from clinic.refusal import NotFound, Refusal
from clinic.web.access import anyone, audience
from clinic.web.forms import Form

blueprint = Blueprint("check_in", __name__, url_prefix="/check-in")

UNPROCESSABLE = 422


class Over(Refusal):
    """The link is valid but has expired."""

    status = 410
    code = "check-in-over"
    sentence = N_("These questions were open for 30 days. Please call us if something worries you.")


class CheckInForm(Form):
    """How it went since the session."""

    feels = RadioField(
        N_("How do you feel now, compared with before the session?"),
        choices=[
            (Feeling.BETTER.value, N_("Better")),
            (Feeling.SAME.value, N_("About the same")),
            (Feeling.WORSE.value, N_("Worse")),
        ],
        validators=[InputRequired(N_("Choose how you feel."))],
    )
    worrying = RadioField(
        N_("Is there anything that worries you?"),
        choices=[("no", N_("No")), ("yes", N_("Yes"))],
        validators=[InputRequired(N_("Choose whether anything worries you."))],
    )

    @property
    def reply(self) -> Reply:
        """What was answered."""
        return Reply(Feeling(self.feels.data), self.worrying.data == "yes")


@blueprint.get("/<token>")
@audience(anyone)
def ask(token: str) -> str:
    """The two questions, always empty."""
    return _page(_visit(token, clock.now()), CheckInForm(formdata=None))


@blueprint.post("/<token>")
@audience(anyone)
def answer(token: str) -> ResponseReturnValue:
    """Store the answer. A worrying one waits for the therapist, and the page says when not to wait for us."""
    now = clock.now()
    visit, form = _visit(token, now), CheckInForm()
    if not form.validate():
        return _page(visit, form), UNPROCESSABLE
    limits.take(limits.CHANGES_LINK, str(visit.id), now)
    with transaction():
        check_ins.answer(visit, form.reply, now)
    return render_template(
        "public/check_in_thanks.html",
        asks_for_therapist=form.reply.asks_for_therapist,
        signs=aftercare.WARNING_SIGNS,
    )


def _page(visit: Appointment, form: CheckInForm) -> str:
    return render_template(
        "public/check_in.html", visit=visit, form=form, has_errors=form.has_errors, action=request.path
    )


def _visit(token: str, now: datetime) -> Appointment:
    claim = signed_links.check(token, signed_links.CHECK_IN)
    found = db.session.get(Appointment, claim.subject_id) if claim else None
    if claim is None or found is None or not claim.holds(found.link_epoch):
        raise NotFound
    if (
        found.client is None
        or found.client.erased_at is not None
        or found.state not in CAME
        or now < found.ends_at
    ):
        raise NotFound
    if now >= found.ends_at + check_ins.OPEN_FOR:
        raise Over
    return appointments.appointment(found.id)
