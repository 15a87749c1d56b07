"""The waiting list: join, look at what one waits for, change it, withdraw; take or decline an offered time.

A wish and an offer each have an address that is its own key, like an appointment's. It tells neither names nor health, and
nothing changes on GET.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, limits, links
from clinic.booking import idempotency, services, states
from clinic.booking import queries as appointments
from clinic.booking.idempotency import Answer
from clinic.booking.models import Appointment, State
from clinic.booking.newcomers import NotFirst
from clinic.booking.placing import NotOffered
from clinic.booking.waiting import answers, queries, wishes
from clinic.booking.waiting.answers import OfferGone
from clinic.booking.waiting.matching import Time
from clinic.booking.waiting.models import Offer, OfferEnd, Wish
from clinic.booking.waiting.wishes import NoLongerWaiting, NothingEarlier, WaitsAlready
from clinic.db import transaction
from clinic.intake import queries as intake
from clinic.intake.services import adopt
from clinic.plans import services as plans
from clinic.practice import queries as practice
from clinic.practice.models import IntakeRule, Treatment
from clinic.public.booking import client_of, known
from clinic.public.forms import EarlierForm, JoinForm
from clinic.refusal import NotFound
from clinic.scheduling import hours
from clinic.web.access import anyone, audience
from clinic.web.browser import browser, known_browser
from clinic.web.wish_form import PARTS, WishForm, in_words

blueprint = Blueprint("waiting", __name__)

UNPROCESSABLE = 422
SHOWN_FREE = 3
ABOUT_A_DAY = timedelta(hours=12)
"""Of the free times of one day one is shown: what matters is that there are any."""


@blueprint.get("/waiting-list/<slug>")
@audience(anyone)
def ask(slug: str) -> str:
    """What suits somebody for whom nothing is free."""
    sold, now = practice.treatment(slug), clock.now()
    form = JoinForm(formdata=None, data={**known(), "key": idempotency.new_key()})
    _offer_choices(form, sold, now)
    form.begin(sold, now)
    form.therapist.data = _chosen(sold.therapists, request.args.get("therapist"))
    form.location.data = _chosen(practice.locations(now.date()), request.args.get("location"))
    return _join_page(form, sold)


@blueprint.post("/waiting-list/<slug>")
@audience(anyone)
def join(slug: str) -> ResponseReturnValue:
    """Wait. The same form sent twice finds its own place on the list."""
    sold, now = practice.treatment(slug), clock.now()
    form = JoinForm()
    _offer_choices(form, sold, now)
    content = _content(form)
    if (done := _done_before(form, content)) is not None:
        return done
    if not form.validate():
        return _join_page(form, sold), UNPROCESSABLE
    limits.take(limits.WAITING_NETWORK, limits.network(request.remote_addr), now)
    limits.take(limits.WAITING_CONTACT, (form.mail.data or "").casefold(), now)
    try:
        with transaction():
            client, actor = client_of(form, now)
            wish = wishes.join(
                client=client,
                treatment_id=sold.id,
                therapist_id=form.therapist_id,
                location_id=form.location_id,
                times=form.times,
                last_on=form.until,
                actor=actor,
                now=now,
            )
            location = links.wish_path(wish.id, wish.link_epoch)
            idempotency.remember(browser(), form.key.data or "", content, Answer(303, location), now)
    except idempotency.AtTheSameTime:
        return _done_before(form, content) or redirect(url_for(".ask", slug=slug), 303)
    flash("You are on the waiting list.", "ok")
    return redirect(location, 303)


@blueprint.get("/w/<token>")
@audience(anyone)
def wish(token: str) -> str:
    """What somebody waits for, what is free already, and how to change or withdraw it."""
    return _wish_page(_wish(token), token)


@blueprint.get("/w/<token>/change")
@audience(anyone)
def ask_change(token: str) -> ResponseReturnValue:
    """Other days, another therapist, another last day."""
    waited_for, now = _wish(token), clock.now()
    if not waited_for.is_live or waited_for.replaces_id is not None:
        return redirect(url_for(".wish", token=token), 303)
    form = WishForm(formdata=None)
    _offer_choices(form, waited_for.treatment, now)
    form.therapist.data = str(waited_for.therapist_id or "")
    form.location.data = str(waited_for.location_id or "")
    form.last_on.data = waited_for.last_on
    form.show_times(waited_for.times)
    return _change_page(form, waited_for, token)


@blueprint.post("/w/<token>/change")
@audience(anyone)
def change(token: str) -> ResponseReturnValue:
    """Wait for that instead; the place in the order stays."""
    waited_for, now = _wish(token), clock.now()
    form = WishForm()
    _offer_choices(form, waited_for.treatment, now)
    if not form.validate():
        return _change_page(form, waited_for, token), UNPROCESSABLE
    limits.take(limits.CHANGES_LINK, str(waited_for.id), now)
    try:
        with transaction():
            wishes.change(
                waited_for.id,
                therapist_id=form.therapist_id,
                location_id=form.location_id,
                times=form.times,
                last_on=form.until,
                actor=audit.by_link(waited_for.id),
                now=now,
            )
    except NoLongerWaiting as over:
        return _wish_page(_wish(token), token, refusal=over.sentence), over.status
    flash("Changed. Your place on the list stays the same.", "ok")
    return redirect(url_for(".wish", token=token), 303)


@blueprint.post("/w/<token>/withdraw")
@audience(anyone)
def withdraw(token: str) -> ResponseReturnValue:
    """Wait no longer."""
    waited_for, now = _wish(token), clock.now()
    limits.take(limits.CHANGES_LINK, str(waited_for.id), now)
    with transaction():
        wishes.withdraw(waited_for.id, actor=audit.by_link(waited_for.id), now=now)
    flash("You are no longer on the waiting list.", "ok")
    return redirect(url_for(".wish", token=token), 303)


@blueprint.get("/a/<token>/earlier")
@audience(anyone)
def ask_earlier(token: str) -> ResponseReturnValue:
    """When an earlier time would suit, for a visit that stands."""
    visit, now = _visit(token), clock.now()
    if (waits := queries.earlier_than(visit.id)) is not None:
        return redirect(links.wish_path(waits.id, waits.link_epoch), 303)
    if visit.state not in wishes.MAY_BE_EARLIER or visit.starts_at <= now:
        return redirect(url_for("appointment.manage", token=token), 303)
    form = EarlierForm(formdata=None)
    form.days.data = [str(day) for day in practice.weekdays_of(visit.treatment, now.date())]
    form.parts.data = [value for value, _ in PARTS]
    return _earlier_page(form, visit, token)


@blueprint.post("/a/<token>/earlier")
@audience(anyone)
def earlier(token: str) -> ResponseReturnValue:
    """Wait for something earlier; the visit stays until an earlier time is taken."""
    visit, now = _visit(token), clock.now()
    form = EarlierForm()
    if not form.validate():
        return _earlier_page(form, visit, token), UNPROCESSABLE
    limits.take(limits.CHANGES_LINK, str(visit.id), now)
    try:
        with transaction():
            waits = wishes.join_earlier(
                visit,
                times=form.times,
                any_therapist=not form.same_therapist.data,
                actor=audit.by_link(visit.id),
                now=now,
            )
    except (NothingEarlier, WaitsAlready) as refusal:
        flash(refusal.sentence, "caution")
        return redirect(url_for("appointment.manage", token=token), 303)
    flash("We tell you when something earlier is free. Your appointment stays as it is.", "ok")
    return redirect(links.wish_path(waits.id, waits.link_epoch), 303)


@blueprint.get("/o/<token>")
@audience(anyone)
def offer(token: str) -> ResponseReturnValue:
    """A time that is kept, with *Take this time* and *No, thank you*; or why it is gone."""
    found = _offer(token)
    if (visit := answers.visit_of(found)) is not None:
        return redirect(links.manage_path(visit.id, visit.link_epoch), 303)
    return _offer_page(found, token)


@blueprint.post("/o/<token>/accept")
@audience(anyone)
def accept(token: str) -> ResponseReturnValue:
    """Take the time. The first one gets it; who has to answer questions first has it kept meanwhile."""
    found, now = _offer(token), clock.now()
    limits.take(limits.CHANGES_LINK, str(found.id), now)
    try:
        with transaction():
            visit = _accepted(found, now)
    except (OfferGone, NotOffered, NothingEarlier) as gone:
        return _offer_page(_offer(token), token, refusal=gone.sentence), gone.status
    except states.IntakeNeeded:
        return _keep_and_go(found.id, token, "intake.begin", now)
    except states.GuardianNeeded:
        return _keep_and_go(found.id, token, "guardian.show", now)
    except states.NotCleared as stop:
        text = "Please call us before you take this time: we should speak first."
        return _offer_page(_offer(token), token, refusal=text), stop.status
    except (services.TooManyOpen, NotFirst) as refused:
        return _offer_page(_offer(token), token, refusal=refused.sentence), refused.status
    return redirect(f"{links.manage_path(visit.id, visit.link_epoch)}/done", 303)


@blueprint.post("/o/<token>/decline")
@audience(anyone)
def decline(token: str) -> ResponseReturnValue:
    """No thanks: the wish stays, the time goes to somebody else."""
    found, now = _offer(token), clock.now()
    limits.take(limits.CHANGES_LINK, str(found.id), now)
    with transaction():
        answers.decline(found.id, actor=audit.by_link(found.wish_id), now=now)
    flash("Thank you for telling us. You stay on the waiting list.", "ok")
    return redirect(links.wish_path(found.wish_id, found.wish.link_epoch), 303)


def _accepted(found: Offer, now: datetime) -> Appointment:
    """Take the time; what this browser answered belongs to whoever waited, and a therapist sees it."""
    is_move = found.wish.replaces_id is not None
    client_id = found.wish.client_id
    if not is_move:
        adopt(browser(), client_id, now, is_new=False)
    visit = answers.accept(
        found.id,
        browser=browser(),
        actor=audit.by_link(found.wish_id),
        now=now,
        plain=request.form.get("plain") == "yes",
    )
    submission = None if is_move else intake.newest_full(browser=None, client_id=client_id, now=now)
    if submission is not None:
        plans.open_review(submission.outcome, client_id, visit, now)
    return visit


def _keep_and_go(offer_id: UUID, token: str, endpoint: str, now: datetime) -> ResponseReturnValue:
    """Win the time for this browser, and go and do first what must come first."""
    try:
        with transaction():
            answers.keep_for(offer_id, browser=browser(), actor=audit.by_link(_offer(token).wish_id), now=now)
    except OfferGone as gone:
        return _offer_page(_offer(token), token, refusal=gone.sentence), gone.status
    flash("This time is yours to finish booking. We keep it while you answer.", "ok")
    return redirect(url_for(endpoint), 303)


def _offer_choices(form: WishForm, sold: Treatment, now: datetime) -> None:
    form.offer(sold, practice.locations(now.date()), now)


def _chosen(among: Any, slug: str | None) -> str:
    return next((str(each.id) for each in among if each.slug == slug), "")


def _content(form: JoinForm) -> dict[str, Any]:
    return {name: str(value) for name, value in form.data.items() if name not in ("key", "csrf_token")}


def _done_before(form: JoinForm, content: dict[str, Any]) -> ResponseReturnValue | None:
    if not form.key.data or form.key.process_errors:
        return None
    earlier = idempotency.earlier(browser(), form.key.data, content)
    return redirect(earlier.location, 303) if earlier is not None and earlier.location else None


def _wish(token: str) -> Wish:
    """The wish of an address; a changed address finds nothing, like one that never was."""
    claim = links.check(token, links.WISH)
    if claim is None:
        raise NotFound
    found = queries.wish(claim.subject_id)
    if not claim.holds(found.link_epoch) or found.client.erased_at is not None:
        raise NotFound
    return found


def _offer(token: str) -> Offer:
    claim = links.check(token, links.OFFER)
    if claim is None:
        raise NotFound
    found = queries.offer(claim.subject_id)
    if not claim.holds(found.wish.link_epoch) or found.wish.client.erased_at is not None:
        raise NotFound
    return found


def _visit(token: str) -> Appointment:
    claim = links.check(token)
    if claim is None:
        raise NotFound
    found = appointments.appointment(claim.subject_id)
    if not claim.holds(found.link_epoch):
        raise NotFound
    return found


def _join_page(form: JoinForm, sold: Treatment) -> str:
    return render_template(
        "public/waiting/join.html",
        form=form,
        treatment=sold,
        minutes=practice.the_practice().offer_minutes,
        has_errors=form.has_errors,
    )


def _change_page(form: WishForm, waited_for: Wish, token: str) -> str:
    return render_template(
        "public/waiting/change.html", form=form, wish=waited_for, token=token, has_errors=form.has_errors
    )


def _earlier_page(form: EarlierForm, visit: Appointment, token: str) -> str:
    return render_template(
        "public/waiting/earlier.html",
        form=form,
        visit=visit,
        token=token,
        minutes=practice.the_practice().offer_minutes,
        has_errors=form.has_errors,
    )


def _wish_page(waited_for: Wish, token: str, *, refusal: str | None = None) -> str:
    now = clock.now()
    open_ = queries.open_offer(waited_for.id, now) if waited_for.is_live else None
    visit = waited_for.replaces
    return render_template(
        "public/waiting/wish.html",
        wish=waited_for,
        words=in_words(waited_for.times),
        token=token,
        refusal=refusal,
        open_offer=open_,
        open_path=links.offer_path(open_.id, waited_for.link_epoch) if open_ else None,
        visit_path=links.manage_path(visit.id, visit.link_epoch) if visit else None,
        free=_free(waited_for, now),
        minutes=practice.the_practice().offer_minutes,
    )


def _free(waited_for: Wish, now: datetime) -> list[tuple[Time, str, str]]:
    """What is free for everybody and suits, with who gives it and where it is taken."""
    if not waited_for.is_live:
        return []
    names = {person.id: person.given_name for person in waited_for.treatment.therapists}
    return [
        (time, names.get(time.therapist_id, ""), _where_to_take(waited_for, time))
        for time in queries.fitting(waited_for, now, SHOWN_FREE, apart=ABOUT_A_DAY)
    ]


def _where_to_take(waited_for: Wish, time: Time) -> str:
    on = hours.local_day(time.starts_at, time.zone)
    visit = waited_for.replaces
    if visit is not None:
        token = links.token(links.MANAGE, visit.id, visit.link_epoch)
        return url_for("appointment.choose", token=token, day=on, _anchor="times")
    places = {place.id: place.slug for place in practice.locations(on)}
    return url_for(
        "booking.choose",
        slug=waited_for.treatment.slug,
        location=places.get(time.location_id),
        day=on,
        _anchor="times",
    )


def _offer_page(found: Offer, token: str, *, refusal: str | None = None) -> str:
    now, hold, waited_for = clock.now(), found.offering.hold, found.wish
    is_won = found.end == OfferEnd.ACCEPTED and hold.state == State.HELD and hold.held_by == known_browser()
    is_open = found.ended_at is None and found.expires_at > now and hold.state == State.HELD
    if not (is_open or is_won or refusal):
        try:
            answers.require_open(found, now)
            refusal = OfferGone.sentence
        except OfferGone as gone:
            refusal = gone.sentence
    return render_template(
        "public/waiting/offer.html",
        offer=found,
        visit=hold,
        wish=waited_for,
        token=token,
        is_open=is_open or is_won,
        kept_until=hold.held_until if is_won else found.expires_at,
        is_won=is_won,
        others=len(found.offering.offers) - 1,
        asks_first=_asks_first(found, now),
        free_until=states.free_until(hold),
        refusal=refusal,
        free=[] if is_open or is_won else _free(waited_for, now),
        wish_path=links.wish_path(waited_for.id, waited_for.link_epoch),
    )


def _asks_first(found: Offer, now: datetime) -> bool:
    """Whether the health questions come before this time can be booked."""
    hold, waited_for = found.offering.hold, found.wish
    if waited_for.replaces_id is not None or hold.treatment.intake != IntakeRule.BEFORE_BOOKING:
        return False
    standing = intake.standing(
        browser=known_browser(), client_id=waited_for.client_id, now=now, zone=hold.zone
    )
    return standing.submission is None or not standing.fresh
