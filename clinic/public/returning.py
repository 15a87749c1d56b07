"""A client who answered within six months: what is new since then, on one page; then what they told us before.

Nothing they told us is shown unless they are signed in, because only that proves their address: a letter that somebody forwards
opens nothing. Nothing is stored before the first page is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import limits
from clinic.db import transaction
from clinic.guidance.levels import Level
from clinic.guidance.questions import FLAG_PREFIX, Question
from clinic.intake import drafts, path, queries, returning
from clinic.intake.assessment import SafetyVerdict, so_far
from clinic.intake.models import Draft, Submission
from clinic.language.reading import and_year, day_and_month, local
from clinic.practice import queries as practice
from clinic.public import answers as written
from clinic.public import extend_reservation
from clinic.public.intake import (
    AddressNotProven,
    draft_here,
    not_proven,
    record_look,
    tell_visits,
    way_on,
    without_draft,
)
from clinic.public.sign_rows import sign_row
from clinic.public.standing_answers import door_here, earlier, reservation_here
from clinic.web import question_fields
from clinic.web.access import anyone, audience
from clinic.web.browser import browser, known_browser
from clinic.web.compression import compressed
from clinic.web.signed_in_client import signed_in_client_id

blueprint = Blueprint("returning", __name__, url_prefix="/intake")
blueprint.register_error_handler(drafts.NoDraft, without_draft)
blueprint.register_error_handler(AddressNotProven, not_proven)

UNPROCESSABLE = 422
NONE_OF_THESE = "none_of_these"
CORRECTS = "correct"
"""In the URL of whoever comes to correct answers, not to book."""


@dataclass(frozen=True)
class SignRows:
    """The signs of one group as the page shows them: as lines, and as questions that unfold."""

    slug: str
    heading: str
    lines: tuple[str, ...]
    questions: tuple[Question, ...]
    problem: str | None
    is_none: bool
    """Whether “None of these” is ticked."""
    is_unfolded: bool


@blueprint.get("/anything-new")
@audience(anyone)
@compressed
def ask() -> ResponseReturnValue:
    """Today's page: every sign, and what can change from day to day."""
    now = clock.now()
    draft = queries.draft(known_browser(), now)
    before = _before(draft, now)
    if before is None:
        return redirect(url_for("intake.begin"), 303)
    answers = draft.answers if draft is not None else {}
    shown = {question.field: answers.get(question.field) for question in _questions(before, answers, now)}
    ticked = [
        group.slug
        for group in returning.SIGN_GROUPS
        if draft is not None and {sign.field for sign in group.signs} <= set(draft.as_group or ())
    ]
    with transaction():
        if draft is not None:
            record_look(draft, shown)
        return _today(before, answers, shown, ticked, {})


@blueprint.post("/anything-new")
@audience(anyone)
def save() -> ResponseReturnValue:
    """Begin with what is known of this client if they have not, save today's page, and stop at once where that is urgent."""
    now = clock.now()
    draft = queries.draft(known_browser(), now)
    before = _before(draft, now)
    if before is None:
        return redirect(url_for("intake.begin"), 303)
    answers = dict(draft.answers) if draft is not None else {}
    questions = _questions(before, answers, now)
    posted, unfit = question_fields.posted(questions)
    none_of = request.form.getlist(NONE_OF_THESE)
    shown = question_fields.as_typed(questions, posted)
    if extend_reservation.is_asked():
        extend_reservation.keep_longer(now)
        return _today(before, answers, shown, none_of, {})
    try:
        if unfit:
            raise drafts.DraftIncomplete(unfit)
        with transaction():
            reached_before, draft, reached = _saved(posted, none_of, now)
    except drafts.NotReached:
        return redirect(url_for("intake.begin"), 303)
    except drafts.DraftIncomplete as incomplete:
        return _today(before, answers, shown, none_of, incomplete.problems), UNPROCESSABLE
    if reached.level is Level.URGENT or (
        # The card is shown once, then they may continue.
        reached.level is Level.REFER and reached_before.level < Level.REFER
    ):
        return redirect(url_for("outcome.show"), 303)
    return redirect(way_on(draft), 303)


def _saved(
    posted: Mapping[str, Sequence[str]], none_of: Sequence[str], now: datetime
) -> tuple[SafetyVerdict, Draft, SafetyVerdict]:
    """The level before, the draft, and the level that today's answers reached. The caller commits."""
    known = earlier(now)
    if queries.draft(known_browser(), now) is None and known is not None:
        limits.take(limits.INTAKES_NETWORK, limits.network(request.remote_addr), now)
        door, types = door_here(now, only_corrects=CORRECTS in request.args)
        drafts.start(
            browser=browser(), client_id=signed_in_client_id(), mail=None, now=now,
            door=door, types=types, given=known.consent,
        )  # fmt: skip
    draft = draft_here()
    before = so_far(draft.answers, drafts.cleared_rules(draft, draft.answers, now))
    draft, reached = returning.save_today(browser(), posted, none_of, now)
    if reached.level > before.level:
        tell_visits(draft.client_id, now)
    return before, draft, reached


@blueprint.get("/still-true")
@audience(anyone)
def still_true() -> ResponseReturnValue:
    """What the client told us before, each answer with its date and a way to change it."""
    draft = draft_here()
    if draft.stopped_at is not None or not _is_complete(draft):
        return redirect(way_on(draft), 303)
    told = set(draft.answers) - drafts.given_now(draft)
    changed = drafts.given_now(draft) - {question.field for question in _questions_of(draft)}
    with transaction():
        record_look(draft, told | changed)
    scope = path.scope_of(draft)
    return render_template(
        "public/returning/still_true.html",
        told=_by_date(draft, told),
        changed=written.parts(draft.answers, scope, changed) if changed else [],
        consented=_day(draft.consented_at),
        back=url_for(".ask"),
    )


