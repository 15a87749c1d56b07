"""Drafts of answers: begin, save page by page, continue on another device.

Every page is checked by all safety rules as soon as it is saved; a level from therapist_review up is stored even if the
form is never submitted.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import services as accounts
from clinic.db import db, violates
from clinic.guidance import questionnaire
from clinic.guidance.fields import FieldKind
from clinic.guidance.levels import Level
from clinic.guidance.questionnaire import UnreadableAnswer
from clinic.guidance.questions import SHORT_SAFETY_FIELDS, Question
from clinic.intake import consent, history, path, queries, raised
from clinic.intake.assessment import SafetyVerdict, counting, newly_fired, so_far, verdict
from clinic.intake.models import Consent, Door, Draft, RaisedLevel, Submission
from clinic.language import N_
from clinic.refusal import Refusal

Posted = Mapping[str, Sequence[str]]
"""Field to the texts a form sent for it, in order."""

RESUME_PAUSE: Final = timedelta(minutes=1)
"""Requests within this time get the same link."""
WHICH_IS_RIGHT: Final = "You answered yes or not sure here, and pressed “None of these”. Which is right?"


class NoDraft(Refusal):
    """This browser has no draft."""

    status = 404
    code = "no-draft"
    sentence = N_("There are no answers under way on this device. You can begin at any time.")


class DraftIncomplete(Refusal):
    """Some of the form cannot be read. `problems` gives a sentence for each field, never a value."""

    status = 422
    code = "incomplete"
    sentence = "Please look at the answers on this page again."

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__()
        self.problems = dict(problems)


class NotReached(Refusal):
    """The page is not asked of this person, or not yet."""

    code = "not-reached"
    sentence = "Please answer the questions before this one first."


class BegunElsewhere(Refusal):
    """Another tab of this browser began a draft at the same moment."""

    code = "begun-elsewhere"
    sentence = "You began this in another window just now. Please go on there, or open this page again."


class NoAddress(Refusal):
    """There is no e-mail address to send a link to."""

    status = 422
    code = "no-address"
    sentence = N_("Enter an e-mail address, so that we can send you a link.")


def start(
    *,
    browser: bytes,
    client_id: UUID | None,
    mail: str | None,
    now: datetime,
    door: Door = Door.WHOLE,
    types: Sequence[str] = (),
) -> Draft:
    """Begin a draft, after consent to storing health answers; an existing draft continues, with the new address if one
    is given.

    `door` and, for a chosen treatment, its `types` decide what is asked. For a returning client the history is filled in;
    what can change from visit to visit is asked again. Raises UnreadableAddress for an impossible address.
    """
    address = accounts.normalise_mail(mail) if mail else None
    draft = queries.draft(browser, now) or _begun(browser, client_id, now, Door(door), types)
    if address:
        draft.mail = address
    draft.changed_at = now
    db.session.flush()
    return draft


def complete(
    before: Submission, given: Consent, *, browser: bytes, types: Sequence[str], now: datetime
) -> Draft:
    """Begin a draft that asks only what answers sent a short time ago lack for a treatment of these types.

    Every answer is taken over with its date, so that nothing counts as answered anew. The consent `given` with them
    stands. An existing draft continues.
    """
    draft = queries.draft(browser, now)
    if draft is not None:
        return draft
    draft = _new(browser, before.client_id, now, Door.CHOSEN, types)
    draft.consented_at, draft.consent_version = given.given_at, given.text_version
    draft.completes_id = before.id
    draft.answers = history.taken_over(before)
    draft.answered_at = dict.fromkeys(draft.answers, before.safety_from.isoformat())
    draft.as_group = before.as_group
    return _only(draft, now)


def choose(browser: bytes, types: Sequence[str], now: datetime) -> None:
    """Let this browser's draft, if there is one, ask what a treatment of these types needs: the one chosen last counts."""
    if queries.draft(browser, now) is None:
        return
    draft = lock_draft(browser, now)
    draft.door, draft.types = Door.CHOSEN, list(types)
    db.session.flush()


