"""What a client reads of their course, their answers, their messages and their data; nothing of anybody else."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.accounts.models import AuditEntry, Client
from clinic.db import db
from clinic.messaging.bounces.effects import CAME_BACK
from clinic.messaging.kinds import KINDS
from clinic.messaging.kinds.declaration import Recipient
from clinic.messaging.models import Message, MessageKind
from clinic.plans import courses, plan_changes, plan_versions
from clinic.plans.plan_content import ClientGoal, PlannedArea
from clinic.portal.own_messages import ON_A_PAGE
from tests import make
from tests.plans.conftest import Scene, scene
from tests.plans.test_courses import begun, weekly
from tests.visitor import Visitor, as_client

__all__ = ["scene"]


@pytest.fixture
def ada(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    return Visitor(as_client(app, scene.ada.contacts[0], scene.ada))


@pytest.fixture
def bob(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    """Somebody else, who shares Ada's address."""
    person = make.client(given_name="Bob")
    return Visitor(as_client(app, person.contacts[0], person))


def looks(purpose: str) -> list[AuditEntry]:
    return list(db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == purpose)))


def sent(to: Client, kind: MessageKind = MessageKind.REMINDER, **columns: object) -> Message:
    row = Message(
        **{
            "kind": kind,
            "subject_id": uuid4(),
            "recipient_id": to.contacts[0].id,
            "client_id": to.id,
            "occasion": "once",
            "owed_at": make.NOW,
            "due_at": make.NOW,
            "sent_at": make.NOW,
            **columns,
        }
    )
    db.session.add(row)
    db.session.commit()
    return row


def test_the_course_lists_each_session_with_its_day_and_what_is_not_booked(
    scene: Scene, ada: Visitor
) -> None:
    first = begun(scene)
    weekly(scene, first, 1)
    text = ada.open("/my/plan").text
    assert "8 sessions are planned. 0 of them are over." in text
    assert "Session 1: Thursday 6 March, 10:00" in text
    assert "Session 2: Thursday 13 March, 10:00" in text
    assert "Not booked yet, about Thursday 20 March." in text
    assert "Session 4" in text
    assert "You look back together." in text
    (look,) = looks("own_course")
    assert (look.client_id, look.fields) == (scene.ada.id, ["content", "chosen"])


def test_who_has_no_course_reads_when_there_will_be_one(ada: Visitor, bob: Visitor, scene: Scene) -> None:
    begun(scene)
    assert "No course at the moment" in bob.open("/my/plan").text
    assert looks("own_course") == []


def test_answers_are_read_in_words_and_the_reading_is_recorded_by_name_alone(
    scene: Scene, ada: Visitor, bob: Visitor
) -> None:
    answers = {
        "age_years": 38,
        "back_pain_now": "yes",
        "red_flags.saddle_numbness": "no",
        "own_words.allergies": {"text": "Nuts", "look": False},
    }
    make.submission(who=scene.ada, answers=answers, submitted_at=clock.now())
    text = ada.open("/my/answers").text
    assert "You sent these on Monday 3 March 2031." in text
    assert "Age 38" in text
    assert "Nuts" in text
    assert "1 safety question was answered with no." in text
    assert [one.get("href") for one in ada.page.all("a") if one.text == "Correct my answers"] == [
        "/intake/anything-new?correct=yes"
    ]
    (look,) = looks("own_answers")
    assert look.fields == sorted(answers)
    assert "No answers here" in bob.open("/my/answers").text
    assert len(looks("own_answers")) == 1


def test_messages_say_what_when_and_where_to_and_never_what_staff_were_told(
    scene: Scene, ada: Visitor, bob: Visitor
) -> None:
    visit = scene.visit()
    sent(scene.ada, subject_id=visit.id)
    sent(scene.ada, MessageKind.REVIEW_WAITING)
    sent(scene.ada, MessageKind.CHECK_IN, sent_at=None, given_up_at=make.NOW, why=CAME_BACK)
    sent(scene.ada, MessageKind.AFTERCARE, sent_at=None)
    text = ada.open("/my/messages").text
    assert "Reminder Sent: Monday 3 March 2031" in text
    assert "By e-mail. To ada@client.example." in text
    assert "About your visit on Thursday 6 March 2031." in text
    assert "Check-in" in text
    assert "It came back" in text
    assert "review" not in text
    assert "Aftercare" not in text, "it has not left"
    assert "No messages yet" in bob.open("/my/messages").text


