"""An earlier time for an existing visit, which stays as it is until one is accepted."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, limits, signed_links
from clinic.booking import queries as appointments
from clinic.booking.models import Appointment
from clinic.booking.waiting import entries, queries
from clinic.booking.waiting.entries import NothingEarlier, WaitsAlready
from clinic.db import transaction
from clinic.language import N_
from clinic.practice import queries as practice
from clinic.public.forms import EarlierForm
from clinic.public.waiting.blueprint import blueprint
from clinic.refusal import Refusal
from clinic.web import languages, refusal_page
from clinic.web.access import anyone, audience
from clinic.web.waiting_form import PARTS


@blueprint.get("/a/<token>/earlier")
@audience(anyone)
def ask_earlier(token: str) -> ResponseReturnValue:
    """When an earlier time would suit, for an existing visit."""
    visit, now = _visit(token), clock.now()
    if (waits := queries.earlier_than(visit.id)) is not None:
        return redirect(signed_links.entry_path(waits.id, waits.link_epoch), 303)
    if not entries.may_wait(visit, now):
        return redirect(url_for("appointment.manage", token=token), 303)
    form = EarlierForm(formdata=None)
    form.days.data = [str(day) for day in practice.weekdays_of(visit.treatment.therapists, now.date())]
    form.parts.data = [value for value, _ in PARTS]
    return _earlier_page(form, visit, token)


@blueprint.post("/a/<token>/earlier")
@audience(anyone)
def earlier(token: str) -> ResponseReturnValue:
    """Wait for an earlier time; the visit stays until one is accepted."""
    visit, now = _visit(token), clock.now()
    form = EarlierForm()
    if not form.validate():
        return _earlier_page(form, visit, token), 422
    try:
        limits.take(limits.CHANGES_LINK, str(visit.id), now)
        with transaction():
            waits = entries.join_earlier(
                visit,
                times=form.times,
                any_therapist=not form.same_therapist.data,
                actor=audit.by_link(visit.id),
                now=now,
            )
    except (NothingEarlier, WaitsAlready) as refusal:
        flash(refusal.sentence, "caution")
        return redirect(url_for("appointment.manage", token=token), 303)
    except Refusal as refusal:
        return refusal_page.answer(_earlier_page(form, visit, token, refusal=refusal), refusal)
    flash(N_("We tell you when something earlier is free. Your appointment stays as it is."), "ok")
    return redirect(signed_links.entry_path(waits.id, waits.link_epoch), 303)


def _visit(token: str) -> Appointment:
    found = appointments.by_manage_token(token)
    languages.speak_to(found.client)
    return found


def _earlier_page(
    form: EarlierForm, visit: Appointment, token: str, *, refusal: Refusal | None = None
) -> str:
    return render_template(
        "public/waiting/earlier.html",
        form=form,
        visit=visit,
        token=token,
        minutes=practice.the_practice().offer_minutes,
        refusal=refusal,
        has_errors=refusal is not None or form.has_errors,
    )