def _begun(browser: bytes, client_id: UUID | None, now: datetime, door: Door, types: Sequence[str]) -> Draft:
    draft = _new(browser, client_id, now, door, types)
    before = _sent_before(browser, client_id, now)
    draft.answers = history.filled_in(before, now) if before else {}
    return _only(draft, now)


def _new(browser: bytes, client_id: UUID | None, now: datetime, door: Door, types: Sequence[str]) -> Draft:
    return Draft(
        browser=browser,
        client_id=client_id,
        door=door,
        types=list(types),
        consented_at=now,
        consent_version=consent.HEALTH_DATA.version,
        created_at=now,
        changed_at=now,
    )


def _only(draft: Draft, now: datetime) -> Draft:
    """A new draft, or the one that another tab has just begun."""
    browser = draft.browser
    # Replace only a draft that is too old to continue, never one that another tab has just begun.
    db.session.execute(
        sa.delete(Draft).where(Draft.browser == browser, Draft.changed_at <= now - consent.DRAFTS_KEPT)
    )
    try:
        with violates("uq_drafts_browser", BegunElsewhere()):
            db.session.add(draft)
    except BegunElsewhere:
        return lock_draft(browser, now)
    return draft


def _sent_before(browser: bytes, client_id: UUID | None, now: datetime) -> Submission | None:
    before = queries.newest_full(browser=browser, client_id=client_id, now=now)
    # A visitor is unknown: what this browser sent for a client belongs to that client.
    return before if before is not None and before.client_id == client_id else None


def withhold(browser: bytes) -> None:
    """Delete this browser's draft: after refused consent, and before starting again."""
    db.session.execute(sa.delete(Draft).where(Draft.browser == browser))


def save_page(
    browser: bytes, slug: str, posted: Posted, now: datetime, *, none_of_these: bool = False
) -> tuple[Draft, SafetyVerdict]:
    """Save one page and judge all answers so far; at urgent the draft is stopped.

    `none_of_these` answers each sign of the page that was left open with no; it is refused beside a yes or an unsure.

    Raises NoDraft, questionnaire.UnknownPage, NotReached, and Incomplete when an answer is missing or unreadable. If a
    page's readable answers are urgent by themselves, they are saved and the form stops: help does not wait for the
    rest. A new diagnosis reopens the pages before it.
    """
    draft = lock_draft(browser, now)
    page = questionnaire.page(slug)
    scope = path.scope_of(draft)
    if page.slug == path.CLOSING or not path.is_reached(page, draft.answers, scope):
        raise NotReached
    questions = path.asked_questions(page, draft.answers, scope)
    as_group = _left_open(questions, posted) if none_of_these else ()
    posted = {**posted, **{sign: ["no"] for sign in as_group}}
    values, problems = read_answers(questions, posted, draft.answers)
    answers = questionnaire.cleared(_renewed(draft, values, now))
    cleared = cleared_rules(draft, answers, now)
    reached = so_far(answers, cleared)
    if problems and reached.level is not Level.URGENT:
        raise DraftIncomplete(problems)
    # Only what this page has raised is kept: an earlier level has its own row, whose time must not begin again.
    risen = verdict(rule for rule in newly_fired(draft.answers, answers) if rule.rule not in cleared)
    draft.answers = answers
    draft.answered_at = {**(draft.answered_at or {}), **dict.fromkeys(values, now.isoformat())}
    draft.as_group = [*(name for name in draft.as_group or () if name not in values), *as_group]
    draft.changed_at = now
    draft.stopped_at = now if reached.level is Level.URGENT else None
    raised.keep(risen, browser=browser, client_id=draft.client_id, now=now)
    db.session.flush()
    return draft, reached


def _left_open(questions: Sequence[Question], posted: Posted) -> tuple[str, ...]:
    """The signs of a page that nobody answered one by one. Raises DraftIncomplete if one says yes or unsure."""
    signs = [question.field for question in questions if question.kind is FieldKind.RED_FLAG]
    doubtful = [sign for sign in signs if {"yes", "unsure"} & set(posted.get(sign, ()))]
    if doubtful:
        raise DraftIncomplete(dict.fromkeys(doubtful, WHICH_IS_RIGHT))
    return tuple(sign for sign in signs if not any(posted.get(sign, ())))


