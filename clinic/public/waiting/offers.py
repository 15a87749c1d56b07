"""An offered time: accept or decline it. The first to accept gets it."""

from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, limits, signed_links
from clinic.booking import admission, states
from clinic.booking.models import Appointment, State
from clinic.booking.refusals import NextStep, next_step
from clinic.booking.waiting import offer_answers, queries
from clinic.booking.waiting.models import Offer, OfferEnd
from clinic.booking.waiting.offer_answers import OfferGone
from clinic.db import transaction
from clinic.intake import drafts
from clinic.intake import queries as intake
from clinic.intake.services import adopt
from clinic.language import N_
from clinic.plans import services as plans
from clinic.practice.models import IntakeRule
from clinic.public.waiting import free
from clinic.public.waiting.blueprint import blueprint
from clinic.refusal import NotFound, Refusal
from clinic.web import languages, refusal_page
from clinic.web.access import anyone, audience
from clinic.web.browser import browser, known_browser

CALL_FIRST = N_("Please call us before you take this time: we should speak first.")


@blueprint.get("/o/<token>")
@audience(anyone)
def offer(token: str) -> ResponseReturnValue:
    """The offered time, with *Take this time* and *No, thank you*; or why it is gone."""
    found = _offer(token)
    if (visit := offer_answers.visit_of(found)) is not None:
        return redirect(signed_links.manage_path(visit.id, visit.link_epoch), 303)
    return _offer_page(found, token)


@blueprint.post("/o/<token>/accept")
@audience(anyone)
def accept(token: str) -> ResponseReturnValue:
    """Accept the time. The first gets it; if questions have to be answered first, it stays reserved meanwhile."""
    found, now = _offer(token), clock.now()
    try:
        limits.take(limits.CHANGES_LINK, str(found.id), now)
        with transaction():
            visit = _accepted(found, now)
    except Refusal as refusal:
        step = next_step(refusal)
        if step in (NextStep.HEALTH_QUESTIONS, NextStep.GUARDIAN):
            return _keep_and_go(found.id, token, refusal_page.COMES_FIRST[step], now)
        said = CALL_FIRST if step is NextStep.CARE_CARD else refusal.sentence
        return refusal_page.answer(_offer_page(_offer(token), token, refusal=said), refusal)
    return redirect(f"{signed_links.manage_path(visit.id, visit.link_epoch)}/done", 303)


@blueprint.post("/o/<token>/decline")
@audience(anyone)
def decline(token: str) -> ResponseReturnValue:
    """Decline: the entry stays, and the time goes to somebody else."""
    found, now = _offer(token), clock.now()
    try:
        limits.take(limits.CHANGES_LINK, str(found.id), now)
        with transaction():
            offer_answers.decline(found.id, actor=audit.by_link(found.entry_id), now=now)
    except Refusal as refusal:
        return refusal_page.answer(_offer_page(found, token, refusal=refusal.sentence), refusal)
    flash(N_("Thank you for telling us. You stay on the waiting list."), "ok")
    return redirect(signed_links.entry_path(found.entry_id, found.entry.link_epoch), 303)


def _accepted(found: Offer, now: datetime) -> Appointment:
    """Accept the time; this browser's answers are attached to the entry's client, and a therapist sees them."""
    is_move = found.entry.replaces_id is not None
    client_id = found.entry.client_id
    if not is_move:
        adopt(browser(), client_id, now, is_new=False)
    visit = offer_answers.accept(
        found.id,
        browser=browser(),
        actor=audit.by_link(found.entry_id),
        now=now,
        plain=request.form.get("plain") == "yes",
    )
    submission = None if is_move else intake.newest_full(browser=None, client_id=client_id, now=now)
    if submission is not None:
        plans.open_review(submission.outcome, client_id, visit, now)
    return visit


def _keep_and_go(offer_id: UUID, token: str, endpoint: str, now: datetime) -> ResponseReturnValue:
    """Secure the time for this browser, and go to what has to come first."""
    try:
        with transaction():
            kept = offer_answers.keep_for(
                offer_id, browser=browser(), actor=audit.by_link(_offer(token).entry_id), now=now
            )
            drafts.choose(browser(), kept.treatment.modalities, now)
    except OfferGone as gone:
        return _offer_page(_offer(token), token, refusal=gone.sentence), gone.status
    flash(N_("This time is yours to finish booking. We keep it while you answer."), "ok")
    return redirect(url_for(endpoint), 303)


def _offer(token: str) -> Offer:
    claim = signed_links.check(token, signed_links.OFFER)
    if claim is None:
        raise NotFound
    found = queries.offer(claim.subject_id)
    if not claim.holds(found.entry.link_epoch) or found.entry.client.erased_at is not None:
        raise NotFound
    languages.speak_to(found.entry.client)
    return found


def _offer_page(found: Offer, token: str, *, refusal: str | None = None) -> str:
    now, hold, waited_for = clock.now(), found.offering.hold, found.entry
    is_won = found.end == OfferEnd.ACCEPTED and hold.state == State.HELD and hold.held_by == known_browser()
    is_open = found.ended_at is None and found.expires_at > now and hold.state == State.HELD
    if not (is_open or is_won or refusal):
        try:
            offer_answers.require_open(found, now)
            refusal = OfferGone.sentence
        except OfferGone as gone:
            refusal = gone.sentence
    return render_template(
        "public/waiting/offer.html",
        offer=found,
        visit=hold,
        entry=waited_for,
        token=token,
        is_open=is_open or is_won,
        kept_until=hold.held_until if is_won else found.expires_at,
        is_won=is_won,
        others=len(found.offering.offers) - 1,
        asks_first=_asks_first(found, now),
        is_confirmed=_is_confirmed(found),
        free_until=states.free_until(hold),
        refusal=refusal,
        free=[] if is_open or is_won else free.times(waited_for, now),
        entry_path=signed_links.entry_path(waited_for.id, waited_for.link_epoch),
    )


def _is_confirmed(found: Offer) -> bool:
    """Whether accepting only makes a request; times that staff offered by hand are booked."""
    if found.entry.replaces_id is not None or found.offering.by_id is not None:
        return False
    return admission.is_requested_first(found.offering.hold.treatment, found.entry.client_id)


def _asks_first(found: Offer, now: datetime) -> bool:
    """Whether the health questions come before this time can be booked."""
    hold, waited_for = found.offering.hold, found.entry
    if waited_for.replaces_id is not None or hold.treatment.intake != IntakeRule.BEFORE_BOOKING:
        return False
    standing = intake.safety_standing(
        browser=known_browser(), client_id=waited_for.client_id, now=now, zone=hold.zone
    )
    return not standing.is_answered_for(hold.treatment.modalities)