@blueprint.post("/still-true")
@audience(anyone)
def say_still_true() -> ResponseReturnValue:
    """All of it is still true."""
    draft = draft_here()
    try:
        with transaction():
            draft = returning.say_still_true(browser(), clock.now())
    except drafts.NotReached:
        pass
    return redirect(way_on(draft), 303)


@blueprint.post("/known")
@audience(anyone)
def known() -> ResponseReturnValue:
    """Somebody who signed in half-way: keep what they typed, and add what they told us before."""
    now, person = clock.now(), signed_in_client_id()
    if person is None or earlier(now) is None:
        return redirect(url_for("intake.begin"), 303)
    with transaction():
        draft = drafts.claim(browser(), person, now)
        record_look(draft, draft.answers)
        # Some pages were answered before the client signed in.
        tell_visits(person, now)
    return redirect(way_on(draft_here()), 303)


@blueprint.post("/anew")
@audience(anyone)
def anew() -> ResponseReturnValue:
    """Begin again after six months, with the consent that stands; each page shows what was said before."""
    now = clock.now()
    found = earlier(now)
    if found is None or queries.draft(known_browser(), now) is not None:
        return redirect(url_for("intake.begin"), 303)
    limits.take(limits.INTAKES_NETWORK, limits.network(request.remote_addr), now)
    door, types = door_here(now)
    with transaction():
        draft = drafts.start(
            browser=browser(), client_id=signed_in_client_id(), mail=None, now=now,
            door=door, types=types, given=found.consent,
        )  # fmt: skip
    return redirect(way_on(draft), 303)


def _before(draft: Draft | None, now: datetime) -> Submission | None:
    """The earlier answers that today's page follows; None for whoever has none, or is not signed in."""
    if draft is not None:
        return drafts.earlier(draft_here())
    found = earlier(now)
    return found.sent if found is not None and found.lasts else None


def _questions_of(draft: Draft) -> tuple[Question, ...]:
    before = drafts.earlier(draft)
    return _questions(before, draft.answers, draft.created_at) if before is not None else ()


def _questions(before: Submission, answers: Mapping[str, object], now: datetime) -> tuple[Question, ...]:
    signs = (sign for group in returning.SIGN_GROUPS for sign in group.signs)
    return (*signs, *returning.asked_beside(before, now, answers))


def _is_complete(draft: Draft) -> bool:
    is_missing = path.next_unanswered(draft.answers, path.scope_of(draft)) is not None
    return drafts.earlier(draft) is not None and returning.is_answered_today(draft) and not is_missing


def _by_date(draft: Draft, told: set[str]) -> list[tuple[str, list[written.PartAnswers]]]:
    """What was told before, newest first: each day with its answers, part by part."""
    dates = {name: datetime.fromisoformat(at) for name, at in (draft.answered_at or {}).items()}
    days: dict[str, set[str]] = {}
    for name in sorted(told & dates.keys(), key=lambda name: dates[name], reverse=True):
        days.setdefault(_day(dates[name]), set()).add(name)
    parts = [
        (day, written.parts(draft.answers, path.scope_of(draft), fields)) for day, fields in days.items()
    ]
    return [(day, found) for day, found in parts if found]


def _day(at: datetime) -> str:
    """The day of an instant, with its year if that is not this one."""
    now = clock.now()
    zone = practice.practice_zone(now.date())
    day = local(at, zone).date()
    return day_and_month(day) if day.year == local(now, zone).year else and_year(day_and_month(day), day.year)


def _today(
    before: Submission,
    answers: Mapping[str, object],
    shown: Mapping[str, object],
    none_of: Sequence[str],
    problems: Mapping[str, str],
) -> str:
    now, here = clock.now(), practice.find_practice()
    country = here.country if here else ""
    told = {**before.answers, **answers}
    in_pain = told.get("back_pain_now") != "no"
    groups = [
        SignRows(
            slug=group.slug,
            heading=group.heading,
            lines=tuple(
                sign_row(sign.field.removeprefix(FLAG_PREFIX), country, in_pain=in_pain)
                for sign in group.signs
            ),
            questions=tuple(question_fields.as_asked(sign, told, country) for sign in group.signs),
            problem=problems.get(group.slug),
            is_none=group.slug in none_of,
            is_unfolded=_is_unfolded(group, shown, none_of)
            or not problems.keys().isdisjoint(sign.field for sign in group.signs),
        )
        for group in returning.SIGN_GROUPS
    ]
    beside = [
        question_fields.as_asked(question, answers, country)
        for question in returning.asked_beside(before, now, answers)
    ]
    return render_template(
        "public/returning/anything_new.html",
        action=url_for(".save", correct=request.args.get(CORRECTS)),
        since=_day(before.safety_from),
        is_begun=queries.draft(known_browser(), now) is not None,
        groups=groups,
        beside=beside,
        values=shown,
        problems=problems,
        has_errors=bool(problems),
        reservation=reservation_here(now),
        ending=extend_reservation.ending(now),
    )


def _is_unfolded(group: returning.SignGroup, shown: Mapping[str, object], none_of: Sequence[str]) -> bool:
    """Whether somebody answered a sign of this group by itself."""
    said = [shown.get(sign.field) for sign in group.signs]
    return any(answer in ("yes", "unsure") for answer in said) or (
        group.slug not in none_of and any(answer is not None for answer in said)
    )
