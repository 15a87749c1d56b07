"""Consents are withdrawn one by one, and each takes effect on what rests on it and on nothing else."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts.models import AuditEntry
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.guidance.levels import Level
from clinic.intake import consent, queries
from clinic.intake.consent import ConsentText
from clinic.intake.models import Consent, Purpose, Submission
from clinic.intake.queries import SafetyStanding
from clinic.messaging import preferences
from clinic.plans import care_summary, tips
from tests import make
from tests.plans.conftest import Scene, scene
from tests.plans.intakes import send
from tests.visitor import Visitor, as_client

__all__ = ["scene"]


@pytest.fixture
def ada(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    return Visitor(as_client(app, scene.ada.contacts[0], scene.ada))


@pytest.fixture
def sent(scene: Scene) -> Submission:
    """Answers of an hour ago with both consents."""
    found = send(scene.ada, {"occupation_type": "desk"}, at=make.NOW - timedelta(hours=1)).submission
    for text in (consent.HEALTH_DATA, consent.SHARE_WITH_CLINICIAN):
        agreed(scene, text, found)
    return found


def agreed(scene: Scene, text: ConsentText, about: Submission) -> None:
    row = Consent(
        client_id=scene.ada.id,
        submission_id=about.id,
        purpose=text.purpose,
        text_version=text.version,
        text_sha256=text.sha256,
        given_at=about.submitted_at,
    )
    db.session.add(row)
    db.session.commit()


def standing(scene: Scene) -> SafetyStanding:
    return queries.safety_standing(browser=None, client_id=scene.ada.id, now=make.NOW, zone="Europe/Berlin")


def withdrawn() -> set[str]:
    return set(db.session.scalars(sa.select(Consent.purpose).where(Consent.withdrawn_at.is_not(None))))


def withdraws(ada: Visitor, title: str) -> None:
    ada.open("/my/consents")
    (way,) = [one.get("href") for one in ada.page.all("a") if one.text == f"Withdraw: {title}"]
    ada.open(way).press("Withdraw consent")
    assert ada.path == "/my/consents"


def test_who_agreed_to_nothing_reads_what_will_stand_there(ada: Visitor) -> None:
    assert "Nothing stands here" in ada.open("/my/consents").text


def test_opening_the_page_says_what_it_means_and_changes_nothing(ada: Visitor, sent: Submission) -> None:
    text = ada.open("/my/consents/health_data").text
    assert "before your next booking we ask the questions again" in text
    assert "Your booked visits stay." in text
    assert withdrawn() == set()


def test_withdrawn_health_answers_no_longer_count_and_everything_else_stands(
    scene: Scene, ada: Visitor, sent: Submission
) -> None:
    visit = scene.visit()
    assert standing(scene).fresh
    withdraws(ada, "We keep your health answers")
    assert withdrawn() == {Purpose.HEALTH_DATA}
    assert "Withdrawn on our pages on Monday 3 March 2031." in ada.text
    assert not standing(scene).fresh, "a booking asks the questions again"
    assert make.found(Appointment, visit.id).state == State.BOOKED
    assert "Answer the health questions" in ada.open("/my").text
    assert "You withdrew your consent" in ada.open("/my/answers").text
    (entry,) = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "withdraw"))
    assert (entry.actor, entry.purpose) == (f"contact:{scene.ada.contacts[0].id}", "health_data")


def test_tips_no_longer_use_withdrawn_answers(scene: Scene, ada: Visitor, sent: Submission) -> None:
    visit = scene.visit(starts_at=make.NOW - timedelta(days=1), state=State.DONE)
    given = tips.given_in(visit)
    assert tips.own(visit, given, make.NOW)
    withdraws(ada, "We keep your health answers")
    assert tips.own(visit, given, make.NOW) == ()


def test_a_warning_sign_goes_on_counting_after_a_withdrawal(scene: Scene, ada: Visitor) -> None:
    found = make.submission(who=scene.ada, level="refer", disposition="doctor", submitted_at=make.NOW)
    agreed(scene, consent.HEALTH_DATA, found)
    before = standing(scene).level
    withdraws(ada, "We keep your health answers")
    assert standing(scene).level == before == Level.REFER


def test_answers_given_with_a_new_consent_count_again(scene: Scene, ada: Visitor, sent: Submission) -> None:
    withdraws(ada, "We keep your health answers")
    agreed(scene, consent.HEALTH_DATA, send(scene.ada, {}, at=make.NOW).submission)
    assert standing(scene).fresh


def test_the_therapist_reads_that_the_doctor_may_not_be_contacted(
    scene: Scene, ada: Visitor, sent: Submission
) -> None:
    visit = scene.visit()
    withdraws(ada, "We may contact your doctor")
    assert withdrawn() == {Purpose.SHARE_WITH_CLINICIAN}
    assert standing(scene).fresh
    care = care_summary.care_of(visit, by=scene.therapist_user, now=make.NOW)
    assert care is not None
    assert care.withdrawn == (
        "Consent to contact the doctor was withdrawn on Monday 3 March 2031: do not contact them.",
    )


def test_who_has_not_agreed_that_we_speak_with_the_doctor_can_do_so_there(scene: Scene, ada: Visitor) -> None:
    ada.open("/my/consents").press("Yes, you may")
    given = db.session.scalars(sa.select(Consent)).one()
    assert (given.client_id, given.purpose) == (scene.ada.id, Purpose.SHARE_WITH_CLINICIAN)
    assert given.text_sha256 == consent.SHARE_WITH_CLINICIAN.sha256
    assert "Yes, you may" not in ada.text
    assert "Withdraw: We may contact your doctor" in [link.text for link in ada.page.all("a")]
    ada.browser.post("/my/consents/doctor", data={"csrf_token": ada.token()})
    assert len(db.session.scalars(sa.select(Consent)).all()) == 1
    withdraws(ada, "We may contact your doctor")
    assert "Yes, you may" in ada.text


def test_a_known_client_who_should_see_a_doctor_is_asked_whether_we_may_speak_with_them(
    scene: Scene, ada: Visitor, app: Flask
) -> None:
    make.submission(who=scene.ada, level="refer", disposition="doctor", submitted_at=make.NOW)
    db.session.commit()
    ada.open("/intake/outcome")
    assert consent.SHARE_WITH_CLINICIAN.paragraphs[0] in ada.text
    ada.press("Yes, you may")
    assert ada.path == "/my/consents"
    assert consent.SHARE_WITH_CLINICIAN.paragraphs[0] not in ada.open("/intake/outcome").text


def test_text_messages_stop_and_news_goes_on(scene: Scene, ada: Visitor) -> None:
    phone = make.contact(scene.ada, kind="phone", value="+49 30 123456")
    preferences.record_sms_consent(phone.id, "test", make.NOW, agrees=True)
    preferences.agree_to_news(scene.ada.id, actor="test", now=make.NOW)
    db.session.commit()
    withdraws(ada, "We send reminders as text messages")
    assert make.refreshed(phone).sms_agreed_at is None
    assert preferences.wants_news(scene.ada.id)
    withdraws(ada, "We write when it is time for another session")
    assert not preferences.wants_news(scene.ada.id)


def test_nobody_withdraws_what_somebody_else_agreed_to(
    app: Flask, scene: Scene, sent: Submission, clock_at_now: None
) -> None:
    bob = make.client(given_name="Bob", mail="bob@client.example")
    page = Visitor(as_client(app, bob.contacts[0], bob))
    assert page.open("/my/consents/health_data").status == 404
    page.open("/my/consents")
    page.browser.post("/my/consents/health_data", data={"csrf_token": page.token()})
    assert withdrawn() == set()
    assert page.browser.post("/my/consents/x", data={"csrf_token": page.token()}).status_code == 404
