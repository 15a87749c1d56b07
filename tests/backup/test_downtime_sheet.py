"""The downtime sheet: made in the evening, closed to this machine, readable by age alone, and gone after two days."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pyrage
import pytest
import sqlalchemy as sa
from flask import Flask
from pyrage.x25519 import Identity

from clinic import clock
from clinic.backup import archive, downtime_sheet
from clinic.backup.making import NoReaders
from clinic.backup.models import DowntimeSheet
from clinic.booking.models import State
from clinic.db import db, transaction
from tests.make import Make
from tests.plans.conftest import Scene, scene

__all__ = ["scene"]


@pytest.fixture
def key(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: object) -> Identity:
    """A private key whose public half may read sheets; the sheets lie in a folder of their own."""
    private, public = archive.fresh_identity()
    monkeypatch.setitem(app.config, "DOWNTIME_RECIPIENTS", (public,))
    monkeypatch.setitem(app.config, "BACKUP_FOLDER", tmp_path)
    return Identity.from_str(private)


def made(day: date, key: Identity, now: datetime) -> str:
    with transaction():
        sheet = downtime_sheet.make(day, now)
        content = sheet.encrypted
    return pyrage.decrypt(content, [key]).decode()


def day_of(scene: Scene) -> date:
    """The local day of a new visit of Ada, who has two telephones."""
    visit = scene.visit()
    scene.make.contact(scene.ada, kind="phone", value="+49 30 1234567")
    scene.make.contact(scene.ada, kind="phone", value="+49 171 7654321")
    db.session.commit()
    on: date = visit.wall_start.date()
    return on


def test_the_sheet_says_who_comes_and_how_to_call_them(scene: Scene, key: Identity, now: datetime) -> None:
    page = made(day_of(scene), key, now)
    for told in ("Ada", "1234567", "7654321", "Ines Moreau", scene.treatment.name, scene.location.name):
        assert told in page
    assert "<script" not in page
    assert "http" not in page


def test_a_name_is_no_markup_in_the_page_that_a_browser_opens(
    scene: Scene, key: Identity, now: datetime
) -> None:
    """Anybody may book under any name, and the sheet is opened where the desk's other files lie."""
    scene.ada.given_name, scene.ada.family_name = "<img src=x onerror=alert(1)>", "O'Neill & Sons"
    page = made(day_of(scene), key, now)
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt; O&#39;Neill &amp; Sons" in page


def test_nothing_about_health_is_on_it(scene: Scene, key: Identity, now: datetime) -> None:
    from tests.plans.test_courses import begun

    visit = begun(scene, conditions=["epilepsy"])
    page = made(visit.wall_start.date(), key, now).lower()
    for hidden in ("epilepsy", "caution", "pain", "session 1", "health</"):
        assert hidden not in page


def test_nobody_without_the_key_reads_it(scene: Scene, key: Identity, now: datetime) -> None:
    on = day_of(scene)
    made(on, key, now)
    stored = db.session.scalars(sa.select(DowntimeSheet)).one()
    assert b"Ada" not in stored.encrypted
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(stored.encrypted, [Identity.generate()])


def test_cancelled_visits_are_not_on_it_and_requests_say_so(
    scene: Scene, key: Identity, now: datetime
) -> None:
    gone = scene.make.client(given_name="Gone", mail="gone@client.example")
    asked = scene.request()
    scene.visit(
        who=gone, starts_at=asked.starts_at + timedelta(hours=2), state=State.CANCELLED, cancelled_by="client"
    )
    page = made(asked.wall_start.date(), key, now)
    assert "Gone" not in page
    assert "asked for, not confirmed" in page


def test_without_a_public_key_none_is_made(app: Flask, scene: Scene, now: datetime) -> None:
    with pytest.raises(NoReaders), transaction():
        downtime_sheet.make(now.date(), now)


