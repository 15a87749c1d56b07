"""The outcome for a client who chose a treatment: what speaks against it, and what safety changes in it.

So few answers make no suggestion, and none is shown.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from clinic.booking.models import Appointment
from clinic.booking.suitability import Mismatch, Objection, Proposed, judge, objections
from clinic.guidance.gate import SUGGESTION_FIELDS
from clinic.intake.explanation import ExplainedSafety, safety_of, unasked_of
from clinic.intake.models import Outcome
from clinic.intake.queries import SafetyStanding
from clinic.intake.visit_limits import NO_LIMITS, VisitLimits
from clinic.language import N_, gettext
from clinic.practice import own_texts
from clinic.public.suggestion import SafetyChanges, safety_changes, told_by

STANDS: Final = N_("Nothing you told us speaks against %(treatment)s")
LOOK_FIRST: Final = N_("%(treatment)s: a therapist looks first")
NO_TREATMENT: Final = N_("Nothing you told us speaks against a massage")
WHY: Final = {
    Mismatch.LEFT_OUT: N_(
        "We leave out this type of massage for your safety, because you told us: %(told)s."
    ),
    Mismatch.TOO_LONG: N_("For now we keep a session to %(minutes)s minutes at most. This one is longer."),
    Mismatch.NOT_TRAINED: N_(
        "What you told us asks for a therapist with extra training. %(therapist)s has none on record here."
    ),
}


@dataclass(frozen=True, kw_only=True)
class ChosenTreatment:
    """What the page shows: whether the treatment stands as it was chosen, or why a therapist looks first."""

    heading: str
    whys: tuple[str, ...]
    changes: SafetyChanges

    @property
    def stands(self) -> bool:
        """Whether nothing speaks against what was chosen."""
        return not self.whys


def has_too_few_answers(outcome: Outcome) -> bool:
    """Whether a suggestion would rest on questions that nobody has asked."""
    return not SUGGESTION_FIELDS.isdisjoint(unasked_of(outcome))


def chosen_treatment(
    outcome: Outcome, limits: VisitLimits, reservation: Appointment | None
) -> ChosenTreatment:
    """The page for an outcome at ok or caution; `reservation` is the time that is kept, if any."""
    safety = safety_of(outcome)
    changes = safety_changes(safety)
    if reservation is None:
        return ChosenTreatment(heading=gettext(NO_TREATMENT), whys=(), changes=changes)
    against = judge(Proposed.of(reservation), limits)
    heading = gettext(LOOK_FIRST if against else STANDS) % {
        "treatment": own_texts.said(reservation.treatment, "name")
    }
    whys = tuple(_why(one, safety, limits, reservation) for one in against)
    return ChosenTreatment(heading=heading, whys=whys, changes=changes)


def why_looked_at_first(
    standing: SafetyStanding, reservation: Appointment, client_id: UUID | None
) -> tuple[str, ...]:
    """Why a therapist looks first at this time, by the answers that were sent; empty if nothing about it speaks against it.

    What a therapist set aside for this client no longer counts. The sentences tell of health: the caller records the look.
    """
    if standing.submission is None or standing.limits == NO_LIMITS:
        return ()
    proposed = Proposed.of(reservation)
    against = objections(proposed, standing, client_id) if client_id else judge(proposed, standing.limits)
    safety = safety_of(standing.submission.outcome)
    return tuple(_why(one, safety, standing.limits, reservation) for one in against)


def _why(against: Objection, safety: ExplainedSafety, limits: VisitLimits, kept: Appointment) -> str:
    return gettext(WHY[against.mismatch]) % {
        "told": "; ".join(told_by(rule for rule in safety.fired if rule.rule in against.rules)),
        "minutes": limits.most_minutes,
        "therapist": kept.therapist.given_name,
    }
