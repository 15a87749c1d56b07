"""Whether what a client books online is booked at once, or asked for and confirmed by the practice first.

It is a rule of the practice, and of a treatment where that says otherwise. Staff book at once; so does a client who takes a time
that staff offered by hand, or who moves a visit. The sessions of a course were agreed with a therapist before.
"""

from uuid import UUID

from clinic.booking import newcomers
from clinic.booking.models import State
from clinic.booking.states import Admission
from clinic.practice import queries as practice
from clinic.practice.models import Approval, NewClientRule, Treatment

REASON = "approval"


def is_needed(treatment: Treatment) -> bool:
    """Whether everybody asks for this treatment first."""
    rule = treatment.approval or practice.the_practice().approval
    return rule == Approval.ASK_FIRST


def asks_first(treatment: Treatment, client_id: UUID | None) -> bool:
    """Whether this client, or a visitor nobody knows, asks first whatever their health answers are."""
    if is_needed(treatment):
        return True
    return treatment.new_clients == NewClientRule.ASK_FIRST and newcomers.is_new(client_id)


def entry(treatment: Treatment, otherwise: Admission) -> Admission:
    """How the booking of a client begins: a request, where the practice confirms first."""
    asks = otherwise.state is State.BOOKED and is_needed(treatment)
    return Admission(State.REQUESTED, REASON) if asks else otherwise
