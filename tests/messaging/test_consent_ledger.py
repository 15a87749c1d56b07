"""The ledger of consents: the words that were read, and withdrawing each kind, which stops exactly what rests on it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import language
from clinic.accounts.models import Contact
from clinic.booking.models import Appointment, State
from clinic.db import db, transaction
from clinic.intake import consent, guardians, queries, withdrawal
from clinic.intake.models import Consent, ConsentWay, GuardianConsent, Purpose, Submission
from clinic.messaging import consent_ledger, preferences
from clinic.messaging.consent_ledger import GUARDIAN, WORDS
from clinic.plans import care_summary, tips
from tests import make
from tests.plans.conftest import Scene, scene
from tests.plans.intakes import send
from tests.visitor import Visitor, as_client, as_staff

__all__ = ["scene"]

NOW = make.NOW
ACTOR = "contact:ada"


class Agreed:
    """A client who agreed to everything, with a visit to come and one that is over."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.client_id = scene, scene.ada.id
        self.sent: Submission = send(
            scene.ada, {"occupation_type": "desk"}, at=NOW - timedelta(hours=1)
        ).submission
        for text in (consent.HEALTH_DATA, consent.SHARE_WITH_CLINICIAN):
            given = withdrawal.given(
                text, client_id=self.client_id, submission_id=self.sent.id, way=ConsentWay.WEB, actor=None, now=self.sent.submitted_at,
            )  # fmt: skip
            db.session.add(given)
        preferences.agree_to_news(self.client_id, actor=ACTOR, now=NOW)
        self.phone: Contact = make.contact(scene.ada, kind="phone", value="+49 30 123456")
        preferences.record_sms_consent(self.phone.id, f"user:{scene.therapist_user.id}", NOW, agrees=True)
        parent = GuardianConsent(submission_id=self.sent.id, asked_at=NOW, text_version="2026-11")
        parent.mail = "parent@client.example"
        db.session.add(parent)
        db.session.flush()
        guardians.agree(parent.id, NOW)
        self.coming = scene.visit()
        self.over = scene.visit(starts_at=NOW - timedelta(days=1), state=State.DONE)
        db.session.commit()

    def works(self) -> dict[str, bool]:
        """Whether what rests on each kind goes on."""
        db.session.expire_all()
        standing = queries.safety_standing(
            browser=None, client_id=self.client_id, now=NOW, zone="Europe/Berlin"
        )
        given = tips.given_in(self.over)
        answers_count = standing.fresh
        assert self.reads("The consent of a parent or guardian was withdrawn") != guardians.is_agreed(
            self.sent
        )
        assert bool(tips.own(self.over, given, NOW)) == answers_count, "tips follow the health answers"
        return {
            Purpose.HEALTH_DATA: answers_count,
            Purpose.SHARE_WITH_CLINICIAN: not self.reads("do not contact them"),
            Purpose.NEWS: preferences.wants_news(self.client_id),
            Purpose.TEXT_MESSAGES: make.refreshed(self.phone).sms_agreed_at is not None,
            GUARDIAN: guardians.is_agreed(self.sent),
        }

    def reads(self, words: str) -> bool:
        """Whether the therapist reads this of what was withdrawn."""
        care = care_summary.care_of(self.coming, by=self.scene.therapist_user, now=NOW)
        return words in " ".join(care.withdrawn if care else ())


@pytest.fixture
def agreed(scene: Scene, clock_at_now: None) -> Agreed:
    return Agreed(scene)


def by_client(agreed: Agreed, app: Flask, kind: str) -> Visitor:
    page = Visitor(as_client(app, agreed.scene.ada.contacts[0], agreed.scene.ada))
    page.open("/my/consents")
    page.open(f"/my/consents/{kind}").press("Withdraw consent")
    return page


def by_desk(agreed: Agreed, app: Flask, kind: str) -> Visitor:
    robin = make.user(
        roles=["front_desk"], email="robin@alderlane.example", given_name="Robin", family_name="Hale"
    )
    page = Visitor(as_staff(app, robin))
    page.open(f"/staff/clients/{agreed.client_id}/consents/{kind}").press("Record that it is withdrawn")
    return page


@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("withdraw", [by_client, by_desk])
def test_withdrawing_stops_exactly_what_rests_on_it(
    app: Flask, agreed: Agreed, kind: str, withdraw: Callable[[Agreed, Flask, str], Visitor]
) -> None:
    assert set(agreed.works()) == set(WORDS)
    assert all(agreed.works().values())
    page = withdraw(agreed, app, kind)
    assert agreed.works() == {other: other != kind for other in WORDS}
    assert make.found(Appointment, agreed.coming.id).state == State.BOOKED
    for sentence in (*WORDS[kind].stops, *WORDS[kind].stays):
        assert sentence in page.text, "the page says afterwards what stopped and what did not"
    lines = consent_ledger.ledger_of(agreed.client_id)
    (line,) = (one for one in lines if one.withdrawn_at is not None)
    way = ConsentWay.WEB if withdraw is by_client else ConsentWay.DESK
    assert (line.kind, line.withdrawn_way) == (kind, way)
    assert line.withdrawn_by == ("" if withdraw is by_client else "Robin Hale")
    assert {one.kind for one in consent_ledger.standing_of(lines)} == set(WORDS) - {kind}