def test_the_keys_of_the_backups_are_used_where_it_has_none(
    app: Flask, scene: Scene, key: Identity, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    private, public = archive.fresh_identity()
    monkeypatch.setitem(app.config, "DOWNTIME_RECIPIENTS", ())
    monkeypatch.setitem(app.config, "BACKUP_RECIPIENTS", (public,))
    assert "Nobody was booked" in made(now.date(), Identity.from_str(private), now)


def test_each_evening_of_the_practice_makes_tomorrows_once(
    scene: Scene, key: Identity, the_clock_says: Callable[[datetime], None], tmp_path: Path
) -> None:
    def kept() -> list[tuple[str, str]]:
        rows = db.session.scalars(sa.select(DowntimeSheet).order_by(DowntimeSheet.day))
        return [(row.day.isoformat(), f"{row.made_at:%d %H:%M}") for row in rows]

    # Berlin's clock is one hour ahead until 30 March 2031, and two from then on.
    for instant, expected in (
        ("2031-03-29T17:59:00+00:00", []),
        ("2031-03-29T18:05:00+00:00", [("2031-03-30", "29 18:05")]),
        ("2031-03-29T18:35:00+00:00", [("2031-03-30", "29 18:05")]),
        ("2031-03-30T16:59:00+00:00", [("2031-03-30", "29 18:05")]),
        ("2031-03-30T17:05:00+00:00", [("2031-03-30", "29 18:05"), ("2031-03-31", "30 17:05")]),
    ):
        the_clock_says(datetime.fromisoformat(instant))
        downtime_sheet.make_downtime_sheet()
        assert kept() == expected, instant
    assert (tmp_path / "downtime-2031-03-31.html.age").read_bytes().startswith(b"age-encryption.org/v1")


def test_a_sheet_that_was_made_in_the_morning_is_made_again_in_the_evening(
    scene: Scene, key: Identity, the_clock_says: Callable[[datetime], None]
) -> None:
    the_clock_says(datetime.fromisoformat("2031-03-05T09:00:00+00:00"))
    with transaction():
        downtime_sheet.make(date(2031, 3, 6), clock.now())
    the_clock_says(datetime.fromisoformat("2031-03-05T18:05:00+00:00"))
    downtime_sheet.make_downtime_sheet()
    (sheet,) = db.session.scalars(sa.select(DowntimeSheet)).all()
    db.session.refresh(sheet)
    assert f"{sheet.made_at:%H:%M}" == "18:05"


def test_sheets_go_after_two_days_here_and_beside_the_backups(
    scene: Scene, key: Identity, tmp_path: Path
) -> None:
    now = clock.system()
    with transaction():
        assert downtime_sheet.write_file(downtime_sheet.make(now.date(), now), now)
    downtime_sheet.delete_old(now - timedelta(hours=1))
    assert len(list(tmp_path.iterdir())) == 1
    other = tmp_path / "lumbar-20310305T023000Z.backup"
    other.write_bytes(b"a backup")
    later = now + downtime_sheet.KEPT + timedelta(minutes=1)
    downtime_sheet.delete_old(later - downtime_sheet.KEPT)
    assert list(tmp_path.iterdir()) == [other]
    assert db.session.scalars(sa.select(DowntimeSheet)).all() == []


def test_the_number_of_statements_does_not_grow_with_the_visits(
    app: Flask, make: Make, scene: Scene, key: Identity, now: datetime
) -> None:
    def statements() -> int:
        counted: list[str] = []

        def count(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
            if "SAVEPOINT" not in statement:
                counted.append(statement)

        db.session.expire_all()
        sa.event.listen(db.engine, "before_cursor_execute", count)
        try:
            made(on, key, now)
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", count)
        return len(counted)

    first = scene.visit()
    on = first.wall_start.date()
    few = statements()
    for number in range(1, 4):
        person = make.client(given_name=f"Client {number}", mail=f"c{number}@client.example")
        make.contact(person, kind="phone", value=f"+49 30 123456{number}")
        scene.visit(who=person, starts_at=first.starts_at + timedelta(hours=2 * number))
    assert statements() <= few