def test_a_letter_about_a_request_is_not_called_one_about_a_visit(scene: Scene, ada: Visitor) -> None:
    visit = scene.visit()
    for kind in (MessageKind.REQUEST_RECEIVED, MessageKind.REQUEST_MOVED, MessageKind.REQUEST_CONFIRMED):
        sent(scene.ada, kind, subject_id=visit.id, visit_starts_at=visit.starts_at)
    text = ada.open("/my/messages").text
    assert text.count("About your request for Thursday 6 March 2031.") == 2
    assert text.count("About your visit on Thursday 6 March 2031.") == 1
    assert "Zu Ihrer Anfrage für Donnerstag, 6. März 2031." in ada.press("Deutsch").text


def test_a_message_keeps_the_day_it_spoke_of_when_the_visit_moves(scene: Scene, ada: Visitor) -> None:
    visit = scene.visit()
    sent(scene.ada, subject_id=visit.id, visit_starts_at=visit.starts_at)
    sent(scene.ada, MessageKind.CONFIRMATION, subject_id=visit.id)
    assert ada.open("/my/messages").text.count("About your visit on Thursday 6 March 2031.") == 2
    visit.starts_at, visit.ends_at = visit.starts_at + timedelta(days=1), visit.ends_at + timedelta(days=1)
    visit.occupied_from, visit.occupied_until = visit.starts_at, visit.ends_at
    visit.time_agreed_at = make.NOW + timedelta(minutes=1)
    db.session.commit()
    text = ada.open("/my/messages").text
    assert text.count("About your visit on Thursday 6 March 2031.") == 1
    assert "7 March" not in text, "what an older message spoke of is not known, so no day stands there"
    text = ada.press("Deutsch").text
    assert "Gesendet: Montag, 3. März 2031, 10:00 Uhr." in text
    assert "Donnerstag, 6. März 2031" in text


def test_more_messages_than_a_page_are_gone_through_without_losing_one(scene: Scene, ada: Visitor) -> None:
    for _ in range(ON_A_PAGE + 2):
        sent(scene.ada)
    assert ada.open("/my/messages").text.count("Reminder ") == ON_A_PAGE
    (older,) = [one.get("href") for one in ada.page.all("a") if one.text == "Older messages"]
    assert ada.open(older).text.count("Reminder ") == 2
    assert ada.open("/my/messages?before=nothing").status == 200


def test_every_kind_of_message_to_clients_has_a_name_for_them() -> None:
    to_clients = [known for known in KINDS.values() if known.recipient is Recipient.CLIENT]
    assert [known.kind for known in to_clients if "(to " in known.label] == []


def test_my_data_shows_who_one_is_and_leads_to_others_on_the_address(
    scene: Scene, ada: Visitor, bob: Visitor
) -> None:
    page = ada.open("/my/data").page
    assert "ada@client.example" in page.text
    assert page.all("wbr")  # Where a long address breaks.
    ada.press("Go to Bob")
    assert ada.heading == "Hello Bob"
    assert "Have my data erased" in ada.open("/my/data").text


def test_pages_of_a_client_do_not_open_without_a_sign_in(app: Flask, scene: Scene) -> None:
    for path in ("/my/plan", "/my/answers", "/my/messages", "/my/data"):
        assert "sign-in" in Visitor(app.test_client()).open(path).path


def test_messages_older_than_a_visit_keep_their_day(scene: Scene, ada: Visitor) -> None:
    sent(scene.ada, sent_at=make.NOW - timedelta(days=30))
    assert "Saturday 1 February 2031" in ada.open("/my/messages").text


def test_the_course_says_the_newest_version_of_the_plan_and_the_goals_in_the_clients_words(
    scene: Scene, ada: Visitor
) -> None:
    begun(scene, psfs=[{"activity": "Sit through a meeting", "score": 3}])
    plan = courses.plan_of(scene.ada.id)
    assert plan is not None
    content = plan_versions.present(plan)
    assert "60 minutes" in ada.open("/my/plan").text
    changed = replace(
        content,
        every="fortnightly",
        minutes=45,
        pressure="light",
        areas=(PlannedArea(area="neck"),),
        goals=(*content.goals, ClientGoal(words="Sleep through")),
    )
    plan_changes.change(
        plan.id, changed, seen=1, why="Not for the client", by=scene.therapist_user, now=make.NOW
    )
    db.session.commit()
    text = ada.open("/my/plan").text
    for said in ("Sit through a meeting", "Sleep through", "Every two weeks", "45 minutes", "Light", "Neck"):
        assert said in text, said
    assert "60 minutes" not in text
    assert "Not for the client" not in text
