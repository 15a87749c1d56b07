"""Therapists who change one plan at one instant: one wins, the others are told, and no version is lost or doubled."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts.models import User
from clinic.db import db, transaction
from clinic.plans import courses, plan_changes, plan_versions, services
from clinic.plans.models import Decision, Plan, PlanVersion
from clinic.refusal import Stale
from config import Settings
from tests import make
from tests.plans.intakes import review
from tests.races.rivals import race

ROUNDS = 4
RIVALS = 3

pytestmark = pytest.mark.race


@pytest.fixture
def plans(race_app: Flask) -> list[UUID]:
    """Running courses of several clients, all decided by one therapist."""
    make.practice()
    by = make.user()
    sold = make.treatment(therapists=[make.therapist(make.location(), user_id=by.id)])
    found = []
    for number in range(ROUNDS):
        person = make.client(mail=f"{number}@client.example")
        visit = make.appointment(
            of=sold, who=person, starts_at=make.NOW + timedelta(days=3, hours=2 * number)
        )
        services.decide(review(visit), decision=Decision.ACCEPT, revision=1, by=by, now=make.NOW)
        db.session.commit()
        made = courses.plan_of(person.id)
        assert made is not None
        found.append(made.id)
    return found


def save(round_: int, rival: int, task: Any) -> str:
    """What one browser sends: a length of its own, typed over the first version."""
    plan = db.session.get_one(Plan, UUID(task))
    content = replace(plan_versions.present(plan), minutes=30 + 5 * rival)
    by = db.session.scalars(sa.select(User)).first()
    assert by is not None
    try:
        with transaction():
            plan_changes.change(plan.id, content, seen=1, why=f"Rival {rival}", by=by, now=make.NOW)
    except Stale:
        return "told"
    return "saved"


def test_of_those_who_change_a_plan_at_once_one_wins_and_the_others_are_told(
    race_settings: Settings, plans: list[UUID]
) -> None:
    reports = race(race_settings, save, [str(plan_id) for plan_id in plans], rivals=RIVALS)
    assert Counter(report.result for report in reports) == {"saved": ROUNDS, "told": ROUNDS * (RIVALS - 1)}
    for plan_id in plans:
        rows = sa.select(PlanVersion).where(PlanVersion.plan_id == plan_id).order_by(PlanVersion.number)
        kept = list(db.session.scalars(rows))
        assert [version.number for version in kept] == [1, 2]
        plan = db.session.get_one(Plan, plan_id)
        assert kept[-1].content["plan"] == plan_versions.present(plan).stored
