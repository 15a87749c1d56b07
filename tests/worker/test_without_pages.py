"""The product without its pages, as worker, beat and commands run it: it knows every table and writes what the pages' product writes."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pyrage
import pytest
from flask import Flask
from pyrage.x25519 import Identity

import clinic.app  # noqa: F401 - composing it imports every model
from clinic.accounts.models import Client
from clinic.backup import archive, downtime_sheet
from clinic.booking.models import Appointment
from clinic.db import Base
from clinic.exports import page
from clinic.exports import record as records
from tests.make import Make
from tests.messaging.conftest import ada, massage, visit
from tests.messaging.test_letters import all_letters

__all__ = ["ada", "massage", "visit"]

ROOT = Path(__file__).parents[2]
PAGES = {"clinic.app", "clinic.public", "clinic.portal", "clinic.staff", "clinic.api"}


SAID = "import sys, clinic.background; from clinic.db import Base; print(*sys.modules); print(*Base.metadata.tables)"


def test_a_process_without_pages_imports_none_and_knows_every_table() -> None:
    said = subprocess.run(
        [sys.executable, "-c", SAID], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    modules, tables = (set(line.split()) for line in said.splitlines())
    assert not modules & PAGES
    assert tables == set(Base.metadata.tables)


def test_every_letter_and_copy_is_written(make: Make, visit: Appointment, ada: Client, now: datetime) -> None:
    for kind, letter in all_letters(make, visit, ada, now).items():
        assert "<h1" in letter.html, kind
    assert ada.given_name in page.html(records.read(ada.id, now))


def test_a_downtime_sheet_is_made(
    app: Flask, visit: Appointment, ada: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, public = archive.fresh_identity()
    monkeypatch.setitem(app.config, "DOWNTIME_RECIPIENTS", (public,))
    sheet = downtime_sheet.make(visit.wall_start.date(), now)
    assert ada.given_name in pyrage.decrypt(sheet.encrypted, [Identity.from_str(private)]).decode()
