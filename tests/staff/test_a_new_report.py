"""A new report touches at most four files: proved by adding one to a copy of the product and opening it."""

from collections.abc import Mapping
from pathlib import Path

from flask import Flask

from clinic.db import db
from config import Settings
from tests import make, scratch

MODULE = '''
"""The report on rooms."""

from collections.abc import Mapping
from datetime import datetime

from clinic.practice import premises
from clinic.staff.reports.declaration import DeclaredReport


def numbers(now: datetime) -> Mapping[str, object]:
    """How many rooms there are."""
    return {"rooms": len(premises.every_room())}


REPORT = DeclaredReport(slug="rooms", title="Rooms in use", template="staff/reports/rooms.html", numbers=numbers)
'''
TEMPLATE = """{% extends "staff/base.html" %}
{% from "staff/reports/_parts.html" import head with context %}
{% block title %}{{ declared.title }}{% endblock %}
{% block main %}{{ head(declared, "How many there are.", reports) }}<p>Rooms counted: {{ rooms }}</p>{% endblock %}
"""
SCRIPT = """
import sys
from clinic.accounts.models import User
from clinic.app import create_app
from clinic.db import db
from tests.staff.conftest import signed_in_browser

app = create_app()
with app.app_context():
    browser = signed_in_browser(app, db.session.get_one(User, sys.argv[1]))
for path in ("/staff/reports/overrides", "/staff/reports/rooms"):
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status, answer.text[:500])
    print(answer.text)
"""


def with_a_new_report(tree: Path) -> Mapping[str, str]:
    """The files that a new report touches, as they read afterwards."""
    pages = "clinic/staff/reports/pages.py"
    declared = scratch.changed(
        tree / pages,
        "REPORTS: Final = (overrides.REPORT,",
        "REPORTS: Final = (overrides.REPORT, rooms.REPORT,",
    )
    return {
        "clinic/staff/reports/rooms.py": MODULE,
        "templates/staff/reports/rooms.html": TEMPLATE,
        pages: declared.replace("reports import overrides\n", "reports import overrides, rooms\n"),
    }


def test_adding_a_report_touches_three_files_and_it_has_a_page_and_a_tab(
    race_app: Flask, race_settings: Settings, tmp_path: Path
) -> None:
    make.room(make.location())
    owner = make.user(roles=["owner"])
    db.session.commit()
    tree = scratch.copied(tmp_path)
    scratch.add(tree, with_a_new_report(tree))
    shown = scratch.run(tree, SCRIPT, str(owner.id), settings=race_settings)
    assert "Rooms counted: 1" in shown
    assert shown.count('href="/staff/reports/rooms"') == 2
    assert shown.count(">Count again</button>") == 1
