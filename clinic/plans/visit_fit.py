"""What a decision does to its visit: change it, or set aside by name what speaks against it."""

from collections.abc import Collection
from datetime import datetime

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking import fitting, suitability
from clinic.booking.fitting import Fit
from clinic.booking.models import Appointment, State
from clinic.booking.suitability import Mismatch, Objection
from clinic.plans.models import Review

_AHEAD = (State.REQUESTED, State.BOOKED)


def visit_ahead(review: Review, now: datetime) -> Appointment | None:
    """The visit under review while it can still be changed."""
    visit = review.appointment
    if visit is None or visit.state not in _AHEAD or visit.starts_at <= now:
        return None
    return visit


def fit_visit(
    review: Review,
    *,
    becomes: Fit | None,
    rules: Collection[str],
    waived: Collection[str],
    reason: str,
    kind: str,
    by: User,
    now: datetime,
) -> None:
    """Change the visit under review, and store what is set aside, for every visit while these answers stand.

    `rules` are safety rules that leave out a chosen type, `waived` keys of objections, `kind` the reason in a code.
    Raises NotSuitable if something still speaks against the visit, SafetyReasonNeeded, and what `fitting.refit` raises.
    """
    visit = visit_ahead(review, now)
    if visit is not None and becomes is not None:
        visit = fitting.refit(visit.id, becomes, actor=audit.by_user(by.id), now=now)
    keys = {*waived, *(suitability.rule_key(rule) for rule in rules)}
    against = suitability.objections_to(visit, now) if visit is not None else ()
    named = [one for one in against if set(one.keys) <= keys]
    if named and not reason.strip():
        raise suitability.SafetyReasonNeeded
    if rules:
        named.append(_chosen_against(rules))
    if named:
        suitability.set_aside(
            review.client_id,
            named,
            visit=visit,
            submission_id=review.submission_id,
            whole_course=True,
            reason=reason or kind,
            by=by,
            now=now,
        )
    if visit is not None:
        suitability.refuse_unsuitable(visit, now)


def _chosen_against(rules: Collection[str]) -> Objection:
    return Objection(
        mismatch=Mismatch.LEFT_OUT,
        keys=tuple(suitability.rule_key(rule) for rule in sorted(rules)),
        sentence=f"A type was chosen that {', '.join(sorted(rules))} leaves out",
        rules=tuple(sorted(rules)),
    )
