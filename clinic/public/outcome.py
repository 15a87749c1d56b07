"""The outcome of the answers: the care card, a therapist's review, the chosen treatment, or the suggestion."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, time
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit
from clinic.booking import queries as booking
from clinic.booking.models import Appointment
from clinic.db import transaction
from clinic.guidance import advice, questionnaire
from clinic.guidance.levels import Disposition, Level
from clinic.guidance.questions import PAGES
from clinic.intake import consent, drafts, queries, returning, withdrawal
from clinic.intake.assessment import Advice, SafetyVerdict, advice_so_far, led_by, tell_there
from clinic.intake.explanation import Explanation, safety_of
from clinic.intake.models import Draft, Outcome, Purpose, Submission
from clinic.intake.queries import SafetyStanding
from clinic.language import N_, gettext
from clinic.language.health_texts import health_text
from clinic.language.reading import local_date, local_time, wall_time
from clinic.practice import queries as practice
from clinic.public import care_card, chosen_treatment, suggestion
from clinic.public import intake as intake_pages
from clinic.public.doctors_letter import MailForm
from clinic.public.standing_answers import next_visit_here
from clinic.refusal import Refusal
from clinic.web import access
from clinic.web.access import anyone, audience
from clinic.web.browser import known_browser
from clinic.web.signed_in_client import signed_in_client_id

blueprint = Blueprint("outcome", __name__, url_prefix="/intake/outcome")


class NoOutcome(Refusal):
    """No answers were sent from this browser whose outcome could be mailed."""

    status = 404
    code = "no-outcome"
    sentence = N_(
        "There is no page to send from here. There is one where the questions were answered and sent."
    )


@blueprint.get("")
@audience(anyone)
def show() -> ResponseReturnValue:
    """The present outcome: of the draft, or else of the submitted answers; without either, redirect to the
    beginning."""
    now = clock.now()
    with transaction():
        draft = queries.draft(known_browser(), now)
        if draft is not None and not intake_pages.is_shown_here(draft):
            return redirect(url_for("portal.sign_in", next=url_for("intake.begin")), 303)
        return _of_sent(now) if draft is None else _of_draft(draft, now)


def _of_sent(now: datetime) -> ResponseReturnValue:
    reservation = booking.reservation_of(known_browser(), now)
    standing = _standing_here(now, _zone(reservation, now))
    if not _stops(standing):
        if standing.submission is None:
            return redirect(url_for("intake.begin"), 303)
        if standing.needs_guardian:
            return redirect(url_for("guardian.show"), 303)
    return _sent_page(standing, reservation, now)


def submission_here(now: datetime) -> Submission:
    """The answers of this browser whose outcome can be mailed; raises NoOutcome.

    An emergency is not mailed: there the only thing to do is to call.
    """
    draft = queries.draft(known_browser(), now)
    standing = _standing_here(now, _zone(None, now))
    sent = standing.submission
    if draft is not None or sent is None or standing.needs_guardian or standing.level is Level.URGENT:
        raise NoOutcome
    return sent


def page_by_link(sent: Submission, now: datetime) -> str | None:
    """The present outcome of the person whose answers these are, to read and without ways to go; None if there is none now.

    The look is recorded; the caller commits.
    """
    standing = queries.safety_standing(
        browser=None if sent.client_id else sent.browser,
        client_id=sent.client_id,
        now=now,
        zone=_zone(None, now),
    )
    if not _stops(standing) and (standing.submission is None or standing.needs_guardian):
        return None
    return _sent_page(standing, None, now, is_mailed=True)


def _standing_here(now: datetime, zone: str) -> SafetyStanding:
    return queries.safety_standing(
        browser=known_browser(), client_id=signed_in_client_id(), now=now, zone=zone
    )


def _stops(standing: SafetyStanding) -> bool:
    return standing.level is not None and standing.level.stops


def _sent_page(
    standing: SafetyStanding, reservation: Appointment | None, now: datetime, *, is_mailed: bool = False
) -> str:
    """The outcome of answers that were sent, and the record that it was shown; `is_mailed`: by a one-time link."""
    sent = standing.submission
    outcome, owner = (sent.outcome, sent.client_id) if sent else (None, None)
    if _stops(standing) or outcome is None:
        _record_look(outcome, owner, ("level", "rules"), now, is_mailed=is_mailed)
        return card_of(standing, outcome, is_mailed=is_mailed)
    if standing.level is Level.THERAPIST_REVIEW:
        _record_look(outcome, owner, ("level", "rules", "notes"), now, is_mailed=is_mailed)
        return _looked_at_first(outcome, reservation, now, is_mailed=is_mailed)
    _record_look(outcome, owner, ("level", "rules", "suggestion", "plan"), now, is_mailed=is_mailed)
    if chosen_treatment.has_too_few_answers(outcome):
        return _chosen(outcome, standing, reservation, is_mailed=is_mailed)
    return _suggestion(outcome, reservation, is_mailed=is_mailed)


def _record_look(
    subject: Outcome | Draft | None,
    client_id: UUID | None,
    fields: tuple[str, ...],
    now: datetime,
    *,
    is_mailed: bool = False,
) -> None:
    """Record that an outcome is shown; the caller commits."""
    audit.record(
        access.actor(),
        "read",
        subject,
        subject_type=Outcome.__tablename__,
        client_id=client_id or signed_in_client_id(),
        purpose="outcome by link" if is_mailed else "outcome",
        fields=fields,
        now=now,
    )


def card_of(
    standing: SafetyStanding,
    outcome: Outcome | None,
    *,
    told: Collection[str] | None = None,
    is_mailed: bool = False,
) -> str:
    """The card for a stop that comes from submitted answers; `outcome` is theirs, if there is one.

    `told` are the keys of the answers just given: the card then mentions nothing else that is known.
    """
    # The person who has just answered may be somebody else, and is told nothing that is stored.
    support = _support(outcome) if outcome and told is None else ""
    return _card(
        _advice(standing, outcome, told),
        not_before=standing.not_before,
        support=support,
        letter=MailForm(formdata=None) if outcome and told is None and not is_mailed else None,
        keep=_keep(is_mailed) if outcome and told is None else None,
    )


def _of_draft(draft: Draft, now: datetime) -> ResponseReturnValue:
    """The card that a draft calls for; with a doctor's or another day's card the client can finish the questions."""
    said = advice_so_far(draft.answers, drafts.cleared_rules(draft, draft.answers, now))
    if said.verdict.level.stops:
        _record_look(draft, draft.client_id, ("level", "rules"), now)
    if said.verdict.level is Level.URGENT:
        return _card(said, wrong_answer=_where_answered(draft, said.fields), may_change=True)
    go_on = intake_pages.way_on(draft)
    if said.verdict.level is Level.REFER:
        support = practice.the_practice().support_line if draft.answers.get("mood") == "marked" else ""
        return _card(
            said,
            wrong_answer=_where_answered(draft, said.fields),
            go_on=go_on,
            support=support,
            may_change=True,
            letter=MailForm(formdata=None, mail=draft.mail),
        )
    return redirect(go_on, 303)


def _card(
    said: Advice,
    *,
    wrong_answer: str | None = None,
    go_on: str | None = None,
    not_before: datetime | None = None,
    support: str = "",
    may_change: bool = False,
    letter: MailForm | None = None,
    keep: Mapping[str, object] | None = None,
) -> str:
    here = practice.the_practice()
    emergency_number = here.emergency_number
    is_urgent = said.verdict.level is Level.URGENT
    return render_template(
        "public/outcome/urgent.html" if is_urgent else "public/outcome/refer.html",
        heading=health_text(said.heading).replace("{emergency_number}", emergency_number),
        sentences=[
            health_text(text).replace("{emergency_number}", emergency_number) for text in said.sentences
        ],
        whys=[care_card.as_read(why, here.country) for why in said.whys],
        led=care_card.led_rows(said.led, here.country, may_change=may_change),
        tell=[care_card.as_read(sentence, here.country) for sentence in said.tell],
        steps=care_card.steps(said.how_soon),
        help=care_card.help_at(said.place, here),
        letter=letter,
        postponed=said.verdict.disposition is Disposition.POSTPONE,
        from_when=_from_when(not_before, _zone(None, clock.now())) if not_before else "",
        wrong_answer=wrong_answer,
        go_on=go_on,
        support=support,
        doctor_question=consent.SHARE_WITH_CLINICIAN.paragraphs[0] if _may_ask_for_the_doctor(keep) else "",
        **(keep or {"keep": None}),
    )


def _from_when(instant: datetime, zone: str) -> str:
    """A day that counts from its beginning is named alone, any other instant with its time."""
    day, at = local_date(instant, zone), local_time(instant, zone)
    return day if at == wall_time(time()) else gettext("%(day)s, %(time)s") % {"day": day, "time": at}


def _may_ask_for_the_doctor(keep: Mapping[str, object] | None) -> bool:
    """Whether the reader is a client we know, who has not agreed yet that we speak with their doctor. A page by mail asks nothing."""
    known = signed_in_client_id()
    is_mailed = bool(keep and keep.get("is_shown_once"))
    return not is_mailed and known is not None and not withdrawal.stands(known, Purpose.SHARE_WITH_CLINICIAN)


def _keep(is_mailed: bool) -> Mapping[str, object]:
    """How a page can be kept; one that came by mail is shown once and leads nowhere."""
    mail = None if is_mailed else url_for("own_page.ask_outcome")
    return {"keep": {"is_mailed": is_mailed, "mail": mail}, "is_shown_once": is_mailed}


def _advice(standing: SafetyStanding, outcome: Outcome | None, told: Collection[str] | None) -> Advice:
    """The words for a stop: as stored with the answers, or plain ones if those mention something else too."""
    reached = SafetyVerdict(standing.level or Level.OK, standing.disposition)
    whys: tuple[str, ...] = ()
    if outcome and outcome.level == reached.level and outcome.disposition == reached.disposition:
        stored = safety_of(outcome)
        rules = [rule for rule in stored.fired if rule.level is reached.level]
        open_rules = rules if told is None else [rule for rule in rules if _rests_on(told, rule.answers)]
        whys = tuple(rule.why for rule in open_rules)
        if open_rules == rules:
            return Advice(
                reached,
                stored.heading,
                stored.say,
                whys,
                (),
                led_by(rule.answers for rule in rules),
                stored.how_soon,
                stored.place,
                tell_there(rules),
            )
    heading, sentences = advice.advice(
        level=reached.level, disposition=reached.disposition, rules=(), unsure=()
    )
    return Advice(reached, heading, sentences, whys, ())


def _rests_on(told: Collection[str], facts: Iterable[str]) -> bool:
    """Whether a rule fired because of these answers only; warning signs are all asked at once."""
    return all(fact in told or fact in ("red_flags", "red_flags_unsure") for fact in facts)


def _where_answered(draft: Draft, fields: Iterable[str]) -> str | None:
    """The page on which one of these answers was given: for a returning client mostly that of today."""
    if returning.is_given_today(draft, fields):
        return url_for("returning.ask")
    return _page_of(fields)


def _page_of(fields: Iterable[str]) -> str | None:
    """The first page on which one of these answers was given."""
    slugs = {questionnaire.page_of(field).slug for field in fields}
    first = next((page.slug for page in PAGES if page.slug in slugs), None)
    return url_for("intake.ask", slug=first) if first else None


def _looked_at_first(
    outcome: Outcome, reservation: Appointment | None, now: datetime, *, is_mailed: bool
) -> str:
    heading, sentences = advice.advice(level=Level.THERAPIST_REVIEW, disposition=None, rules=(), unsure=())
    safety = safety_of(outcome)
    return render_template(
        "public/outcome/looked_at_first.html",
        heading=health_text(heading),
        sentences=[health_text(sentence) for sentence in sentences],
        see_doctor=suggestion.doctors_advice(safety),
        watch=care_card.watch(safety, practice.the_practice().emergency_number),
        reservation=reservation,
        has_visit=next_visit_here(now) is not None,
        support=_support(outcome),
        **_keep(is_mailed),
    )


def _suggestion(outcome: Outcome, reservation: Appointment | None, *, is_mailed: bool) -> str:
    settings = practice.the_practice()
    return render_template(
        "public/outcome/suggestion.html",
        page=suggestion.suggestion_page(
            Explanation.of(outcome), practice.treatments(), settings.modalities_off, settings.currency
        ),
        watch=care_card.watch(safety_of(outcome), settings.emergency_number),
        in_sentence=suggestion.in_sentence,
        reservation=reservation,
        support=_support(outcome),
        **_keep(is_mailed),
    )


def _chosen(
    outcome: Outcome, standing: SafetyStanding, reservation: Appointment | None, *, is_mailed: bool
) -> str:
    return render_template(
        "public/outcome/chosen.html",
        page=chosen_treatment.chosen_treatment(outcome, standing.limits, reservation),
        watch=care_card.watch(safety_of(outcome), practice.the_practice().emergency_number),
        reservation=reservation,
        support=_support(outcome),
        **_keep(is_mailed),
    )


def _support(outcome: Outcome) -> str:
    """The practice's line about somebody to talk to, for answers that mention a low mood; otherwise nothing."""
    return practice.the_practice().support_line if suggestion.speaks_of_low_mood(outcome) else ""


def _zone(reservation: Appointment | None, now: datetime) -> str:
    """The zone for "tomorrow": that of the reserved time, or else of the first location."""
    return reservation.zone if reservation is not None else practice.practice_zone(now.date())