def oldest_safety_answer(draft: Draft) -> datetime | None:
    """When the oldest answer of the safety part that still stands was given; None if no date is known."""
    dates = draft.answered_at or {}
    known = [dates[name] for name in SHORT_SAFETY_FIELDS if name in draft.answers and name in dates]
    return min((datetime.fromisoformat(date) for date in known), default=None)


def cleared_rules(draft: Draft, answers: Mapping[str, object], now: datetime) -> frozenset[str]:
    """The rules that fire for these answers of a draft and that a therapist has cleared for the same answers before."""
    return queries.cleared_again(counting(answers), browser=draft.browser, client_id=draft.client_id, now=now)


def _renewed(draft: Draft, values: Mapping[str, object], now: datetime) -> Mapping[str, object]:
    answers = {**draft.answers, **values}
    before = _sent_before(draft.browser, draft.client_id, now) if history.NAMES in values else None
    # What was answered on the same page as the new name is new as well.
    return {**history.renewed(before, draft.answers, answers), **values} if before else answers


def lock_draft(browser: bytes, now: datetime) -> Draft:
    """The draft, locked until the commit, so that two tabs write one after the other."""
    found = queries.draft(browser, now)
    if found is None:
        raise NoDraft
    # Queried again rather than refreshed, because the other tab may have submitted or deleted it.
    row = sa.select(Draft).where(Draft.id == found.id).with_for_update()
    held = db.session.scalar(row.execution_options(populate_existing=True))
    if held is None:
        raise NoDraft
    return held


def read_answers(
    questions: Sequence[Question], posted: Posted, given: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, str]]:
    """The values of these questions, and a sentence for each unreadable one.

    Whether one may be left blank can depend on those before it.
    """
    values: dict[str, object] = {}
    problems: dict[str, str] = {}
    for question in questions:
        known = {**given, **values}
        try:
            values[question.field] = questionnaire.read(question, posted.get(question.field, ()), known)
        except UnreadableAnswer as unreadable:
            problems[question.field] = unreadable.sentence
    return values, problems


def ask_resume(browser: bytes, mail: str | None, now: datetime) -> Draft:
    """Request a link that opens this browser's draft elsewhere; messaging derives the letter from the request.

    Raises NoDraft, NoAddress, and accounts.Unreadable for an address that cannot be one.
    """
    draft = lock_draft(browser, now)
    if mail:
        draft.mail = accounts.normalise_mail(mail)
    if not draft.mail:
        raise NoAddress
    _owe_a_link(draft, now)
    return draft


def ask_resume_of(draft_id: UUID, now: datetime) -> None:
    """The same from the link in an earlier letter, which itself opens nothing. Does nothing without such a draft."""
    draft = db.session.get(Draft, draft_id, with_for_update=True)
    if draft is not None and draft.mail and draft.changed_at > now - consent.DRAFTS_KEPT:
        _owe_a_link(draft, now)


def _owe_a_link(draft: Draft, now: datetime) -> None:
    if draft.resume_asked_at is not None and draft.resume_asked_at > now - RESUME_PAUSE:
        return
    draft.resume_asked_at = now
    draft.resume_revision += 1
    db.session.flush()


def resume(draft_id: UUID, browser: bytes, now: datetime) -> Draft:
    """Bind a draft to this browser, after its one-time link was used up; raises NoDraft.

    It replaces the browser's own draft. Levels that the draft reached move with it, and count here from now: what this
    browser sent in the meantime does not outweigh them.
    """
    draft = db.session.get(Draft, draft_id, with_for_update=True)
    if draft is None or draft.changed_at <= now - consent.DRAFTS_KEPT:
        raise NoDraft
    if draft.browser == browser:
        return draft
    withhold(browser)
    for row in db.session.scalars(
        sa.select(RaisedLevel).where(
            RaisedLevel.browser == draft.browser, RaisedLevel.raised_at >= draft.created_at
        )
    ).all():
        db.session.add(
            RaisedLevel(
                browser=browser,
                client_id=row.client_id,
                level=row.level,
                disposition=row.disposition,
                raised_at=now,
            )
        )
    draft.browser = browser
    draft.changed_at = now
    db.session.flush()
    return draft