@pytest.mark.parametrize("kind", WORDS)
def test_both_pages_say_before_what_stops_and_what_does_not(app: Flask, agreed: Agreed, kind: str) -> None:
    own = Visitor(as_client(app, agreed.scene.ada.contacts[0], agreed.scene.ada))
    desk = Visitor(as_staff(app, make.user(roles=["front_desk"], email="robin@alderlane.example")))
    for text in (
        own.open(f"/my/consents/{kind}").text,
        desk.open(f"/staff/clients/{agreed.client_id}/consents/{kind}").text,
    ):
        for sentence in (*WORDS[kind].stops, *WORDS[kind].stays):
            assert sentence in text
    assert all(agreed.works().values()), "looking changes nothing"


def test_there_are_words_for_every_purpose() -> None:
    assert set(WORDS) == {*Purpose, GUARDIAN}


def test_a_consent_holds_the_words_in_the_language_in_which_they_were_read(scene: Scene) -> None:
    with language.speaking("de"), transaction():
        preferences.agree_to_news(scene.ada.id, actor=ACTOR, now=NOW)
    (line,) = consent_ledger.ledger_of(scene.ada.id)
    assert line.language == "de"
    assert line.words == preferences.NEWS.words("de") != preferences.NEWS.words("en")
    assert consent.SHARE_WITH_CLINICIAN.words("de") != consent.SHARE_WITH_CLINICIAN.paragraphs[0]


def test_both_pages_show_the_words_the_version_the_way_and_who_recorded_it(
    app: Flask, agreed: Agreed
) -> None:
    own = Visitor(as_client(app, agreed.scene.ada.contacts[0], agreed.scene.ada)).open("/my/consents")
    desk = Visitor(as_staff(app, make.user(roles=["front_desk"], email="robin@alderlane.example")))
    for text in (own.text, desk.open(f"/staff/clients/{agreed.client_id}/consents").text):
        for kind in WORDS.values():
            assert kind.title in text
            assert kind.text.words("en").split("\n\n")[0] in text
            assert f"Version {kind.text.version}" in text
        assert "Agreed on our pages on Monday 3 March 2031." in text
        assert "Agreed by a link in a letter on Monday 3 March 2031." in text
        name = agreed.scene.therapist_user.name
        assert f"Said at the practice on Monday 3 March 2031; {name} recorded it." in text


def test_unsubscribing_by_a_letter_is_in_the_ledger(agreed: Agreed) -> None:
    with transaction():
        preferences.unsubscribe(agreed.scene.ada.contacts[0], preferences.Topic.REBOOKING, NOW)
    (line,) = (one for one in consent_ledger.ledger_of(agreed.client_id) if one.withdrawn_at)
    assert (line.kind, line.withdrawn_way) == (Purpose.NEWS, ConsentWay.LINK)


def test_another_number_has_not_been_agreed_to(agreed: Agreed) -> None:
    with transaction():
        agreed.phone.sms_agreed_at = None
        preferences.end_texts_to_changed(agreed.phone, ACTOR, NOW, ConsentWay.WEB)
    (line,) = (one for one in consent_ledger.ledger_of(agreed.client_id) if one.withdrawn_at)
    assert line.kind == Purpose.TEXT_MESSAGES


def test_after_a_withdrawal_one_can_agree_again_and_both_stand_in_the_ledger(agreed: Agreed) -> None:
    with transaction():
        consent_ledger.withdraw(agreed.client_id, GUARDIAN, way=ConsentWay.DESK, actor=ACTOR, now=NOW)
        again = GuardianConsent(submission_id=agreed.sent.id, asked_at=NOW, text_version="2026-11")
        again.mail = "parent@client.example"
        db.session.add(again)
        db.session.flush()
        guardians.agree(again.id, NOW + timedelta(hours=1))
        consent_ledger.withdraw(agreed.client_id, Purpose.NEWS, way=ConsentWay.WEB, actor=ACTOR, now=NOW)
        preferences.agree_to_news(agreed.client_id, actor=ACTOR, now=NOW + timedelta(hours=1))
    assert all(agreed.works().values())
    kinds = [line.kind for line in consent_ledger.ledger_of(agreed.client_id)]
    assert kinds.count(GUARDIAN) == kinds.count(Purpose.NEWS) == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE consents SET words = 'others'",
        "UPDATE consents SET given_at = given_at - interval '1 day'",
        "UPDATE consents SET withdrawn_at = NULL, withdrawn_way = NULL, withdrawn_by = NULL",
        "UPDATE consents SET withdrawn_at = withdrawn_at + interval '1 day'",
        "DELETE FROM consents",
        "UPDATE guardian_consents SET words = 'others'",
        "UPDATE guardian_consents SET agreed_at = agreed_at + interval '1 day'",
        "UPDATE guardian_consents SET withdrawn_at = NULL, withdrawn_way = NULL, withdrawn_by = NULL",
        "DELETE FROM guardian_consents",
    ],
)
def test_the_database_changes_no_history(agreed: Agreed, change: str) -> None:
    with transaction():
        for kind in WORDS:
            consent_ledger.withdraw(agreed.client_id, kind, way=ConsentWay.WEB, actor=ACTOR, now=NOW)
    with pytest.raises(sa.exc.IntegrityError, match="a consent stays as it was given"):
        db.session.execute(sa.text(change))
    db.session.rollback()
    assert make.count(Consent) == 4


def test_the_desk_reads_it_and_who_agreed_to_nothing_has_an_empty_page(app: Flask, scene: Scene) -> None:
    robin = Visitor(as_staff(app, make.user(roles=["front_desk"], email="robin@alderlane.example")))
    path = f"/staff/clients/{scene.ada.id}/consents"
    assert "Nothing stands here" in robin.open(path).text
    assert robin.open(f"{path}/news").status == 404
    assert robin.open(f"{path}/nothing").status == 404
