"""Reads of the intake, above all `safety_standing`: which safety level applies to this person now."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import contains_eager

from clinic.db import db
from clinic.guidance.gate import gate_fields
from clinic.guidance.levels import Disposition, Level
from clinic.guidance.outcome import FiredRule
from clinic.guidance.questions import DAY_OF_VISIT_FIELDS
from clinic.intake import guardians
from clinic.intake.assessment import (
    POSTPONED_UNTIL_TOMORROW,
    POSTPONED_UNTIL_WELL,
    POSTPONING,
    SafetyVerdict,
    verdict,
)
from clinic.intake.consent import DRAFTS_KEPT
from clinic.intake.explanation import ExplainedRule, safety_of, unasked_of
from clinic.intake.models import (
    Clearance,
    Consent,
    Draft,
    Outcome,
    Purpose,
    RaisedLevel,
    Submission,
    SubmissionKind,
)
from clinic.intake.visit_limits import NO_LIMITS, VisitLimits, newest_limits
from clinic.scheduling import hours

FULL_LASTS: Final = timedelta(days=183)
"""Six months; after that everything is asked again."""
SAFETY_LASTS: Final = timedelta(hours=48)
FLOOR_LASTS: Final = timedelta(days=7)
WELL_FOR: Final = timedelta(hours=48)
"""A postponement for illness lasts this long after it was last reported (guidance, Postponement in time)."""


@dataclass(frozen=True, kw_only=True)
class SafetyStanding:
    """What somebody's answers mean for a booking; `booking` decides what to do about it.

    `level` is the highest that applies now, None if nothing was answered. A refer with disposition `postpone` only
    delays: no visit before `not_before`, and from then on `level_afterwards` applies, which otherwise equals `level`.
    `submission` is the newest full one, at most six months old; `fresh`: the oldest answer of its safety part is at most 48
    hours old.
    `limits` are what the answers allow in a visit. `needs_guardian`: the answers are from somebody under 18 for whom no
    guardian has agreed yet. `unasked` are the fields that nobody has asked yet, as keys of answers.
    """

    level: Level | None
    disposition: Disposition | None
    level_afterwards: Level | None = None
    not_before: datetime | None
    submission: Submission | None
    fresh: bool
    consented: bool
    limits: VisitLimits = NO_LIMITS
    needs_guardian: bool = False
    unasked: frozenset[str] = frozenset()

    def is_answered_for(self, types: Collection[str]) -> bool:
        """Whether everything that can change the booking of these types was asked, and lately enough."""
        return self.submission is not None and self.fresh and not self.missing_for(types)

    def missing_for(self, types: Collection[str]) -> frozenset[str]:
        """What can change the booking of these types and was never asked, as keys of answers."""
        return self.unasked & gate_fields(types) if self.unasked else self.unasked

    @property
    def excluded(self) -> frozenset[str]:
        """Modalities excluded for safety."""
        return frozenset(self.limits.left_out)

    def level_at(self, starts_at: datetime) -> Level | None:
        """The level that applies to a visit with this start."""
        if self.not_before is not None and starts_at >= self.not_before:
            return self.level_afterwards
        return self.level


@dataclass(frozen=True)
class Reached:
    """A level while it is computed: the lasting part, and until when a visit is postponed."""

    lasting: SafetyVerdict | None
    not_before: datetime | None

    def at_least(self, other: SafetyVerdict) -> "Reached":
        """Raised to `other` if that is higher."""
        if self.lasting is not None and self.lasting.level >= other.level:
            return self
        return replace(self, lasting=other)

    def postponed(self, until: datetime) -> "Reached":
        """With no visit before `until`."""
        return Reached(
            lasting=self.lasting or SafetyVerdict(Level.OK, None),
            not_before=max(until, self.not_before or until),
        )

    def standing(self) -> SafetyStanding:
        """As a standing without submission."""
        only_time = self.not_before is not None and self.lasting is not None and not self.lasting.level.stops
        now = SafetyVerdict(Level.REFER, Disposition.POSTPONE) if only_time else self.lasting
        return SafetyStanding(
            level=now.level if now else None,
            disposition=now.disposition if now else None,
            level_afterwards=self.lasting.level if self.lasting else None,
            not_before=self.not_before if only_time else None,
            submission=None,
            fresh=False,
            consented=False,
        )


NOTHING: Final = Reached(None, None)
UNKNOWN: Final = NOTHING.standing()
"""The standing of somebody who has answered nothing."""
HAS_ANSWERED: Final = sa.or_(
    *(
        sa.exists().where(
            sa.or_(
                model.client_id == sa.bindparam("client", type_=sa.Uuid()),
                model.browser == sa.bindparam("browser", type_=sa.LargeBinary),
            )
        )
        for model in (Submission, RaisedLevel)
    )
)
"""Whether there is anything that `safety_standing` would read of a client (parameter `client`) or a browser (`browser`);
if not, their standing is `UNKNOWN`."""
_ASK_A_THERAPIST: Final = SafetyVerdict(Level.THERAPIST_REVIEW, None)


def safety_standing(
    *, browser: bytes | None, client_id: UUID | None, now: datetime, zone: str
) -> SafetyStanding:
    """Which level applies to this browser, or to this signed-in client, at this moment.

    It comes from the newest answers without the rules that a therapist has cleared, and never falls below the minimum
    of the last seven days: after an urgent or refer answer, changed answers still give therapist_review. `zone` is the
    location's; a postponement to tomorrow means tomorrow there. Reads outcomes, never the sealed answers.
    """
    latest = _latest(browser, client_id, now)
    full = latest.get(SubmissionKind.FULL)
    raised = _raised(browser, client_id, now)
    if full is None:
        return _with_raised(NOTHING, raised, None, now).standing()
    newest = max(latest.values(), key=lambda submission: submission.submitted_at)
    clearances = _clearances(full, now)
    cleared = _covered(newest, clearances)
    reached = _reached(newest, cleared, now, ZoneInfo(zone))
    unseen = _not_judged(raised, newest, clearances, cleared, reached)
    consented = consent_of(full) is not None
    return replace(
        _with_raised(reached, unseen, newest, now).standing(),
        submission=full,
        fresh=newest.safety_from > now - SAFETY_LASTS and (consented or not is_withdrawn(full)),
        limits=newest_limits(newest.outcome, full.outcome),
        consented=consented,
        needs_guardian=guardians.is_under_age(full.outcome) and not guardians.is_agreed(full),
        unasked=unasked_of(newest.outcome),
    )


def draft(browser: bytes | None, now: datetime) -> Draft | None:
    """The draft of this browser, if one is being filled in."""
    if browser is None:
        return None
    newest = (
        sa.select(Draft)
        .where(Draft.browser == browser, Draft.changed_at > now - DRAFTS_KEPT)
        .order_by(Draft.changed_at.desc())
        .limit(1)
    )
    return db.session.scalar(newest)


def newest_full(*, browser: bytes | None, client_id: UUID | None, now: datetime) -> Submission | None:
    """This person's newest full submission, at most six months old."""
    return _latest(browser, client_id, now).get(SubmissionKind.FULL)


