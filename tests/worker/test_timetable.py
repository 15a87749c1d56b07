"""The Celery application: its tasks, its timetable, and that every step can run twice."""

import importlib

import pytest
import sqlalchemy as sa
from celery.utils.imports import symbol_by_name
from flask import Flask

from clinic.maintenance import sweeps
from clinic.messaging import heartbeat
from clinic.messaging.heartbeat import DeliveryPart
from clinic.worker.beat_scheduler import HeartbeatScheduler
from clinic.worker.celery_app import Driver
from clinic.worker.timetable import TIMETABLE
from config import Settings


def test_every_step_is_a_task_under_its_own_name(app: Flask) -> None:
    ours = {name for name in Driver(app).tasks if not name.startswith("celery.")}
    assert ours == {
        "message_pass",
        "timed_message_pass",
        "back_up",
        "build_data_exports",
        "erase_granted",
        "erase_unseen_clients",
        "find_unusual_reading",
        "make_downtime_sheet",
        "send_backup",
        "sweep_often",
        *(step.__name__ for step in sweeps.OFTEN),
        "delete_old_drafts",
        "tidy",
        "fetch_from_sns",
        "count_experiences",
        "count_overrides",
    }


def test_beat_reads_the_timetable_with_the_scheduler_that_says_it_lives(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("database_url", "redis_url", "lumbar_data", "environment"):
        monkeypatch.setenv(name.upper(), str(getattr(settings, name)))
    conf = importlib.import_module("worker").celery.conf
    assert {entry["task"] for entry in conf.beat_schedule.values()} == {
        each.name for each in TIMETABLE if each.needs is None
    }
    assert conf.beat_schedule["timed_message_pass"]["schedule"] == 30.0
    assert symbol_by_name(conf.beat_scheduler) is HeartbeatScheduler


def test_steps_run_on_an_empty_practice_twice_without_a_word(app: Flask, database: sa.Connection) -> None:
    driver = Driver(app)
    for each in TIMETABLE * 2:
        driver.tasks[each.name]()
    assert heartbeat.heartbeats().sign(DeliveryPart.PASS).word == "ok"
