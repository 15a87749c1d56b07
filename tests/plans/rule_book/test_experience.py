"""What happened here: each client once, from five on, in steps of five, and never a number that gives somebody away."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clinic.accounts.models import AuditEntry, Client
from clinic.booking.models import State
from clinic.db import db, new_id
from clinic.plans import incidents, services
from clinic.plans.incidents import IncidentContent, IncidentKind
from clinic.plans.models import Decision, DeclineReason, ReasonKind
from clinic.plans.rule_book import experience
from clinic.plans.rule_book.models import Experience
from tests import make
from tests.plans.conftest import Scene
from tests.plans.intakes import BLOOD_PRESSURE, FEVER, KNOTS, send
from tests.plans.test_progress import scored
from tests.plans.test_scores import PEG

NOW = make.NOW
RULE, TYPE = ("rule", "E04"), ("type", "trigger_point")
LATER = NOW + timedelta(days=60)


def people(number: int) -> list[Client]:
    """So many further clients."""
    return [
        make.client(given_name=f"Client {new_id().hex[-6:]}", mail=f"{new_id().hex}@client.example")
        for _ in range(number)
    ]


def decided(
    scene: Scene,
    who: Iterable[Client],
    decision: Decision = Decision.ACCEPT,
    answers: dict[str, Any] = KNOTS,
    *,
    at: datetime = NOW,
    **more: Any,
) -> None:
    """A review of each of them, decided alike."""
    for client in who:
        review = services.open_review(send(client, answers), client.id, None, at)
        services.decide(review, decision=decision, revision=1, by=scene.therapist_user, now=at, **more)
    db.session.commit()


def replaced(
    scene: Scene, who: Iterable[Client], kind: ReasonKind = ReasonKind.CLIENT_WISH, **more: Any
) -> None:
    decided(
        scene, who, Decision.REPLACE, modalities=["relaxation"], reason_kind=kind, reason="Asked.", **more
    )


def counted(now: datetime = LATER) -> dict[tuple[str, str], Experience]:
    experience.count(now)
    db.session.commit()
    db.session.expire_all()
    return experience.experiences()


def parts(row: Experience) -> tuple[int | None, int | None, int | None]:
    return row.clients, row.followed, row.departed


def test_four_clients_are_not_told_about_and_five_are(scene: Scene) -> None:
    decided(scene, people(4))
    assert counted() == {}
    decided(scene, people(1))
    found = counted()
    assert found[RULE].clients == found[TYPE].clients == 5


def test_one_client_with_many_decisions_is_one_client(scene: Scene) -> None:
    one = people(1) * 6
    decided(scene, one)
    assert counted() == {}


def test_numbers_grow_by_five_clients_or_not_at_all(scene: Scene) -> None:
    decided(scene, people(9))
    nine = parts(counted()[RULE])
    assert nine == (5, None, None)
    decided(scene, people(1))
    assert parts(counted()[RULE]) == (10, 5, None)


def test_a_few_departures_look_like_none(scene: Scene) -> None:
    replaced(scene, people(4))
    decided(scene, people(11))
    few = counted()[RULE]
    assert parts(few) == (15, 10, None)
    assert few.reasons == []


def test_departures_and_their_reasons_are_told_from_five_on(scene: Scene) -> None:
    replaced(scene, people(5))
    replaced(scene, people(4), ReasonKind.FINDING_ON_TOUCH)
    decided(scene, people(6))
    row = counted()[RULE]
    assert parts(row) == (15, 5, 5)
    assert row.reasons == ["client_wish"]


def test_the_first_decision_about_a_client_counts(scene: Scene) -> None:
    who = people(10)
    decided(scene, who)
    replaced(scene, who[:5], at=NOW + timedelta(days=1))
    assert parts(counted()[RULE]) == (10, 5, None)


def test_a_type_that_is_kept_in_another_order_is_not_departed_from(scene: Scene) -> None:
    decided(
        scene,
        people(10),
        Decision.CHANGE,
        modalities=["swedish", "trigger_point"],
        reason_kind=ReasonKind.CLIENT_WISH,
        reason="Gentler first.",
    )
    assert parts(counted()[TYPE]) == (10, 5, None)


def test_a_rule_that_stops_is_departed_from_by_going_on(scene: Scene) -> None:
    decided(
        scene,
        people(5),
        Decision.REPLACE,
        FEVER,
        modalities=["swedish"],
        reason_kind=ReasonKind.SAFETY,
        reason="No fever any more, measured here.",
    )
    decided(scene, people(5), Decision.DECLINE, FEVER, reason_kind=DeclineReason.CALL_FIRST, reason="Ill.")
    assert parts(counted()["rule", "R03"]) == (10, 5, 5)


def test_another_safety_rule_is_departed_from_by_setting_it_aside(scene: Scene) -> None:
    aside = {"modalities": ["mechanical_impulse"], "confirmed_rules": ["C07"]}
    why = {"reason_kind": ReasonKind.SAFETY, "reason": "Checked."}
    decided(scene, people(5), Decision.REPLACE, BLOOD_PRESSURE, **aside, **why)
    decided(scene, people(5), answers=BLOOD_PRESSURE)
    row = counted()["rule", "C07"]
    assert parts(row) == (10, 5, 5)
    assert row.reasons == ["safety"]


def test_what_was_decided_before_the_window_does_not_count(scene: Scene) -> None:
    decided(scene, people(5), at=datetime(2028, 12, 31, 23, 59, tzinfo=NOW.tzinfo))
    assert counted() == {}
    decided(scene, people(5), at=datetime(2029, 1, 1, tzinfo=NOW.tzinfo))
    assert counted()[RULE].clients == 5


def with_course(scene: Scene, who: Client, weeks_on: int, **later: object) -> None:
    """A course of a client with four weekly visits; the fourth is the first look back."""
    start = NOW + timedelta(days=3 + 100 * weeks_on)
    visits = [
        scene.visit(who=who, starts_at=start + timedelta(weeks=week), state=State.BOOKED) for week in range(4)
    ]
    opened = services.open_review(send(who, {**KNOTS, **PEG}), who.id, visits[0], NOW)
    services.decide(opened, decision=Decision.ACCEPT, revision=1, by=scene.therapist_user, now=NOW)
    db.session.commit()
    scored(visits[3], **later)


def test_pain_and_daily_life_are_those_of_the_start_and_the_first_look_back(scene: Scene) -> None:
    who = people(5)
    for number, (client, pain) in enumerate(zip(who, (1, 2, 3, 4, 4), strict=True)):
        with_course(scene, client, number, pain_avg_nrs=pain, peg_pain=3, peg_enjoyment=3, peg_activity=3)
        if number == 3:
            assert counted() == {}
    found = counted()
    for row in (found[TYPE], found[RULE]):
        assert (row.pain_clients, row.pain_start, row.pain_later) == (5, Decimal("5.0"), Decimal("2.8"))
        assert (row.function_clients, row.function_start, row.function_later) == (
            5,
            Decimal("6.0"),
            Decimal("3.0"),
        )


def test_clients_without_a_score_at_the_look_back_are_not_in_the_mean(scene: Scene) -> None:
    for number, client in enumerate(people(6)):
        with_course(scene, client, number, **({"pain_avg_nrs": 2} if number < 4 else {}))
    row = counted()[TYPE]
    assert row.clients == 5
    assert row.pain_clients is None
    assert row.pain_later is None


def hurt(scene: Scene, who: Client, number: int, at: datetime) -> None:
    visit = scene.visit(who=who, state=State.DONE, starts_at=NOW + timedelta(days=number + 1))
    incidents.record(
        visit,
        IncidentContent(kind=IncidentKind.BRUISE, happened="A bruise.", done=""),
        incident_id=new_id(),
        by=scene.therapist_user,
        now=at,
    )
    db.session.commit()


def test_incidents_after_the_decision_are_told_from_five_clients_on(scene: Scene) -> None:
    who = people(10)
    decided(scene, who)
    hurt(scene, who[9], 9, NOW - timedelta(days=1))
    for number in range(4):
        hurt(scene, who[number], number, NOW + timedelta(days=20))
    assert counted()[TYPE].incident_clients is None
    hurt(scene, who[4], 4, NOW + timedelta(days=20))
    assert counted()[TYPE].incident_clients == 5


def test_an_erased_client_is_not_counted(scene: Scene) -> None:
    who = people(5)
    decided(scene, who)
    who[0].erased_at = NOW
    db.session.commit()
    assert counted() == {}


def test_counting_leaves_one_entry_and_the_time(scene: Scene) -> None:
    assert experience.counted_at() is None
    decided(scene, people(5))
    before = db.session.scalar(sa.select(sa.func.count()).select_from(AuditEntry))
    counted()
    assert experience.counted_at() == LATER
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == (before or 0) + 1


NOTHING: dict[str, object] = {"kind": "rule", "name": "E04", "reasons": []}


@pytest.mark.parametrize(
    ("numbers", "constraint"),
    [
        ({"clients": 4}, "clients_in_steps"),
        ({"clients": 7}, "clients_in_steps"),
        ({"clients": 10, "followed": 5, "departed": 2}, "departed_in_steps"),
        ({"clients": 10, "followed": 10}, "no_part_gives_away"),
        ({"clients": 10, "departed": 10}, "no_rest_gives_away"),
        ({"clients": 5, "incident_clients": 10}, "parts_fit"),
        ({"clients": 10, "followed": 5, "reasons": ["safety"]}, "reasons_of_departures"),
        ({"pain_clients": 5, "pain_start": 5}, "scores_whole"),
        ({"pain_clients": 3, "pain_start": 5, "pain_later": 4}, "pain_clients_in_steps"),
        ({"kind": "person"}, "kind_known"),
    ],
)
def test_the_database_keeps_no_number_about_too_few(
    database: object, numbers: dict[str, object], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        db.session.execute(sa.insert(Experience).values(**{**NOTHING, **numbers}))
    db.session.rollback()