def earlier_answers(client_id: UUID, now: datetime) -> Submission | None:
    """What a client sent last in full, however long ago, if they still agree that it is kept."""
    sent = db.session.scalar(
        sa.select(Submission)
        .join(Submission.outcome)
        .options(contains_eager(Submission.outcome))
        .where(
            Submission.client_id == client_id,
            Submission.kind == SubmissionKind.FULL,
            Submission.submitted_at <= now,
        )
        .order_by(Submission.submitted_at.desc(), Submission.id.desc())
        .limit(1)
    )
    return sent if sent is not None and consent_of(sent) is not None else None


def lasts(submission: Submission, at: datetime) -> bool:
    """Whether a submission counts at an instant: its oldest part was sent less than six months before."""
    return submission.oldest_sent_at > at - FULL_LASTS


def newest_sent(*, browser: bytes | None, client_id: UUID | None, now: datetime) -> Submission | None:
    """This person's newest submission of either kind, at most six months old."""
    latest = _latest(browser, client_id, now).values()
    return max(latest, key=lambda submission: submission.submitted_at, default=None)


def is_withdrawn(submission: Submission) -> bool:
    """Whether the consent to keep these answers was given and withdrawn since. One statement."""
    purpose = (Consent.submission_id == submission.id, Consent.purpose == Purpose.HEALTH_DATA)
    return bool(
        db.session.scalar(sa.select(sa.func.bool_and(Consent.withdrawn_at.is_not(None))).where(*purpose))
    )


