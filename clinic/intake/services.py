"""Verbs of the intake: begin, answer page by page, send, go on elsewhere, pass on to a client, clear.

The caller commits. Every page is judged by all safety rules as soon as it is saved; a level from therapist_review up
is kept even when the form is never sent.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import services as accounts
from clinic.db import db
from clinic.guidance import questionnaire
from clinic.guidance.levels import Level
from clinic.guidance.questionnaire import Contradiction, Unreadable
from clinic.guidance.questions import ASKED_AGAIN_FIELDS, DAY_OF_VISIT_FIELDS, QUESTIONS, Question
from clinic.intake import consent, path, queries
from clinic.intake.assessment import Assessment, Verdict, assess, so_far
from clinic.intake.models import (
    Clearance,
    Consent,
    Draft,
    Outcome,
    RaisedLevel,
    Submission,
    SubmissionKind,
)
from clinic.refusal import Refusal

Posted = Mapping[str, Sequence[str]]
"""Field to the texts a form sent for it, in order."""

RESUME_PAUSE: Final = timedelta(minutes=1)
"""A link asked for again sooner is the same link."""
RAISED_ANEW: Final = timedelta(days=1)
"""The same level reached again within this time is not kept twice."""


class NoDraft(Refusal):
    """This browser has no answers under way."""

    status = 404
    code = "no-draft"
    sentence = "There are no answers under way on this device. You can begin at any time."


class Incomplete(Refusal):
    """Some of what was posted cannot be read. `problems` gives a sentence for each field, never a value."""

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


class LookAgain(Refusal):
    """Answers do not fit together, and the client was not yet asked to look at them again."""

    code = "look-again"
    sentence = "Some answers do not fit together. Please look at them again."

    def __init__(self, found: Sequence[Contradiction]) -> None:
        super().__init__()
        self.found = tuple(found)


class Stopped(Refusal):
    """An urgent answer ended the form; nothing can be sent."""

    code = "stopped"
    sentence = "This form has ended, because an answer needs medical help straight away."


class NoAddress(Refusal):
    """There is no e-mail address to send a link to."""

    status = 422
    code = "no-address"
    sentence = "Enter an e-mail address, so that we can send you a link."


def start(*, browser: bytes, client_id: UUID | None, mail: str | None, now: datetime) -> Draft:
    """Begin, after a yes to keeping health answers; a draft under way goes on, with the new address if one is given.

    Somebody whose answers we have finds the history filled in; what can change from visit to visit is asked again.
    Raises accounts.Unreadable for an address that cannot be one.
    """
    address = accounts.normalise_mail(mail) if mail else None
    draft = queries.draft(browser, now)
    if draft is None:
        withhold(browser)
        draft = Draft(
            browser=browser,
            client_id=client_id,
            consented_at=now,
            consent_version=consent.HEALTH_DATA.version,
            created_at=now,
            changed_at=now,
        )
        draft.answers = _history(browser, client_id, now)
        db.session.add(draft)
    if address:
        draft.mail = address
    draft.changed_at = now
    db.session.flush()
    return draft


def _history(browser: bytes, client_id: UUID | None, now: datetime) -> dict[str, Any]:
    before = queries.newest_full(browser=browser, client_id=client_id, now=now)
    # A visitor is nobody we know: what this browser sent for a client is that client's, not theirs.
    if before is None or before.client_id != client_id:
        return {}
    closing = {question.field for question in questionnaire.page(path.CLOSING).questions}
    asked_again = {*ASKED_AGAIN_FIELDS, *closing, "consent_health_data"}
    # Optional questions once left blank stay so; only what is asked again opens its page.
    blank = dict.fromkeys(name for name, question in QUESTIONS.items() if question.optional)
    kept = {name: value for name, value in {**blank, **before.answers}.items() if name not in asked_again}
    return questionnaire.cleared(kept)


def withhold(browser: bytes) -> None:
    """Keep nothing: delete what this browser has under way. The answer to a no, and to beginning again."""
    db.session.execute(sa.delete(Draft).where(Draft.browser == browser))


def save_page(browser: bytes, slug: str, posted: Posted, now: datetime) -> tuple[Draft, Verdict]:
    """Save one page and judge all answers so far; at urgent the draft is stopped.

    Raises NoDraft, questionnaire.UnknownPage, NotReached, and Incomplete when an answer is missing or unreadable. Of a
    page whose readable answers are urgent by themselves, these are saved and the form stops: help does not wait for the
    rest.
    """
    draft = _locked(browser, now)
    page = questionnaire.page(slug)
    if page.slug == path.CLOSING or not path.is_reached(page, draft.answers):
        raise NotReached
    values, problems = _read(path.asked_questions(page, draft.answers), posted, draft.answers)
    answers = questionnaire.cleared({**draft.answers, **values})
    reached = so_far(answers)
    if problems and reached.level is not Level.URGENT:
        raise Incomplete(problems)
    draft.answers = answers
    draft.changed_at = now
    draft.stopped_at = now if reached.level is Level.URGENT else None
    _keep_level(reached, browser=browser, client_id=draft.client_id, now=now)
    db.session.flush()
    return draft, reached


def _locked(browser: bytes, now: datetime) -> Draft:
    """The draft, held until the commit: two tabs write one after the other."""
    found = queries.draft(browser, now)
    if found is None:
        raise NoDraft
    db.session.refresh(found, with_for_update=True)
    return found


def _read(
    questions: Sequence[Question], posted: Posted, given: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, str]]:
    values: dict[str, object] = {}
    problems: dict[str, str] = {}
    for question in questions:
        try:
            values[question.field] = questionnaire.read(question, posted.get(question.field, ()), given)
        except Unreadable as unreadable:
            problems[question.field] = unreadable.sentence
    return values, problems


def _keep_level(reached: Verdict, *, browser: bytes | None, client_id: UUID | None, now: datetime) -> None:
    if reached.level < Level.THERAPIST_REVIEW:
        return
    kept = sa.select(
        sa.exists().where(
            RaisedLevel.browser.is_not_distinct_from(browser),
            RaisedLevel.client_id.is_not_distinct_from(client_id),
            RaisedLevel.level == reached.level,
            RaisedLevel.disposition.is_not_distinct_from(reached.disposition),
            RaisedLevel.raised_at > now - RAISED_ANEW,
        )
    )
    if not db.session.scalar(kept):
        db.session.add(
            RaisedLevel(
                browser=browser,
                client_id=client_id,
                level=reached.level,
                disposition=reached.disposition,
                raised_at=now,
            )
        )


def submit(browser: bytes, posted: Posted, seen: Collection[str], now: datetime) -> Submission:
    """Send the draft with the closing confirmations: a submission with its outcome and consents; the draft is deleted.

    `seen` are the contradictions (rule ids) the client was shown. Raises NoDraft, Stopped, NotReached while a question
    is open, Incomplete, and LookAgain for contradictions not in `seen`.
    """
    draft = _locked(browser, now)
    if draft.stopped_at is not None:
        raise Stopped
    if path.next_unanswered(draft.answers) is not None:
        raise NotReached
    closing = path.asked_questions(questionnaire.page(path.CLOSING), draft.answers)
    values, problems = _read(closing, posted, draft.answers)
    if problems:
        raise Incomplete(problems)
    answers = _complete({**draft.answers, **values})
    contradictory = questionnaire.contradictions(answers)
    if any(found.rule not in seen for found in contradictory):
        raise LookAgain(contradictory)
    submission = _submitted(
        Submission(browser=browser, client_id=draft.client_id, submitted_at=now), answers, assess(answers)
    )
    _consented(submission, draft, answers, now)
    db.session.delete(draft)
    db.session.flush()
    return submission


def _complete(answers: Mapping[str, object]) -> dict[str, Any]:
    given = {name: value for name, value in answers.items() if value is not None}
    return questionnaire.cleared({**given, "consent_health_data": "yes"})


def _submitted(submission: Submission, answers: dict[str, Any], assessed: Assessment) -> Submission:
    """Store a submission with what was made of it, and its level if it is one to keep."""
    safety = assessed.safety
    submission.answers = answers
    outcome = Outcome(
        submission=submission,
        submission_id=submission.id,
        level=safety.level,
        disposition=safety.disposition,
        rule_set=safety.rule_set,
        assessed_at=submission.submitted_at,
    )
    outcome.rules = list(safety.rules)
    outcome.explanation = assessed.explanation()
    db.session.add_all((submission, outcome))
    _keep_level(
        Verdict(safety.level, safety.disposition),
        browser=submission.browser,
        client_id=submission.client_id,
        now=submission.submitted_at,
    )
    db.session.flush()
    return submission


def _consented(submission: Submission, draft: Draft, answers: Mapping[str, object], now: datetime) -> None:
    given = [(consent.HEALTH_DATA, draft.consented_at)]
    if answers.get("consent_share_with_clinician") == "yes":
        given.append((consent.SHARE_WITH_CLINICIAN, now))
    db.session.add_all(
        Consent(
            client_id=submission.client_id,
            submission_id=submission.id,
            purpose=text.purpose,
            text_version=text.version,
            text_sha256=text.sha256,
            given_at=at,
        )
        for text, at in given
    )


def answer_before_visit(*, client_id: UUID, posted: Posted, now: datetime) -> Submission:
    """The short form of the day: red flags, today, medicines, pregnancy, pain. Judged together with the last full form.

    Only what was answered now is stored; nothing stored is ever shown to the form. Raises Incomplete.
    """
    before = queries.newest_full(browser=None, client_id=client_id, now=now)
    history = {
        name: value
        for name, value in (before.answers if before else {}).items()
        if name not in DAY_OF_VISIT_FIELDS
    }
    values: dict[str, object] = {}
    problems: dict[str, str] = {}
    for question in questions_before_visit(history):
        given = {**history, **values}
        if questionnaire.asked(question, given):
            read, wrong = _read((question,), posted, given)
            values.update(read)
            problems.update(wrong)
    if problems:
        raise Incomplete(problems)
    answers = {name: value for name, value in values.items() if value is not None}
    submission = Submission(kind=SubmissionKind.DAY_OF_VISIT, client_id=client_id, submitted_at=now)
    return _submitted(submission, answers, assess({**history, **answers}))


def questions_before_visit(history: Mapping[str, object]) -> tuple[Question, ...]:
    """The questions of the short form for somebody with these older answers, in order.

    One that depends on another of the same form is among them: without scripts both stand on the page.
    """
    within = set(DAY_OF_VISIT_FIELDS)
    return tuple(
        question
        for question in (QUESTIONS[name] for name in DAY_OF_VISIT_FIELDS)
        if question.shown is None
        or within & set(question.shown.fields)
        or questionnaire.asked(question, history)
    )


def ask_resume(browser: bytes, mail: str | None, now: datetime) -> Draft:
    """Ask for a link that opens this browser's draft elsewhere; messaging derives the letter from the asking.

    Raises NoDraft, NoAddress, and accounts.Unreadable for an address that cannot be one.
    """
    draft = _locked(browser, now)
    if mail:
        draft.mail = accounts.normalise_mail(mail)
    if not draft.mail:
        raise NoAddress
    _owe_a_link(draft, now)
    return draft


def ask_resume_of(draft_id: UUID, now: datetime) -> None:
    """The same from the address in an earlier letter, which itself opens nothing. Without such a draft, nothing."""
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

    What the browser had under way gives way. Levels the draft reached go with it.
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
                raised_at=row.raised_at,
            )
        )
    draft.browser = browser
    draft.changed_at = now
    db.session.flush()
    return draft


def adopt(browser: bytes, client_id: UUID, now: datetime) -> None:
    """Give what this browser answered for nobody yet to the client its booking was just made for.

    When the answers already belong to somebody (a visitor who books again counts as new each time), the new client gets
    a copy of what the booking rests on, so that the therapist finds it.
    """
    mine = sa.and_(Submission.browser == browser, Submission.client_id.is_(None))
    ids = db.session.scalars(sa.select(Submission.id).where(mine)).all()
    for model in (Submission, RaisedLevel, Draft):
        db.session.execute(
            sa.update(model)
            .where(model.browser == browser, model.client_id.is_(None))
            .values(client_id=client_id)
        )
    if ids:
        db.session.execute(
            sa.update(Consent).where(Consent.submission_id.in_(ids)).values(client_id=client_id)
        )
    elif queries.newest_full(browser=None, client_id=client_id, now=now) is None:
        _copy_newest(browser, client_id, now)


def _copy_newest(browser: bytes, client_id: UUID, now: datetime) -> None:
    newest = queries.newest_full(browser=browser, client_id=None, now=now)
    if newest is None:
        return
    copy = Submission(
        kind=newest.kind,
        browser=browser,
        client_id=client_id,
        source=newest.source,
        submitted_at=newest.submitted_at,
    )
    copy.answers = newest.answers
    outcome = Outcome(
        submission=copy,
        submission_id=copy.id,
        level=newest.outcome.level,
        disposition=newest.outcome.disposition,
        rule_set=newest.outcome.rule_set,
        assessed_at=newest.outcome.assessed_at,
    )
    outcome.rules = newest.outcome.rules
    outcome.explanation = newest.outcome.explanation
    db.session.add_all((copy, outcome))
    db.session.flush()
    for given in db.session.scalars(sa.select(Consent).where(Consent.submission_id == newest.id)).all():
        db.session.add(
            Consent(
                client_id=client_id,
                submission_id=copy.id,
                purpose=given.purpose,
                text_version=given.text_version,
                text_sha256=given.text_sha256,
                channel=given.channel,
                given_at=given.given_at,
                withdrawn_at=given.withdrawn_at,
            )
        )
    db.session.flush()


class NothingToClear(Refusal):
    """A rule named in a clearance did not fire for this submission."""

    code = "nothing-to-clear"
    sentence = "This safety rule does not concern these answers."


def clear(
    submission: Submission,
    *,
    rules: Collection[str],
    reason: str,
    by_id: UUID,
    until: datetime,
    now: datetime,
) -> Clearance:
    """Record a therapist's word that these rules need not stop a booking until then. Exclusions and caps stay.

    Raises NothingToClear for a rule that did not fire.
    """
    if not rules or not set(rules) <= set(submission.outcome.rules):
        raise NothingToClear
    clearance = Clearance(submission_id=submission.id, cleared_by_id=by_id, cleared_at=now, until=until)
    clearance.rules = sorted(rules)
    clearance.reason = reason
    db.session.add(clearance)
    db.session.flush()
    return clearance


def delete_old_drafts(now: datetime) -> int:
    """Delete drafts untouched for 14 days; returns how many. Twice is harmless: the second finds none."""
    old = sa.delete(Draft).where(Draft.changed_at <= now - consent.DRAFTS_KEPT).returning(Draft.id)
    return len(db.session.execute(old).all())
