"""Verbs of the therapist's review: opening it, deciding it, clearing rules that stopped a booking.

The suggestion stays with the outcome as the engine gave it; a decision is stored beside it. The caller commits.
Everything here is audited by field names.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import audit
from clinic.accounts.models import HealthGrant, User
from clinic.booking import request_decisions
from clinic.booking.changes import UNDO, UndoOver
from clinic.booking.fitting import Fit
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.levels import Level
from clinic.intake.explanation import Explanation
from clinic.intake.models import Clearance, Outcome, Submission
from clinic.plans import courses, scores, visit_fit
from clinic.plans.courses import DraftChanges
from clinic.plans.models import Decision, DeclineReason, ReasonKind, Review
from clinic.refusal import NotFound, Refusal, Stale

CLEARED_FOR = timedelta(days=30)
GRANTED_FOR = timedelta(hours=24)


class DecisionReasonNeeded(Refusal):
    """Overriding or declining a suggestion needs a reason."""

    status = 400
    code = "reason-needed"
    sentence = "Say why you depart from the suggestion."


class NothingSuggested(Refusal):
    """There is no suggestion to accept."""

    code = "nothing-suggested"
    sentence = "There is no suggestion to accept here. Choose a type, or decline."


class NotThisType(Refusal):
    """The decision has no type, a type twice, or one that does not exist or was not suggested."""

    status = 400
    code = "not-this-type"
    sentence = "Choose one to three different types."


class RuleNotConfirmed(Refusal):
    """A chosen type is excluded by safety rules that were not deliberately set aside; `rules` names them by type."""

    code = "rule-not-confirmed"
    sentence = "A type you chose is left out by a safety rule. Confirm that you set this rule aside, or choose another type."

    def __init__(self, rules: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.rules = rules


class OnlyToClose(Refusal):
    """An urgent answer is never followed by a plan; the review can only be closed."""

    code = "only-to-close"
    sentence = "These answers asked for urgent help. Close the review; a new intake is needed before massage."


class StillBooked(Refusal):
    """The visit is booked, so there is no request to decline."""

    code = "still-booked"
    sentence = "This visit is booked. Cancel the visit if it should not take place."


def open_review(outcome: Outcome, client_id: UUID, appointment: Appointment | None, now: datetime) -> Review:
    """Open a review of a suggestion; once per outcome.

    Called again for the same outcome, it returns the existing review and, while that is undecided, points it to the
    newer visit. Two calls at once are safe: the outcome's row is locked first. The scores of a full intake are stored.
    """
    db.session.execute(sa.select(Outcome.id).where(Outcome.id == outcome.id).with_for_update())
    review = db.session.scalars(sa.select(Review).where(Review.outcome_id == outcome.id)).one_or_none()
    if review is None:
        review = Review(
            outcome_id=outcome.id,
            submission_id=outcome.submission_id,
            client_id=client_id,
            appointment_id=appointment.id if appointment else None,
            opened_at=now,
        )
        db.session.add(review)
        audit.record(audit.SYSTEM, "open", review, client_id=client_id, purpose="review", now=now)
    elif review.decided_at is None and appointment is not None:
        review.appointment_id = appointment.id
    scores.keep_start(outcome.submission, client_id)
    db.session.flush()
    return review


def decide(
    review: Review,
    *,
    decision: Decision,
    modalities: Sequence[str] = (),
    reason_kind: ReasonKind | DeclineReason | None = None,
    reason: str = "",
    confirmed_rules: Iterable[str] = (),
    waived: Iterable[str] = (),
    becomes: Fit | None = None,
    clears: bool = False,
    changes: DraftChanges | None = None,
    tells_client: bool = False,
    revision: int,
    by: User,
    now: datetime,
) -> Review:
    """Store what the therapist decided, make the course, and confirm or decline the request it was about.

    Accept takes the suggested types in their order; change takes some of them in another order; replace takes any of
    the guidance's types; change, replace and decline need a reason. At level refer the rules that stopped the booking
    are cleared for 30 days; `clears` does the same for the rules that asked for a therapist first, so that further
    visits need no request. Clearing needs a reason in words. `changes` are what a change or replacement alters of the draft
    course. With `tells_client` the page of the visit says that a doctor's word is wanted first.

    The visit has to suit the answers (`booking.suitability`): `becomes` gives it another treatment or therapist at its own
    time, and `waived` are keys of objections that are set aside by name, for this course and with a reason in words.
    Raises NotSuitable if something still speaks against the visit. Raises Stale if somebody has decided meanwhile,
    RuleNotConfirmed for an excluded type whose rule was not set aside, NothingSuggested, NotThisType, DecisionReasonNeeded,
    OnlyToClose, StillBooked, and whatever `booking.request_decisions.confirm` or `booking.request_decisions.decline` refuse.
    """
    if review.revision != revision or review.decided_at is not None:
        raise Stale
    explained = Explanation.of(review.outcome)
    set_aside = frozenset(confirmed_rules)
    chosen = _chosen(explained, decision, modalities, set_aside)
    cleared = _cleared(explained, decision, clears)
    _need_reason(decision, reason_kind, reason, for_clearance=bool(cleared))

    # The calendar's rows are locked before the review's: booking, which opens reviews, takes them in that order.
    if decision is not Decision.DECLINE:
        visit_fit.fit_visit(
            review,
            becomes=becomes,
            rules=set_aside & explained.rules_against(chosen),
            waived=frozenset(waived),
            reason=reason,
            kind=reason_kind.value if reason_kind else "",
            by=by,
            now=now,
        )
    _settle_visit(review.appointment, decision, audit.by_user(by.id), now)
    _store(
        review,
        revision=revision,
        decided_at=now,
        decided_by_id=by.id,
        decision=decision.value,
        reason_kind=reason_kind.value if reason_kind else None,
        tells_client=tells_client,
    )
    review.reason = reason or None
    review.chosen = {
        "modalities": list(chosen),
        "set_aside": sorted(set_aside & explained.rules_against(chosen)),
    }
    if decision is not Decision.DECLINE:
        if cleared:
            clear(review.submission, rules=cleared, reason=reason, until=now + CLEARED_FOR, by=by, now=now)
        if chosen:
            courses.begin(review, chosen, by=by, now=now, changes=changes)
    audit.record(
        audit.by_user(by.id),
        "decide",
        review,
        client_id=review.client_id,
        purpose=decision.value,
        fields=("decision", "chosen", "reason"),
        now=now,
    )
    db.session.flush()
    return review


def take_back(review: Review, *, revision: int, by: User, now: datetime) -> None:
    """Open a review again that was declined in the last two minutes; a request it ended is one again.

    Raises Stale if it is not as the page showed it, UndoOver, and what `booking.request_decisions.take_back_decline` refuses.
    """
    if review.revision != revision or review.decided_at is None:
        raise Stale
    if review.decision != Decision.DECLINE or now >= review.decided_at + UNDO:
        raise UndoOver
    visit = review.appointment
    if visit is not None and visit.state == State.DECLINED:
        request_decisions.take_back_decline(visit.id, actor=audit.by_user(by.id), now=now)
    undecided = dict.fromkeys(
        ("decided_at", "decided_by_id", "decision", "reason_kind", "reason_sealed", "chosen_sealed")
    )
    done = db.session.execute(
        sa.update(Review)
        .where(Review.id == review.id, Review.revision == revision)
        .values(**undecided, tells_client=False, revision=revision + 1)
        .execution_options(synchronize_session=False)
        .returning(Review.id)
    ).first()
    if done is None:
        raise Stale
    db.session.refresh(review)
    audit.record(
        audit.by_user(by.id),
        "take_back",
        review,
        client_id=review.client_id,
        purpose="review",
        fields=("decision", "reason"),
        now=now,
    )


def call_first(review: Review, *, revision: int, by: User, now: datetime) -> None:
    """Note that the client is called before the review is decided. A request stays one, and keeps its deadline.

    Raises Stale if somebody has decided meanwhile.
    """
    _store(review, revision=revision, call_first_at=now, call_first_by_id=by.id, tells_client=False)
    audit.record(
        audit.by_user(by.id), "call_first", review, client_id=review.client_id, purpose="review", now=now
    )


def tell_of_call(review: Review, *, revision: int, by: User, now: datetime) -> None:
    """Let a letter and the page of the visit say that we call. Raises Stale unless a call is wanted and nobody has told."""
    if review.call_first_at is None or review.tells_client:
        raise Stale
    _store(review, revision=revision, tells_client=True)
    audit.record(
        audit.by_user(by.id), "tell_of_call", review, client_id=review.client_id, purpose="review", now=now
    )


def end_call(
    review: Review, *, reached: bool, words: str = "", revision: int, by: User, now: datetime
) -> None:
    """The client was reached and said something, or no call is needed any more. Raises Stale if somebody has decided
    meanwhile, or nobody wanted to call."""
    if review.call_first_at is None:
        raise Stale
    _store(
        review,
        revision=revision,
        call_first_at=None,
        call_first_by_id=None,
        call_tried_at=None,
        call_tries=0,
        tells_client=False,
    )
    if words:
        review.call_words = "\n".join(filter(None, (review.call_words, words)))
    action = "reach_by_call" if reached else "need_no_call"
    fields = ("call_words",) if words else ()
    audit.record(
        audit.by_user(by.id),
        action,
        review,
        client_id=review.client_id,
        purpose="review",
        fields=fields,
        now=now,
    )
    db.session.flush()


def not_reached(review: Review, *, revision: int, by: User, now: datetime) -> None:
    """Nobody answered the call: the task stays and says so. Raises Stale as `end_call` does."""
    if review.call_first_at is None:
        raise Stale
    _store(review, revision=revision, call_tried_at=now, call_tries=review.call_tries + 1)
    audit.record(
        audit.by_user(by.id), "not_reached", review, client_id=review.client_id, purpose="review", now=now
    )


def _chosen(
    explained: Explanation, decision: Decision, modalities: Sequence[str], set_aside: frozenset[str]
) -> tuple[str, ...]:
    if decision is Decision.DECLINE:
        return ()
    if explained.level is Level.URGENT:
        raise OnlyToClose
    if decision is Decision.ACCEPT:
        if explained.is_short:
            return ()
        if not explained.suggested:
            raise NothingSuggested
        return explained.suggested
    if explained.is_short:
        raise NotThisType("Only the short form of a visit was answered; there is no suggestion to change.")
    chosen = tuple(modalities)
    allowed = set(explained.suggested) if decision is Decision.CHANGE else set(MODALITIES)
    if not 1 <= len(chosen) <= 3 or len(set(chosen)) < len(chosen) or not set(chosen) <= allowed:
        raise NotThisType
    against = {m: rules for m in chosen if (rules := explained.exclusions.get(m))}
    if not {rule for rules in against.values() for rule in rules} <= set_aside:
        raise RuleNotConfirmed(against)
    return chosen


def _cleared(explained: Explanation, decision: Decision, clears: bool) -> tuple[str, ...]:
    if decision is Decision.DECLINE:
        return ()
    return tuple(
        fired.rule
        for fired in explained.fired
        if fired.level is Level.REFER or (clears and fired.level is Level.THERAPIST_REVIEW)
    )


def _need_reason(
    decision: Decision, kind: ReasonKind | DeclineReason | None, reason: str, *, for_clearance: bool
) -> None:
    if decision is not Decision.ACCEPT and kind is None:
        raise DecisionReasonNeeded
    if kind in (ReasonKind.OTHER, DeclineReason.OTHER) and not reason:
        raise DecisionReasonNeeded("Say in a few words what the other reason is.")
    if for_clearance and not reason:
        raise DecisionReasonNeeded(
            "Say why the answers that stopped the booking need not stop it any longer."
        )


def _settle_visit(appointment: Appointment | None, decision: Decision, actor: str, now: datetime) -> None:
    if appointment is None:
        return
    if appointment.state == State.REQUESTED:
        if decision is Decision.DECLINE:
            request_decisions.decline(appointment.id, actor=actor, now=now, can_be_taken_back=True)
        else:
            request_decisions.confirm(appointment.id, actor=actor, now=now)
    elif decision is Decision.DECLINE and appointment.state == State.BOOKED:
        raise StillBooked


def _store(review: Review, *, revision: int, **columns: object) -> None:
    """Store a decision, or what is wanted before it, only if the review is undecided and as the page showed it; raises Stale
    otherwise."""
    done = db.session.execute(
        sa.update(Review)
        .where(Review.id == review.id, Review.revision == revision, Review.decided_at.is_(None))
        .values(revision=revision + 1, **columns)
        .execution_options(synchronize_session=False)
        .returning(Review.id)
    ).first()
    if done is None:
        raise Stale
    db.session.refresh(review)


def clear(
    submission: Submission, *, rules: Sequence[str], reason: str, until: datetime, by: User, now: datetime
) -> Clearance:
    """Record a therapist's decision that rules of one submission do not stop a booking until an instant.

    Raises DecisionReasonNeeded without a reason, NotFound when no rule is named or one did not fire, and OnlyToClose for
    an urgent outcome.
    """
    if not rules or not set(rules) <= set(submission.outcome.rules):
        raise NotFound("There is no such rule to clear.")
    if submission.outcome.level == Level.URGENT:
        raise OnlyToClose
    if not reason:
        raise DecisionReasonNeeded("Say why these answers need not stop a booking.")
    clearance = Clearance(submission_id=submission.id, cleared_by_id=by.id, cleared_at=now, until=until)
    clearance.rules = list(rules)
    clearance.reason = reason
    db.session.add(clearance)
    audit.record(
        audit.by_user(by.id),
        "clear",
        clearance,
        client_id=submission.client_id,
        purpose="clearance",
        fields=("rules", "reason", "until"),
        now=now,
    )
    db.session.flush()
    return clearance


def open_with_reason(client_id: UUID, *, reason: str, by: User, now: datetime) -> HealthGrant:
    """Let a therapist read the record of a client who is not theirs for 24 hours. Raises DecisionReasonNeeded.

    The owner sees it in the audit log, where it has its own action.
    """
    if not reason:
        raise DecisionReasonNeeded("Say why you need to open this record.")
    grant = HealthGrant(user_id=by.id, client_id=client_id, granted_at=now, until=now + GRANTED_FOR)
    grant.reason = reason
    db.session.add(grant)
    audit.record(
        audit.by_user(by.id),
        "open_with_reason",
        grant,
        client_id=client_id,
        purpose="health",
        fields=("reason", "until"),
        now=now,
    )
    db.session.flush()
    return grant