def answers_judged(submission: Submission) -> dict[str, object]:
    """All answers an outcome depends on: a full form's own; or a short form's, over the lasting answers of the full
    form before it.

    The caller records the access in the audit log.
    """
    if submission.kind == SubmissionKind.FULL or submission.client_id is None:
        return dict(submission.answers)
    at = submission.submitted_at
    before = db.session.scalar(
        sa.select(Submission)
        .where(
            Submission.client_id == submission.client_id,
            Submission.kind == SubmissionKind.FULL,
            Submission.submitted_at > at - FULL_LASTS,
            Submission.submitted_at <= at,
        )
        .order_by(Submission.submitted_at.desc(), Submission.id.desc())
        .limit(1)
    )
    return {**lasting(before), **submission.answers}


def lasting(before: Submission | None) -> dict[str, object]:
    """The answers of a full form that still apply on the day of a visit, when the rest is asked again."""
    answers = before.answers if before else {}
    return {name: value for name, value in answers.items() if name not in DAY_OF_VISIT_FIELDS}


def raised_here(browser: bytes, now: datetime) -> Sequence[RaisedLevel]:
    """Levels of the last seven days that were reached in this browser, for any client, newest first."""
    return _raised(browser, None, now)


def _latest(browser: bytes | None, client_id: UUID | None, now: datetime) -> dict[str, Submission]:
    """The newest submission of each kind, with its outcome; a short form older than the full one no longer counts."""
    newest = (
        sa.select(Submission)
        .join(Submission.outcome)
        .options(contains_eager(Submission.outcome))
        .where(_owned(Submission, browser, client_id), still_lasts(now))
        .ext(distinct_on(Submission.kind))
        .order_by(Submission.kind, Submission.submitted_at.desc(), Submission.id.desc())
    )
    return {submission.kind: submission for submission in db.session.scalars(newest)}


