"""Counting what therapists did with suggestions: numbers only, and small ones untold."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.db import db
from clinic.plans import overrides, services
from clinic.plans.models import Decision, OverrideCount, ReasonKind
from clinic.plans.overrides import in_words
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
    **more: Any,
) -> None:
    """So many reviews of these answers, decided alike."""
    for _ in range(times):
        review = services.open_review(send(scene.ada, answers), scene.ada.id, None, at)
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


def test_a_rule_is_shown_from_five_decisions_on(scene: Scene) -> None:
    decide(scene, Decision.ACCEPT, times=4)
    counted()
    found = overrides.report(NOW)
    assert found.rules == ()
    assert found.hidden > 0
    decide(scene, Decision.ACCEPT)
    counted()
    shown = rule("E04", overrides.report(NOW).rules)
    assert (shown.shown, shown.followed, shown.departed, shown.reasons) == (5, "5", "0", ())
    assert "Tender points that send pain elsewhere" in shown.says


def test_reasons_are_told_from_five_departures_on_and_small_ones_never(scene: Scene) -> None:
    decide(scene, Decision.ACCEPT, times=5)
    replaced(scene, times=4)
    counted()
    few = rule("E04", overrides.report(NOW).rules)
    assert (few.followed, few.departed, few.reasons) == ("5 or more", "under five", ())
    replaced(scene, ReasonKind.FINDING_ON_TOUCH)
    counted()
    enough = rule("E04", overrides.report(NOW).rules)
    assert (enough.followed, enough.departed) == ("5", "5")
    assert dict(enough.reasons) == {WISH: "under five", ReasonKind.FINDING_ON_TOUCH: "under five"}


def test_the_rule_most_often_departed_from_comes_first(scene: Scene) -> None:
    decide(scene, Decision.ACCEPT, BLOOD_PRESSURE, times=5)
    replaced(scene, times=5)
    counted()
    rules = [one.rule for one in overrides.report(NOW).rules]
    assert rules.index("E04") < rules.index("C07")


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((9, 0), ("9", "0")),
        ((5, 5), ("5", "5")),
        ((16, 4), ("16 or more", "under five")),
        ((3, 9), ("under five", "8 or more")),
        ((4, 4), ("under five", "under five")),
    ],
)
def test_a_small_number_cannot_be_found_by_taking_away(parts: tuple[int, int], told: tuple[str, str]) -> None:
    assert in_words(parts) == told


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
