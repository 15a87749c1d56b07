"""Whether a letter tells of a new time: what the page promises is what the pass sends, and staff can want no letter."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking import changes
from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.messaging import delivery, promises
from clinic.messaging.delivery import PassTerms
from clinic.messaging.due.visits import TELLS_REQUEST, TELLS_TIME
from clinic.messaging.models import Message, MessageKind
from tests import make
from tests.messaging.mailers import Postbox
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.web.reading import read

SETTLED = timedelta(minutes=3)
"""Longer than the settling time, by more than a busy machine takes for a few pages."""
HOUR = timedelta(hours=1)
A_LITTLE = timedelta(minutes=10)
Clock = Callable[[datetime], None]


def sent_by(now: datetime) -> list[str]:
    """The kinds of letters about times, after a pass at this moment, as they were owed and not dropped."""
    delivery.run_pass(now, 100, Postbox(), PassTerms(pause=lambda seconds: None))
    about = sa.select(Message.kind).where(
        Message.kind.in_((*TELLS_TIME, *TELLS_REQUEST)), Message.sent_at.is_not(None)
    )
    return list(db.session.scalars(about.order_by(Message.id)))


def moved(visit: Appointment, by: timedelta, now: datetime, *, is_told: bool = True) -> None:
    with transaction():
        changes.move(
            visit.id,
            visit.starts_at + by,
            is_told=is_told,
            revision=visit.revision,
            actor="user:somebody",
            now=now,
        )


def undone(visit: Appointment, now: datetime) -> None:
    with transaction():
        changes.undo(visit.id, revision=visit.revision, actor="user:somebody", now=now)


def dropped(browser: Browser, visit: Appointment, at: str, **fields: object) -> None:
    path = f"/staff/calendar/visits/{visit.id}/drop?on=2031-03-06&at={at}&therapist={visit.therapist.slug}"
    answer = browser.post(path, revision=visit.revision, **fields)
    assert answer.get_json()["verdict"] == "moved"


def sent(browser: Browser, page: str, button: str) -> str:
    """The page after pressing one of the buttons beside what was just said."""
    form = next(one for one in read(page).all("form") if [b.text for b in one.all("button")] == [button])
    hidden = {one.get("name"): one.get("value") for one in form.all("input")}
    answer = browser.client.post(form.get("action"), data=hidden)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return browser.get(answer.headers["Location"])


def test_a_drop_tells_by_itself_and_says_so(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    assert sent_by(make.NOW) == [MessageKind.CONFIRMATION]
    dropped(front_desk, visit, "14:00")
    assert "The visit has a new time. A letter tells Ada." in front_desk.get("/staff")
    assert sent_by(make.NOW + SETTLED) == [MessageKind.CONFIRMATION, MessageKind.CHANGE]


def test_the_letter_can_be_held_back_and_written_after_all(
    scene: Scene, front_desk: Browser, the_clock_says: Clock
) -> None:
    visit = scene.visit()
    sent_by(make.NOW)
    dropped(front_desk, visit, "14:00", back="/staff/calendar?view=day&day=2031-03-06")
    page = sent(front_desk, front_desk.get("/staff"), "Write no letter")
    assert "No letter tells Ada." in page
    assert make.refreshed(visit).wall_start.hour == 14
    assert sent_by(make.NOW + SETTLED) == [MessageKind.CONFIRMATION]
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "untold")).one()
    assert (entry.action, entry.client_id) == ("change", scene.ada.id)
    the_clock_says(make.NOW + A_LITTLE)
    own = front_desk.get(f"/staff/appointments/{visit.id}")
    assert "No letter has told Ada of this time." in own
    page = sent(front_desk, own, "Write a letter")
    assert "A letter tells Ada." in page
    assert "No letter has told" not in page
    assert sent_by(make.NOW + A_LITTLE + SETTLED) == [MessageKind.CONFIRMATION, MessageKind.CHANGE]


def test_the_choice_is_kept_with_the_act(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    sent_by(make.NOW)
    dropped(front_desk, visit, "14:00", untold="y")
    assert "No letter tells Ada." in front_desk.get("/staff")
    assert db.session.scalars(sa.select(AuditEntry.purpose).where(AuditEntry.action == "move")).all() == [
        "untold"
    ]
    assert sent_by(make.NOW + SETTLED) == [MessageKind.CONFIRMATION]
    moved(make.refreshed(visit), HOUR, make.NOW + HOUR)
    assert sent_by(make.NOW + HOUR + SETTLED) == [MessageKind.CONFIRMATION, MessageKind.CHANGE]


def test_move_by_keyboard_asks_the_same(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    sent_by(make.NOW)
    page = read(front_desk.get(f"/staff/appointments/{visit.id}/move?day=2031-03-06"))
    offered = next(one for one in page.all("button", name_="start") if one.text.startswith("11:00"))
    check = f"/staff/appointments/{visit.id}/move/check?start={quote(offered.get('value'))}"
    seen = front_desk.get(check)
    assert "For two minutes you can take it back; then a letter tells Ada." in seen
    assert "Write no letter about it" in seen
    after = front_desk.done(check, revision=visit.revision, untold="y")
    assert "No letter tells Ada." in after
    assert sent_by(make.NOW + SETTLED) == [MessageKind.CONFIRMATION]


def test_what_has_left_cannot_be_held_back(scene: Scene, front_desk: Browser, the_clock_says: Clock) -> None:
    visit = scene.visit()
    sent_by(make.NOW)
    dropped(front_desk, visit, "14:00")
    page = front_desk.get("/staff")
    the_clock_says(make.NOW + SETTLED)
    assert "has left already" in sent(front_desk, page, "Write no letter")
    assert not changes.is_untold(make.refreshed(visit))
    assert sent_by(make.NOW + SETTLED)[-1] == MessageKind.CHANGE


def test_without_an_address_no_letter_is_promised(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    scene.ada.contacts[0].bounced_at = make.NOW
    db.session.commit()
    dropped(front_desk, visit, "14:00")
    page = front_desk.get("/staff")
    assert "No e-mail address is known, so no letter goes out." in page
    assert "Write no letter" not in page


Story = Callable[[Appointment], None]


def told_then_untold(visit: Appointment) -> None:
    moved(visit, HOUR, make.NOW)
    sent_by(make.NOW + SETTLED)
    moved(make.refreshed(visit), HOUR, make.NOW + SETTLED, is_told=False)


def untold_and_undone(visit: Appointment) -> None:
    moved(visit, HOUR, make.NOW, is_told=False)
    undone(make.refreshed(visit), make.NOW)


def told_and_undone(visit: Appointment) -> None:
    moved(visit, HOUR, make.NOW)
    undone(make.refreshed(visit), make.NOW)


def undone_to_what_was_left_untold(visit: Appointment) -> None:
    moved(visit, HOUR, make.NOW, is_told=False)
    moved(make.refreshed(visit), HOUR, make.NOW + HOUR)
    undone(make.refreshed(visit), make.NOW + HOUR)


def untold_then_told(visit: Appointment) -> None:
    moved(visit, HOUR, make.NOW, is_told=False)
    moved(make.refreshed(visit), HOUR, make.NOW)


@pytest.mark.parametrize(
    ("story", "letters"),
    [
        (told_then_untold, 1),
        (untold_and_undone, 0),
        (told_and_undone, 0),
        (undone_to_what_was_left_untold, 0),
        (untold_then_told, 1),
    ],
)
def test_what_is_promised_is_what_is_sent(scene: Scene, story: Story, letters: int) -> None:
    visit = scene.visit()
    sent_by(make.NOW)
    story(visit)
    later = make.NOW + HOUR + timedelta(seconds=1)
    before = sent_by(later - timedelta(seconds=1))
    promised = promises.letter_to_come(make.refreshed(visit), later)
    after = sent_by(later + SETTLED)
    assert after.count(MessageKind.CHANGE) == letters
    assert bool(promised) == (len(after) > len(before))


def test_a_first_letter_goes_whatever_was_left_untold(scene: Scene) -> None:
    visit = scene.visit()
    moved(visit, HOUR, make.NOW, is_told=False)
    assert sent_by(make.NOW + SETTLED) == [MessageKind.CONFIRMATION]


def test_a_moved_request_is_told_again_unless_it_is_left_untold(scene: Scene) -> None:
    visit = scene.request()
    sent_by(make.NOW)
    moved(make.refreshed(visit), HOUR, make.NOW, is_told=False)
    assert sent_by(make.NOW + SETTLED) == [MessageKind.REQUEST_RECEIVED]
    moved(make.refreshed(visit), HOUR, make.NOW + HOUR)
    assert len(sent_by(make.NOW + HOUR + SETTLED)) == 2


def test_another_length_alone_is_told_too(scene: Scene) -> None:
    visit = scene.visit()
    sent_by(make.NOW)
    with transaction():
        changes.move(
            visit.id,
            visit.starts_at,
            therapist_id=visit.therapist_id,
            length_minutes=75,
            revision=visit.revision,
            actor="user:somebody",
            now=make.NOW,
        )
    assert sent_by(make.NOW + SETTLED) == [MessageKind.CONFIRMATION, MessageKind.CHANGE]


def test_an_outdated_page_decides_nothing(scene: Scene, front_desk: Browser) -> None:
    visit = scene.visit()
    answer = front_desk.post(f"/staff/appointments/{visit.id}/tell", told="no", revision=77)
    assert answer.status_code == 303
    assert not changes.is_untold(make.refreshed(visit))
    done = scene.visit(starts_at=make.NOW - timedelta(days=3), state=State.DONE)
    front_desk.post(f"/staff/appointments/{done.id}/tell", told="no", revision=done.revision)
    assert not changes.is_untold(make.refreshed(done))
