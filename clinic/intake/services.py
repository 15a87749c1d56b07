"""Verbs for finished answers: submit, answer before a visit, attach to a client, clear; and delete old drafts.

`drafts` handles unfinished answers. Services flush and never commit.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.db import RowsToDelete, db
from clinic.guidance import questionnaire
from clinic.guidance.questionnaire import Contradiction
from clinic.guidance.questions import DAY_OF_VISIT_FIELDS, QUESTIONS, SHORT_SAFETY_FIELDS, Question
from clinic.intake import (
    consent,
    drafts,
    guardians,
    own_pages,
    path,
    preparation_parts,
    queries,
    raised,
    returning,
    withdrawal,
)
from clinic.intake.assessment import Assessment, assess, verdict
from clinic.intake.consent import ConsentText
from clinic.intake.drafts import Posted
from clinic.intake.explanation import safety_of, unasked_of
from clinic.intake.models import (
    Consent,
    ConsentWay,
    Draft,
    Outcome,
    Purpose,
    RaisedLevel,
    Submission,
    SubmissionKind,
)
from clinic.language import N_
from clinic.refusal import Refusal


class LookAgain(Refusal):
    """Answers contradict each other, and the client has not yet been asked to check them."""

    code = "look-again"
    sentence = N_("Some answers sound odd together. Please look at them again; both can be right.")

    def __init__(self, found: Sequence[Contradiction]) -> None:
        super().__init__()
        self.found = tuple(found)


class Stopped(Refusal):
    """An urgent answer ended the form; nothing can be submitted."""

    code = "stopped"
    sentence = N_("This form has ended, because an answer needs medical help straight away.")


def submit(browser: bytes, posted: Posted, seen: Collection[str], now: datetime) -> Submission:
    """Submit the draft with the closing confirmations: stores a submission with its outcome and consents, and deletes
    the draft.

    `seen` are the contradictions (rule ids) the client was shown. Raises NoDraft, Stopped, NotReached while a question
    is open or earlier answers were not looked over, DraftIncomplete, and LookAgain for contradictions not in `seen`.
    """
    draft = drafts.lock_draft(browser, now)
    if draft.stopped_at is not None:
        raise Stopped
    if path.next_unanswered(draft.answers, path.scope_of(draft)) is not None or returning.is_open(draft):
        raise drafts.NotReached
    closing = path.asked_questions(questionnaire.page(path.CLOSING), draft.answers)
    values, problems = drafts.read_answers(closing, posted, draft.answers)
    if problems:
        raise drafts.DraftIncomplete(problems)
    answers = questionnaire.cleared({**draft.answers, **values, "consent_health_data": "yes"})
    unasked = questionnaire.unasked_fields(answers)
    contradictory = questionnaire.contradictions(answers, unasked=unasked)
    if any(found.rule not in seen for found in contradictory):
        raise LookAgain(contradictory)
    submission = _submitted(
        Submission(
            browser=browser,
            client_id=draft.client_id,
            submitted_at=now,
            safety_answered_at=drafts.oldest_safety_answer(draft),
            answered_at=draft.answered_at,
        ),
        draft.as_group,
        answers,
        assess(answers, unasked=unasked),
        completes=draft.completes_id,
    )
    _consented(submission, draft, answers, now)
    own_pages.follow(draft, submission)
    db.session.delete(draft)
    db.session.flush()
    return submission


def _submitted(
    submission: Submission,
    as_group: list[str] | None,
    answers: dict[str, Any],
    assessed: Assessment,
    *,
    completes: UUID | None = None,
) -> Submission:
    """Store a submission with its outcome, and its level if that must be kept.

    `completes` is the submission whose answers these take over: what that one raised keeps its time.
    """
    safety = assessed.safety
    store_with_outcome(submission, as_group, answers, assessed)
    cleared = queries.cleared_again(
        safety.fired,
        browser=submission.browser,
        client_id=submission.client_id,
        now=submission.submitted_at,
    )
    known = _fired_before(completes)
    raised.keep(
        verdict(
            fired
            for fired in safety.fired
            if fired.rule not in cleared and (fired.rule, repr(fired.answers)) not in known
        ),
        browser=submission.browser,
        client_id=submission.client_id,
        now=submission.submitted_at,
    )
    db.session.flush()
    return submission


def store_with_outcome(
    submission: Submission, as_group: list[str] | None, answers: dict[str, Any], assessed: Assessment
) -> None:
    """Store a submission with what the guidance made of it, and how much it leaves to ask before a visit."""
    safety = assessed.safety
    submission.answers = answers
    submission.as_group = as_group
    if submission.kind != SubmissionKind.DAY_OF_VISIT:
        submission.parts_open = preparation_parts.open_parts(answers, assessed.unasked)
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


def _fired_before(submission_id: UUID | None) -> set[tuple[str, str]]:
    """The rules that fired for a submission, each with the answers it rested on."""
    before = db.session.get(Submission, submission_id) if submission_id else None
    fired = safety_of(before.outcome).fired if before else ()
    return {(rule.rule, repr(rule.answers)) for rule in fired}


def _consented(submission: Submission, draft: Draft, answers: Mapping[str, object], now: datetime) -> None:
    db.session.add(_given_with(submission, consent.HEALTH_DATA, draft.consented_at))
    follow_doctor_consent(submission, answers, now)


def _given_with(submission: Submission, text: ConsentText, at: datetime) -> Consent:
    return withdrawal.given(
        text,
        client_id=submission.client_id,
        submission_id=submission.id,
        way=_way(submission),
        actor=None,
        now=at,
    )


def _way(submission: Submission) -> ConsentWay:
    return ConsentWay.WEB if submission.source == "client" else ConsentWay.DESK


def follow_doctor_consent(submission: Submission, said: Mapping[str, object], now: datetime) -> None:
    """Store or withdraw the consent to speak with the client's doctor, as these answers say; do nothing if they do not, or if it
    is so already."""
    purpose, client_id = Purpose.SHARE_WITH_CLINICIAN, submission.client_id
    agrees = said.get(consent.TO_DOCTOR)
    if agrees == "yes" and (client_id is None or not withdrawal.stands(client_id, purpose)):
        db.session.add(_given_with(submission, consent.SHARE_WITH_CLINICIAN, now))
    elif agrees == "no" and client_id is not None:
        withdrawal.withdraw(client_id, purpose, actor=audit.SYSTEM, now=now, way=_way(submission))


def answer_before_visit(
    *, client_id: UUID, posted: Posted, now: datetime, source: str = "client"
) -> Submission:
    """The short form of the day: red flags, today, medicines, pregnancy, pain. Judged together with the last full form.

    `source` says who typed: the client, or a therapist who asked. Only what was answered now is stored, and the form
    never shows stored answers. A blank pain score is judged by the last one given, but stays blank in storage. Raises
    DraftIncomplete.
    """
    before = queries.newest_full(browser=None, client_id=client_id, now=now)
    history = {
        name: value
        for name, value in (before.answers if before else {}).items()
        if name not in SHORT_SAFETY_FIELDS
    }
    values: dict[str, object] = {}
    problems: dict[str, str] = {}
    for question in questions_before_visit(history):
        given = {**history, **values}
        if questionnaire.asked(question, given):
            may_stay_open = replace(question, optional=question.field not in SHORT_SAFETY_FIELDS)
            read, wrong = drafts.read_answers((may_stay_open,), posted, given)
            values.update(read)
            problems.update(wrong)
    if problems:
        raise drafts.DraftIncomplete(problems)
    answers = {name: value for name, value in values.items() if value is not None}
    submission = Submission(
        kind=SubmissionKind.DAY_OF_VISIT, client_id=client_id, source=source, submitted_at=now
    )
    known = {**history, **values}
    unasked = unasked_of(before.outcome) - values.keys() if before else questionnaire.unasked_fields(known)
    return _submitted(submission, None, answers, assess({**history, **answers}, unasked=unasked))


def questions_before_visit(history: Mapping[str, object]) -> tuple[Question, ...]:
    """The questions of the short form for somebody with these older answers, in order.

    Questions that depend on another one of the form are included, because without scripts the page shows both.
    """
    within = {name.split(".")[0] for name in DAY_OF_VISIT_FIELDS}
    return tuple(
        question
        for question in (QUESTIONS[name] for name in DAY_OF_VISIT_FIELDS)
        if question.shown is None
        or within & set(question.shown.fields)
        or questionnaire.asked(question, history)
    )


def adopt(browser: bytes, client_id: UUID, now: datetime, *, is_new: bool = True) -> None:
    """Attach this browser's unassigned answers to the client of its new booking.

    If the answers already belong to somebody (a visitor who books again is a new client each time), the new client gets
    a copy, so that the therapist finds it. `is_new` marks such a visitor: this browser's raised levels still apply,
    even if an earlier booking took them. A signed-in client has their own.
    """
    if is_new:
        _carry_floor(browser, client_id, now)
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
    guardians.add_address(client_id, now)


def _carry_floor(browser: bytes, client_id: UUID, now: datetime) -> None:
    """Apply this browser's raised levels, which now belong to other clients, to this one too; the latest of each."""
    latest = {(row.level, row.disposition): row for row in reversed(queries.raised_here(browser, now))}
    for row in latest.values():
        if row.client_id is not None and row.client_id != client_id:
            db.session.add(
                RaisedLevel(
                    browser=browser,
                    client_id=client_id,
                    level=row.level,
                    disposition=row.disposition,
                    raised_at=row.raised_at,
                )
            )
    db.session.flush()


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
        safety_answered_at=newest.safety_answered_at,
        history_from=newest.history_from,
        safety_sent_at=newest.safety_sent_at,
        parts_open=newest.parts_open,
    )
    copy.answers = newest.answers
    copy.as_group = newest.as_group
    copy.answered_at = newest.answered_at
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
    carry_consents(newest, copy)


def carry_consents(submission: Submission, to: Submission) -> None:
    """Extend the consents given with a submission, the guardian's too, to one that holds the same answers."""
    for given in db.session.scalars(sa.select(Consent).where(Consent.submission_id == submission.id)).all():
        db.session.add(
            Consent(
                client_id=to.client_id,
                submission_id=to.id,
                purpose=given.purpose,
                text_version=given.text_version,
                text_sha256=given.text_sha256,
                language=given.language,
                words=given.words,
                channel=given.channel,
                given_by=given.given_by,
                given_at=given.given_at,
                withdrawn_at=given.withdrawn_at,
                withdrawn_way=given.withdrawn_way,
                withdrawn_by=given.withdrawn_by,
            )
        )
    guardians.copy(submission, to)
    db.session.flush()


def old_drafts(until: datetime) -> RowsToDelete:
    """Drafts last changed at an instant or before it."""
    return RowsToDelete(Draft, Draft.changed_at <= until)
