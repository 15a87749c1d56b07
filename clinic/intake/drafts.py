"""Drafts of answers: begin, save page by page, continue on another device.

Every page is checked by all safety rules as soon as it is saved; a level from therapist_review up is stored even if the
form is never submitted. For a client who returns, a draft is filled in from their earlier answers (`history`).
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
WHICH_IS_RIGHT: Final = N_("You answered yes or not sure here, and pressed “None of these”. Which is right?")


class NoDraft(Refusal):
    """This browser has no draft."""

    status = 404
    code = "no-draft"
    sentence = N_("There are no answers under way on this device. You can begin at any time.")


class DraftIncomplete(Refusal):
    """Some of the form cannot be read. `problems` gives a sentence for each field, never a value."""

    status = 422
    code = "incomplete"
    sentence = N_("Please look at the answers on this page again.")

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__()
        self.problems = dict(problems)


class NotReached(Refusal):
    """The page is not asked of this person, or not yet."""

    code = "not-reached"
    sentence = N_("Please answer the questions before this one first.")


class BegunElsewhere(Refusal):
    """Another tab of this browser began a draft at the same moment."""

    code = "begun-elsewhere"
    sentence = N_("You began this in another window just now. Please go on there, or open this page again.")


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
    given: Consent | None = None,
) -> Draft:
    """Begin a draft, after consent to storing health answers; an existing draft continues, with the new address if one
    is given.

    `door` and, for a chosen treatment, its `types` decide what is asked. For a client who answered within six months the
    history is filled in; what can change from visit to visit is asked again. `given` is a consent that still stands; None if
    it was given now. Raises UnreadableAddress for an impossible address.
    """
    address = accounts.normalise_mail(mail) if mail else None
    draft = queries.draft(browser, now) or _begun(browser, client_id, now, Door(door), types, given)
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
    draft.answered_at = {
        **dict.fromkeys(draft.answers, before.safety_from.isoformat()),
        **history.dates_of(before),
    }
    draft.as_group = before.as_group
    return _only(draft, now)


def choose(browser: bytes, types: Sequence[str], now: datetime) -> None:
    """Let this browser's draft, if there is one, ask what a treatment of these types needs: the one chosen last counts."""
    if queries.draft(browser, now) is None:
        return
    draft = lock_draft(browser, now)
    draft.door, draft.types = Door.CHOSEN, list(types)
    db.session.flush()


def _begun(
    browser: bytes,
    client_id: UUID | None,
    now: datetime,
    door: Door,
    types: Sequence[str],
    given: Consent | None,
) -> Draft:
    draft = _new(browser, client_id, now, door, types)
    if given is not None:
        draft.consented_at, draft.consent_version = given.given_at, given.text_version
    draft.answers = {}
    follow(draft, now)
    return _only(draft, now)


def follow(draft: Draft, now: datetime) -> None:
    """Fill in what this draft's client told us before, beside what was typed; what was typed counts.

    Earlier answers belong to a client whose address is proven: a visitor finds none, even in the browser that sent them.
    """
    before = queries.earlier_answers(draft.client_id, now) if draft.client_id is not None else None
    if before is None:
        return
    draft.follows_id = before.id
    if not queries.lasts(before, now):
        return  # Each page is asked again, with what was said before.
    known, typed = history.filled_in(before, now), draft.answers
    answers = history.reopened(before, {}, {**known, **typed}, typed)
    dates = {name: date for name, date in history.dates_of(before).items() if name in answers}
    draft.answers = questionnaire.cleared({**answers, **typed})
    draft.answered_at = {**dates, **(draft.answered_at or {})}


def earlier(draft: Draft) -> Submission | None:
    """The earlier answers that this draft is filled in from and that still counted when it began; else None."""
    before = followed(draft)
    return before if before is not None and queries.lasts(before, draft.created_at) else None


def followed(draft: Draft) -> Submission | None:
    """The client's earlier answers that this draft follows, however old."""
    return db.session.get(Submission, draft.follows_id) if draft.follows_id is not None else None


def said_before(draft: Draft) -> Mapping[str, object]:
    """What the pages of a draft show beforehand, for a client of whom everything is asked again."""
    before = followed(draft)
    if before is None or (queries.lasts(before, draft.created_at) and not is_renewed(draft)):
        return {}
    return history.filled_in(before, draft.created_at)


def is_renewed(draft: Draft) -> bool:
    """Whether everything is asked again because a returning client has a new name for the problem."""
    before = earlier(draft)
    return before is not None and history.has_new_name(before, draft.answers)


def given_now(draft: Draft) -> frozenset[str]:
    """The fields that were answered in this draft, not before it."""
    dates = draft.answered_at or {}
    return frozenset(name for name, at in dates.items() if datetime.fromisoformat(at) >= draft.created_at)


def claim(browser: bytes, client_id: UUID, now: datetime) -> Draft:
    """Give this browser's draft, begun before its client signed in, to that client, with what is known of them.

    What was typed stays. Raises NoDraft.
    """
    draft = lock_draft(browser, now)
    if draft.client_id is None:
        draft.client_id = client_id
        follow(draft, now)
        draft.changed_at = now
        for row in db.session.scalars(
            sa.select(RaisedLevel).where(RaisedLevel.browser == browser, RaisedLevel.client_id.is_(None))
        ).all():
            row.client_id = client_id
        db.session.flush()
    return draft


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
    return draft, store(draft, values, problems, as_group, now)


def store(
    draft: Draft,
    values: Mapping[str, object],
    problems: Mapping[str, str],
    as_group: Sequence[str],
    now: datetime,
) -> SafetyVerdict:
    """Store what was read of one page in a locked draft, and judge all its answers; at urgent the draft is stopped.

    Raises DraftIncomplete with the `problems`, unless what could be read is urgent by itself.
    """
    answers = questionnaire.cleared(_renewed(draft, values))
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
    raised.keep(risen, browser=draft.browser, client_id=draft.client_id, now=now)
    db.session.flush()
    return reached


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


def _renewed(draft: Draft, values: Mapping[str, object]) -> Mapping[str, object]:
    answers = {**draft.answers, **values}
    before = earlier(draft) if history.NAMES in values else None
    # What was answered on the same page as the new name is new as well.
    return (
        {**history.reopened(before, draft.answers, answers, given_now(draft)), **values}
        if before
        else answers
    )


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
