"""The worker's steps for domains other than messages."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.booking.models import State
from clinic.db import db, transaction
from clinic.maintenance import sweeps
from tests.make import Make


def test_undecided_requests_are_ended(make: Make, app: Flask) -> None:
    request = make.appointment(
        of=make.offering(),
        who=make.client(),
        state=State.REQUESTED,
        request_reason="level",
        decide_by=clock.now() - timedelta(minutes=1),
    )
    sweeps.lapse_and_decide()
    assert make.refreshed(request).state == State.DECLINED


def test_a_short_step_that_fails_keeps_no_other_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done = []

    def fails() -> None:
        db.session.execute(sa.text("SELECT 1 / 0"))

    def goes_on() -> None:
        with transaction():
            done.append(db.session.scalar(sa.text("SELECT 'after it'")))

    monkeypatch.setattr(sweeps, "OFTEN", (fails, goes_on))
    sweeps.sweep_often()
    assert done == ["after it"]
    assert [vars(record)["step"] for record in caplog.records] == ["fails"]
