"""What somebody who was never treated here may book online, treatment by treatment.

A visitor who is not signed in counts as new: nobody is looked up by a typed address.
"""

from uuid import UUID

import sqlalchemy as sa

from clinic.booking.models import CAME, Appointment, State
from clinic.booking.states import Admission
from clinic.db import db
from clinic.language import N_
from clinic.practice.models import NewClientRule, Treatment
from clinic.refusal import Refusal


class NotFirst(Refusal):
    """Another treatment has to come first."""

    code = "not-first"
    sentence = N_(
        "This treatment is not for a first visit. Have you been here before? Then please sign in first. "
        "Otherwise please begin with another treatment."
    )


def is_new(client_id: UUID | None) -> bool:
    """Whether nobody here has treated this client yet."""
    if client_id is None:
        return True
    treated = sa.exists().where(Appointment.client_id == client_id, Appointment.state.in_(CAME))
    return not db.session.scalar(sa.select(treated))


def require_welcome(rule: NewClientRule | str, client_id: UUID | None) -> None:
    """Raise NotFirst when a treatment with this rule is not for a first visit and this would be one."""
    if rule == NewClientRule.NOT_FIRST and is_new(client_id):
        raise NotFirst


def entry(treatment: Treatment, client_id: UUID, otherwise: Admission) -> Admission:
    """How the booking of a client begins: a request, where new clients have to ask first. Raises NotFirst."""
    require_welcome(treatment.new_clients, client_id)
    asks = treatment.new_clients == NewClientRule.ASK_FIRST and otherwise.state is State.BOOKED
    return Admission(State.REQUESTED, "first_visit") if asks and is_new(client_id) else otherwise