def still_lasts(at: datetime | sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    """Whether a submission counts at an instant: its oldest part was sent at most six months before."""
    return sa.func.coalesce(Submission.history_from, Submission.submitted_at) > at - FULL_LASTS


def _raised(browser: bytes | None, client_id: UUID | None, now: datetime) -> Sequence[RaisedLevel]:
    lately = (
        sa.select(RaisedLevel)
        .where(_owned(RaisedLevel, browser, client_id), RaisedLevel.raised_at > now - FLOOR_LASTS)
        .order_by(RaisedLevel.raised_at.desc())
    )
    return db.session.scalars(lately).all()


def _owned(
    model: type[Submission] | type[RaisedLevel], browser: bytes | None, client_id: UUID | None
) -> sa.ColumnElement[bool]:
    """Rows of a signed-in client, and their browser's rows that belong to nobody yet; without a client, all rows of the
    browser."""
    if client_id is None:
        return sa.false() if browser is None else model.browser == browser
    if browser is None:
        return model.client_id == client_id
    return sa.or_(model.client_id == client_id, sa.and_(model.browser == browser, model.client_id.is_(None)))


def _clearances(full: Submission, now: datetime) -> Sequence[Clearance]:
    """Clearances in force for this submission and, once it has a client, for that client's other ones."""
    of_person = [Submission.id == full.id]
    if full.client_id is not None:
        of_person.append(Submission.client_id == full.client_id)
    in_force = (
        sa.select(Clearance)
        .join(Submission, Submission.id == Clearance.submission_id)
        .where(sa.or_(*of_person), Clearance.cleared_at <= now, Clearance.until > now)
    )
    return db.session.scalars(in_force).all()


def _covered(submission: Submission, clearances: Sequence[Clearance]) -> frozenset[str]:
    """The rules that fired for this submission and are cleared."""
    if not clearances:
        return frozenset()
    return frozenset(
        fired.rule
        for fired in safety_of(submission.outcome).fired
        if any(_covers(clearance, fired, submission) for clearance in clearances)
    )


def _covers(clearance: Clearance, fired: ExplainedRule, submission: Submission) -> bool:
    """Whether a clearance covers this rule as it fired here.

    Beyond its own submission it covers only the same rule with the same answers, and never an urgent one: an emergency
    reported again is a new emergency.
    """
    if clearance.submission_id == submission.id:
        return fired.rule in clearance.rules
    return _covers_again(clearance, fired)


def _covers_again(clearance: Clearance, fired: FiredRule | ExplainedRule) -> bool:
    """Whether a clearance covers a rule that fired anew: the same rule with the same answers, and never an urgent one."""
    if fired.rule not in clearance.rules or fired.level is Level.URGENT:
        return False
    before = db.session.scalars(
        sa.select(Outcome).where(Outcome.submission_id == clearance.submission_id)
    ).one()
    return any(fired.rule == old.rule and fired.answers == old.answers for old in safety_of(before).fired)


def cleared_again(
    fired: Iterable[FiredRule], *, browser: bytes | None, client_id: UUID | None, now: datetime
) -> frozenset[str]:
    """Of these rules, those that a therapist has cleared for this person with the same answers."""
    rules = list(fired)
    full = newest_full(browser=browser, client_id=client_id, now=now) if rules else None
    clearances = _clearances(full, now) if full is not None else ()
    return frozenset(
        rule.rule for rule in rules if any(_covers_again(clearance, rule) for clearance in clearances)
    )


def _reached(newest: Submission, cleared: frozenset[str], now: datetime, zone: ZoneInfo) -> Reached:
    outcome = newest.outcome
    if not cleared and outcome.disposition != Disposition.POSTPONE:
        disposition = Disposition(outcome.disposition) if outcome.disposition else None
        return Reached(SafetyVerdict(Level(outcome.level), disposition), None)
    left = [fired for fired in safety_of(outcome).fired if fired.rule not in cleared]
    rules = {fired.rule for fired in left}
    waits = []
    if POSTPONED_UNTIL_WELL & rules:
        waits.append(now + WELL_FOR)
    if POSTPONED_UNTIL_TOMORROW in rules:
        # "Today" means the day of the answer; by the next morning it has passed.
        spoken_on = hours.local_day(newest.safety_part_sent_at, zone)
        waits.append(hours.midnight(spoken_on + timedelta(days=1), zone))
    return Reached(
        lasting=verdict(fired for fired in left if fired.rule not in POSTPONING),
        not_before=max((at for at in waits if at > now), default=None),
    )


def _not_judged(
    raised: Sequence[RaisedLevel],
    newest: Submission,
    clearances: Sequence[Clearance],
    cleared: frozenset[str],
    reached: Reached,
) -> Sequence[RaisedLevel]:
    """Raised levels that no therapist has looked at yet, if clearances leave nothing to decide in the newest answers.

    A therapist has looked at those before the newest clearance, and at those of these answers up to the cleared level.
    """
    if not clearances or (reached.lasting and reached.lasting.level > Level.CAUTION):
        return raised
    looked_at = max(clearance.cleared_at for clearance in clearances)
    known = verdict(fired for fired in safety_of(newest.outcome).fired if fired.rule in cleared).level
    return [
        row
        for row in raised
        if row.raised_at > looked_at
        and (row.raised_at > newest.safety_part_sent_at or Level(row.level) > known)
    ]


def _with_raised(
    reached: Reached, raised: Sequence[RaisedLevel], newest: Submission | None, now: datetime
) -> Reached:
    """Adds what was raised since the newest answers, and the minimum from what was raised before them."""
    postponed = newest is not None and newest.outcome.disposition == Disposition.POSTPONE
    for row in raised:
        disposition = Disposition(row.disposition) if row.disposition else None
        since = newest is None or row.raised_at > newest.safety_part_sent_at
        if disposition is not Disposition.POSTPONE:
            level = SafetyVerdict(Level(row.level), disposition) if since else _ASK_A_THERAPIST
            reached = reached.at_least(level)
        elif since:
            reached = reached.postponed(now + WELL_FOR)
        # A postponement needs time, not a person: once it is over, nothing is left of it.
        elif not postponed and row.raised_at > now - WELL_FOR:
            reached = reached.at_least(_ASK_A_THERAPIST)
    return reached


def is_agreed_to() -> sa.ColumnElement[bool]:
    """Whether the consent to storing health answers that was given with a submission still applies, as part of a statement."""
    return sa.exists().where(
        Consent.submission_id == Submission.id,
        Consent.purpose == Purpose.HEALTH_DATA,
        Consent.withdrawn_at.is_(None),
    )


def consent_of(full: Submission) -> Consent | None:
    """The consent to storing health answers that was given with this submission, if it still applies."""
    return db.session.scalars(
        sa.select(Consent)
        .where(
            Consent.submission_id == full.id,
            Consent.purpose == Purpose.HEALTH_DATA,
            Consent.withdrawn_at.is_(None),
        )
        .order_by(Consent.given_at.desc())
        .limit(1)
    ).one_or_none()
