"""A later version of a client's answers: what they sent before, and what they have added since.

It is judged as a whole, but only what the new answers have brought about counts as new:

1. A rule that had fired for the same answers before, or that a therapist has cleared, raises nothing.
2. The safety part keeps its date, because the client was not asked it again; so do the six months.
3. A rule that asks to look again at two answers raises a level only if the client was asked to look at them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from clinic.guidance import questionnaire
from clinic.guidance.outcome import FiredRule
from clinic.guidance.questionnaire import Contradiction
from clinic.guidance.questions import SHORT_SAFETY_FIELDS
from clinic.guidance.rules import CURRENT
from clinic.intake import history, queries, raised, services
from clinic.intake.assessment import SafetyVerdict, assess, verdict
from clinic.intake.explanation import unasked_of
from clinic.intake.models import Submission, SubmissionKind


@dataclass(frozen=True, kw_only=True)
class SentAnswers:
    """What a client has sent: the newest full form, over its safety part that of a newer short form if there is one."""

    full: Submission
    newest: Submission
    """The submission whose safety part counts: the full one, or a newer short form."""
    answers: Mapping[str, Any]
    unasked: frozenset[str]
    """The fields that nobody has asked yet, as keys of answers."""

    def with_added(self, added: Mapping[str, Any]) -> dict[str, Any]:
        """These answers and further ones, without those whose question is no longer asked."""
        return questionnaire.cleared({**self.answers, **added})

    def still_unasked(self, answers: Mapping[str, Any]) -> frozenset[str]:
        """The fields that were not asked with further answers either."""
        return self.unasked & questionnaire.unasked_fields(answers)

    def new_contradictions(self, answers: Mapping[str, Any]) -> tuple[Contradiction, ...]:
        """What does not fit together in further answers and did before, or was not known."""
        before = {found.rule for found in questionnaire.contradictions(self.answers, unasked=self.unasked)}
        found = questionnaire.contradictions(answers, unasked=self.still_unasked(answers))
        return tuple(one for one in found if one.rule not in before)


def sent_answers(client_id: UUID, now: datetime) -> SentAnswers | None:
    """What a client has sent within the last six months and still agrees to; None without a full form.

    The caller records the access in the audit log.
    """
    full = queries.newest_full(browser=None, client_id=client_id, now=now)
    if full is None or queries.consent_of(full) is None:
        return None
    newest = queries.newest_sent(browser=None, client_id=client_id, now=now) or full
    answers = dict(full.answers)
    if newest.kind == SubmissionKind.DAY_OF_VISIT:
        answers = {name: value for name, value in answers.items() if name not in SHORT_SAFETY_FIELDS}
        answers |= newest.answers
    return SentAnswers(full=full, newest=newest, answers=answers, unasked=unasked_of(newest.outcome))


def add_version(
    sent: SentAnswers,
    added: Mapping[str, Any],
    *,
    dates: Mapping[str, str],
    looked_at: Collection[str] = (),
    source: str = "client",
    now: datetime,
) -> tuple[Submission, SafetyVerdict]:
    """Store a client's answers together with those they added, and the level that the added ones have raised.

    `dates` say when each was given, as ISO instants; `looked_at` are contradictions the client was asked to look at, and
    `source` says who typed.
    """
    answers = sent.with_added(added)
    assessed = assess(answers, unasked=sent.still_unasked(answers))
    given = [datetime.fromisoformat(dates[name]) for name in SHORT_SAFETY_FIELDS if name in added]
    submission = Submission(
        browser=sent.full.browser,
        client_id=sent.full.client_id,
        source=source,
        submitted_at=now,
        history_from=sent.full.oldest_sent_at,
        safety_sent_at=None if given else sent.newest.safety_part_sent_at,
        safety_answered_at=min([sent.newest.safety_from, *given]),
    )
    submission.answered_at = {**history.dates_of(sent.full), **history.dates_of(sent.newest), **dates}
    as_group = sent.full.as_group if sent.newest is sent.full else None
    risen = _risen(sent, assessed.safety.fired, looked_at, now)
    services.store_with_outcome(submission, as_group, answers, assessed)
    services.carry_consents(sent.full, submission)
    services.follow_doctor_consent(submission, added, now)
    raised.keep(risen, browser=submission.browser, client_id=submission.client_id, now=now)
    return submission, risen


def _risen(
    sent: SentAnswers, fired: Collection[FiredRule], looked_at: Collection[str], now: datetime
) -> SafetyVerdict:
    before = {
        (rule.rule, repr(rule.answers)) for rule in assess(sent.answers, unasked=sent.unasked).safety.fired
    }
    waits = {rule.id for rule in CURRENT.contradictions} - set(looked_at)
    new = [rule for rule in fired if (rule.rule, repr(rule.answers)) not in before and rule.rule not in waits]
    cleared = queries.cleared_again(new, browser=None, client_id=sent.full.client_id, now=now)
    return verdict(rule for rule in new if rule.rule not in cleared)
