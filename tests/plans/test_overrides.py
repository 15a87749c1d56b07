"""Counting what therapists did with suggestions: numbers only, and small ones untold."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from clinic.accounts.models import AuditEntry, Client
from clinic.db import db
from clinic.plans import overrides, services
from clinic.plans.models import Decision, OverrideCount, ReasonKind
from tests import make as makers
from tests.plans.conftest import Scene
from tests.plans.intakes import BLOOD_PRESSURE, KNOTS, send

NOW = makers.NOW
WISH = ReasonKind.CLIENT_WISH


def decide(
    scene: Scene,
    decision: Decision,
    answers: dict[str, Any] = KNOTS,
    *,
    times: int = 1,
    at: datetime = NOW,
    who: Client | None = None,
    **more: Any,
) -> None:
    """So many reviews of these answers, each of another client unless somebody is named, decided alike."""
    for _ in range(times):
        client = who or makers.client()
        review = services.open_review(send(client, answers), client.id, None, at)
        services.decide(review, decision=decision, revision=1, by=scene.therapist_user, now=at, **more)
    db.session.commit()


def replaced(scene: Scene, kind: ReasonKind = WISH, **more: Any) -> None:
    decide(scene, Decision.REPLACE, modalities=["relaxation"], reason_kind=kind, reason="asked", **more)


def counted(now: datetime = NOW) -> dict[tuple[date, str], OverrideCount]:
    overrides.count(now)
    db.session.commit()
    return {(row.month, row.rule): row for row in db.session.scalars(sa.select(OverrideCount))}


def test_a_rule_behind_the_suggested_type_shares_what_became_of_it(scene: Scene) -> None:
    decide(scene, Decision.ACCEPT, times=2)
    replaced(scene, times=3)
    row = counted()[date(2031, 3, 1), "E04"]
    assert (row.shown, row.followed, row.changed, row.replaced, row.client_wish) == (5, 2, 0, 3, 3)
    assert row.finding_on_touch == row.skill_or_equipment == row.safety == row.other == 0


def test_starting_points_are_no_rule_and_a_decline_is_no_departure(scene: Scene) -> None:
    decide(scene, Decision.DECLINE, reason_kind=ReasonKind.OTHER, reason="full")
    assert counted() == {}
    decide(scene, Decision.ACCEPT)
    assert {rule for _, rule in counted()} >= {"E04"}
    assert "start" not in {rule for _, rule in counted()}


def test_a_safety_rule_is_left_only_by_setting_it_aside(scene: Scene) -> None:
    decide(scene, Decision.ACCEPT, BLOOD_PRESSURE)
    replaced(scene, answers=BLOOD_PRESSURE)
    decide(
        scene,
        Decision.REPLACE,
        BLOOD_PRESSURE,
        modalities=["deep_tissue"],
        confirmed_rules=["C07"],
        reason_kind=ReasonKind.SAFETY,
        reason="checked",
    )
    row = counted()[date(2031, 3, 1), "C07"]
    assert (row.shown, row.followed, row.replaced, row.safety, row.client_wish) == (3, 2, 1, 1, 0)


def test_each_decision_counts_in_its_month_and_counting_again_gives_the_same(scene: Scene) -> None:
    decide(scene, Decision.ACCEPT, at=datetime(2031, 1, 31, 23, 59, tzinfo=NOW.tzinfo))
    decide(scene, Decision.ACCEPT, at=datetime(2031, 2, 1, 0, 1, tzinfo=NOW.tzinfo))
    once = {key: row.shown for key, row in counted().items()}
    assert once[date(2031, 1, 1), "E04"] == once[date(2031, 2, 1), "E04"] == 1
    assert {key: row.shown for key, row in counted().items()} == once


def test_what_was_counted_before_last_year_stays(scene: Scene) -> None:
    decide(scene, Decision.ACCEPT)
    counted()
    later = NOW + timedelta(days=500)
    assert counted(later)[date(2031, 3, 1), "E04"].shown == 1
    assert overrides.report(later).rules == ()
    assert overrides.report(later).hidden == 0


def rule(name: str, rules: Iterable[overrides.RuleReport]) -> overrides.RuleReport:
    return next(one for one in rules if one.rule == name)


def test_a_rule_is_shown_from_five_clients_on(scene: Scene) -> None:
    decide(scene, Decision.ACCEPT, times=4)
    decide(scene, Decision.ACCEPT, times=3, who=scene.ada)
    found = overrides.report(NOW)
    assert found.rules == ()
    counted()
    shown = rule("E04", overrides.report(NOW).rules)
    assert (shown.clients, shown.followed, shown.departed, shown.reasons) == (5, None, None, ())
    assert "Tender points that send pain elsewhere" in shown.says


def test_one_client_often_decided_on_is_one_client_and_the_first_decision_counts(scene: Scene) -> None:
    decide(scene, Decision.ACCEPT, who=scene.ada)
    replaced(scene, times=6, who=scene.ada, at=NOW + timedelta(minutes=1))
    row = counted()[date(2031, 3, 1), "E04"]
    assert (row.shown, row.followed, row.replaced) == (1, 1, 0)
    found = overrides.report(NOW)
    assert found.rules == ()
    assert found.hidden > 0


def test_numbers_and_reasons_are_told_in_steps_of_five(scene: Scene) -> None:
    decide(scene, Decision.ACCEPT, times=6)
    replaced(scene, times=4)
    counted()
    few = rule("E04", overrides.report(NOW).rules)
    assert (few.clients, few.followed, few.departed, few.reasons) == (10, 5, None, ())
    replaced(scene, ReasonKind.FINDING_ON_TOUCH)
    replaced(scene)
    counted()
    enough = rule("E04", overrides.report(NOW).rules)
    assert (enough.clients, enough.followed, enough.departed, enough.reasons) == (10, 5, 5, ((WISH, 5),))


def test_the_rule_most_often_departed_from_comes_first(scene: Scene) -> None:
    decide(scene, Decision.ACCEPT, BLOOD_PRESSURE, times=5)
    replaced(scene, times=5)
    counted()
    rules = [one.rule for one in overrides.report(NOW).rules]
    assert rules.index("E04") < rules.index("C07")


def test_it_is_counted_when_asked_and_only_once(scene: Scene) -> None:
    assert not overrides.count_if_asked(NOW)
    overrides.ask_recount(NOW)
    overrides.ask_recount(NOW + timedelta(seconds=1))
    assert overrides.report(NOW).is_asked
    assert overrides.count_if_asked(NOW + timedelta(seconds=20))
    assert not overrides.report(NOW).is_asked
    assert not overrides.count_if_asked(NOW + timedelta(seconds=40))
    overrides.ask_recount(NOW + timedelta(minutes=1))
    assert overrides.count_if_asked(NOW + timedelta(minutes=2))


def test_the_count_is_recorded_and_stores_numbers_only(scene: Scene) -> None:
    replaced(scene)
    counted()
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "report")).one()
    assert (entry.actor, entry.action, entry.subject_type) == ("system", "count", "reviews")
    kinds = {column.name: type(column.type) for column in OverrideCount.__table__.columns}
    assert {name for name, kind in kinds.items() if kind is not sa.Integer} == {"month", "rule"}
