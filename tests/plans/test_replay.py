"""Judging open reviews again by another rule set, without changing any of them."""

import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.db import db
from clinic.guidance import rules
from clinic.guidance.rules import CURRENT
from clinic.intake import assessment
from clinic.intake.models import Outcome
from clinic.plans import replay, services
from clinic.plans.models import Decision, Plan, Review
from config import Settings
from tests import make as makers
from tests.guidance.clients import CLIENTS
from tests.guidance.versions import OLDER
from tests.plans.conftest import Scene
from tests.plans.intakes import BLOOD_THINNER, KNOTS, NO_SIGNS, as_answers, send

NOW = makers.NOW
Reviewed = Callable[[dict[str, Any]], Review]


@pytest.fixture
def judged_by_the_older(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Reviewed:
    """An open review of answers that were judged when the older version was the current one."""
    monkeypatch.setitem(rules.VERSIONS, OLDER.version, OLDER)
    days = itertools.count(1)

    def reviewed(answers: dict[str, Any]) -> Review:
        outcome = send(scene.ada, answers)
        assessed = assessment.assess(answers, OLDER)
        outcome.level = assessed.safety.level
        outcome.disposition = assessed.safety.disposition
        outcome.rule_set = OLDER.version
        outcome.rules = list(assessed.safety.rules)
        outcome.explanation = assessed.explanation()
        visit = scene.visit(starts_at=NOW + timedelta(days=next(days)))
        review = services.open_review(outcome, scene.ada.id, visit, NOW)
        db.session.commit()
        return review

    return reviewed


def everything(model: type[Any]) -> list[tuple[Any, ...]]:
    """All rows of a table, as bytes."""
    db.session.expire_all()
    return sorted(tuple(row) for row in db.session.execute(sa.select(model.__table__)))


def test_open_reviews_that_would_differ_are_named_with_level_and_type_before_and_after(
    judged_by_the_older: Reviewed,
) -> None:
    thinner, knots = judged_by_the_older(BLOOD_THINNER), judged_by_the_older(KNOTS)
    found = {one.review_id: one for one in replay.open_reviews(NOW)}
    assert (found[thinner.id].before.level, found[thinner.id].after) == (
        "caution",
        replay.replayed_result(thinner.submission),
    )
    assert found[thinner.id].differs
    after = found[thinner.id].after
    assert after is not None
    assert after.level == "therapist_review"
    assert found[knots.id].before == replay.Result("ok", "neuromuscular")
    assert found[knots.id].after == replay.Result("ok", "trigger_point")


def test_a_change_of_rules_changes_no_decision_no_outcome_and_no_plan(
    scene: Scene, judged_by_the_older: Reviewed
) -> None:
    decided, left = judged_by_the_older(KNOTS), judged_by_the_older(BLOOD_THINNER)
    services.decide(decided, decision=Decision.ACCEPT, revision=1, by=scene.therapist_user, now=NOW)
    db.session.commit()
    before = [everything(model) for model in (Outcome, Review, Plan)]
    found = replay.open_reviews(NOW, CURRENT)
    db.session.commit()
    assert [everything(model) for model in (Outcome, Review, Plan)] == before
    assert [one.review_id for one in found] == [left.id]
    chosen = db.session.get_one(Review, decided.id).chosen
    assert chosen is not None
    assert chosen["modalities"][0] == replay.stored_result(decided.outcome).top == "neuromuscular"
    assert decided.outcome.rule_set == OLDER.version


def test_the_version_it_was_judged_by_gives_the_same_result_again(judged_by_the_older: Reviewed) -> None:
    for answers in (KNOTS, BLOOD_THINNER):
        outcome = judged_by_the_older(answers).outcome
        assert replay.replayed_result(
            outcome.submission, rules.rule_set(outcome.rule_set)
        ) == replay.stored_result(outcome)
    assert not any(one.differs for one in replay.open_reviews(NOW, OLDER))


def test_every_written_client_is_replayed_to_what_was_stored(scene: Scene) -> None:
    assert len(CLIENTS) > 60
    for client in CLIENTS:
        outcome = send(scene.ada, as_answers(client.facts))
        version = rules.rule_set(outcome.rule_set)
        assert replay.replayed_result(outcome.submission, version) == replay.stored_result(outcome), (
            client.name
        )
        assert assessment.assess(outcome.submission.answers, version).explanation() == outcome.explanation


def test_a_short_form_is_judged_with_the_full_one_before_it(scene: Scene) -> None:
    send(scene.ada, BLOOD_THINNER, at=NOW - timedelta(days=2))
    short = {**NO_SIGNS, "medications": [], "today": []}
    outcome = send(scene.ada, {**BLOOD_THINNER, **short}, kind="day_of_visit")
    outcome.submission.answers = short
    services.open_review(outcome, scene.ada.id, scene.visit(), NOW)
    later = send(scene.ada, {**KNOTS, "conditions": ["current_dvt_pe"]}, at=NOW + timedelta(days=1))
    db.session.commit()
    assert later.level == "refer"
    (found,) = replay.open_reviews(NOW + timedelta(days=2))
    assert not found.differs


def test_answers_of_another_time_that_cannot_be_read_are_said_to_be_so(scene: Scene) -> None:
    outcome = send(scene.ada)
    outcome.submission.answers = {**KNOTS, "pain_duration": "a_fortnight"}
    services.open_review(outcome, scene.ada.id, scene.visit(), NOW)
    db.session.commit()
    (found,) = replay.open_reviews(NOW)
    assert found.after is None
    assert found.differs
    assert replay.UNREADABLE in replay.table([found])[1]


def test_the_table_holds_no_answer_and_no_name(judged_by_the_older: Reviewed) -> None:
    review = judged_by_the_older(BLOOD_THINNER)
    same = judged_by_the_older({**KNOTS, "muscle_findings": ["general_tightness"]})
    found = replay.open_reviews(NOW)
    lines = replay.table(found)
    assert lines[0].split("  ")[0] == "review"
    assert len(lines) == 2
    assert lines[1].split() == [
        str(review.id),
        OLDER.version,
        "caution",
        "therapist_review",
        *(one.top or "-" for one in (found[0].before, found[0].after) if one),
    ]
    assert str(same.id) not in "".join(lines)
    for secret in ("Ada", "Sample", "anticoagulant", "Blood", "T01"):
        assert secret not in "\n".join(lines)


def test_each_reading_is_recorded_under_its_purpose(judged_by_the_older: Reviewed) -> None:
    review = judged_by_the_older(KNOTS)
    replay.open_reviews(NOW)
    db.session.commit()
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "replay")).one()
    assert (entry.actor, entry.action, entry.subject_id) == ("system", "read", review.submission_id)
    assert entry.client_id == review.client_id


def test_the_command_says_how_many_would_differ(settings: Settings) -> None:
    names = ("environment", "database_url", "redis_url", "lumbar_data")
    environment = {name.upper(): str(getattr(settings, name)) for name in names}
    done = subprocess.run(
        [sys.executable, "-m", "clinic", "replay"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "0 of 0 open reviews would come out differently.\n"
