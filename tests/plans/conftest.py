"""A practice with one therapist who signs in, and a client who comes in three days."""

from dataclasses import dataclass
from uuid import UUID

import pytest
import sqlalchemy as sa

from clinic.accounts.models import Client, User
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans.models import PlannedSession
from clinic.practice.models import Location, Therapist, Treatment
from tests.make import Make


@dataclass(frozen=True)
class Scene:
    """Who is there, before anything happens."""

    therapist_user: User
    therapist: Therapist
    location: Location
    treatment: Treatment
    ada: Client
    make: Make

    def visit(self, **columns: object) -> Appointment:
        """A visit of Ada with the therapist."""
        return self.make.appointment(of=self.treatment, **{"who": self.ada, **columns})

    def request(self, **columns: object) -> Appointment:
        """A visit Ada asked for."""
        return self.visit(state=State.REQUESTED, request_reason="level", **columns)


@pytest.fixture
def scene(make: Make) -> Scene:
    make.practice()
    place = make.location()
    user = make.user(roles=["therapist"], given_name="Ines", family_name="Moreau")
    person = make.therapist(place, user_id=user.id, given_name="Ines", family_name="Moreau")
    sold = make.treatment(therapists=[person], intake="before_booking")
    return Scene(user, person, place, sold, make.client(), make)


def planned_sessions(plan_id: UUID) -> list[PlannedSession]:
    """The planned sessions of a course, in order."""
    of_plan = sa.select(PlannedSession).where(PlannedSession.plan_id == plan_id)
    return list(db.session.scalars(of_plan.order_by(PlannedSession.number)))
