"""The pages on which one stands for a moment only, read in a language made up for it: those in a frame, of the law, of a kept time, of
somebody who waits, returns, is under age, or comes from a letter.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

import pytest
from flask import Flask

from clinic import clock
from clinic.accounts import services as accounts
from clinic.accounts import signed_links
from clinic.accounts.models import LinkPurpose
from clinic.booking.models import Appointment, State
from clinic.booking.waiting.models import Offer, Offering, WaitingListEntry
from clinic.db import db
from clinic.guidance.questions import QUESTIONS
from clinic.intake import returning
from clinic.intake import services as intake
from clinic.intake.models import GuardianConsent
from clinic.messaging import preferences
from clinic.practice.models import TherapistProfile
from clinic.practice.profiles import ProfileDetails
from clinic.web.browser import FIELD, digest
from tests.intake import walk
from tests.make import Make
from tests.public.test_pseudo_language import (
    Pages,
    catalogues,
    english_left,
    pseudo,
    speaking,
    third_language,
    visit,
)
from tests.visitor import Visitor, as_client

__all__ = ["catalogues", "third_language", "visit"]


def known(app: Flask, secret: str) -> Visitor:
    """A visitor whose browser the product knows by this secret."""
    browser = app.test_client()
    with browser.session_transaction() as session:
        session[FIELD] = secret
    return speaking(browser)


def read(pages: Pages, visitor: Visitor, *paths: str) -> None:
    """Read what stands at these addresses."""
    for path in paths:
        pages.read(path, visitor.open(path))


@pytest.fixture
def pages(third_language: str) -> Iterator[Pages]:
    """What a test reads; at its end nothing of it may be left untranslated."""
    found = Pages()
    yield found
    left = english_left(found.wrong)
    assert left == [], "\n".join(left)


def test_what_the_law_asks_for(app: Flask, visit: Appointment, pages: Pages) -> None:
    read(pages, speaking(app.test_client()), "/privacy", "/terms", "/imprint", "/accessibility")


def test_a_therapist_and_the_frame_on_a_website(app: Flask, visit: Appointment, pages: Pages) -> None:
    person = visit.therapist
    profile = ProfileDetails(is_shown=True, languages="Erlenruhe", likes="Erlenruhe", training="Erlenruhe")
    person.profile = TherapistProfile(**asdict(profile))
    db.session.commit()
    of_treatment = f"/embed/{visit.treatment.slug}"
    read(
        pages,
        speaking(app.test_client()),
        f"/therapists/{person.slug}",
        "/embed",
        of_treatment,
        "/embed/kept/time",
    )


def test_a_kept_time_and_a_booked_one(app: Flask, visit: Appointment, make: Make, pages: Pages) -> None:
    plain = make.treatment(therapists=[visit.therapist], name="Erlenruhe", intake="none")
    make.appointment(
        of=plain, state=State.HELD, held_by=digest("keeps"), held_until=clock.now() + timedelta(hours=1),
        starts_at=visit.starts_at + timedelta(days=1),
    )  # fmt: skip
    visitor = known(app, "keeps")
    read(pages, visitor, "/book/details")
    assert visitor.path == "/book/details"
    read(pages, visitor.press(pseudo("Book this session")), "/book/details")
    read(pages, speaking(app.test_client()), f"{signed_links.manage_path(visit.id, visit.link_epoch)}/done")


def test_the_waiting_list(app: Flask, visit: Appointment, make: Make, pages: Pages) -> None:
    now = clock.now()
    hold = make.appointment(
        of=visit.treatment, state=State.HELD, starts_at=visit.starts_at + timedelta(days=1)
    )
    entry = WaitingListEntry(
        client_id=visit.client_id, treatment_id=visit.treatment_id, times=[0], created_at=now,
        last_on=(now + timedelta(days=20)).date(),
    )  # fmt: skip
    offering = Offering(hold_id=hold.id, expires_at=now + timedelta(minutes=30), created_at=now)
    offer = Offer(offering=offering, entry=entry, round=1, offered_at=now, expires_at=offering.expires_at)
    db.session.add(offer)
    db.session.commit()
    own = signed_links.entry_path(entry.id, entry.link_epoch)
    read(
        pages, speaking(app.test_client()), f"/waiting-list/{visit.treatment.slug}", own, f"{own}/change",
        signed_links.offer_path(offer.id, entry.link_epoch), f"{signed_links.manage_path(visit.id, visit.link_epoch)}/earlier",
    )  # fmt: skip


def test_somebody_who_returns(app: Flask, visit: Appointment, pages: Pages) -> None:
    person = visit.client
    assert person is not None
    before = clock.now() - timedelta(days=30)
    walk.sent(before)
    intake.adopt(walk.BROWSER, person.id, before)
    db.session.commit()
    visitor = speaking(as_client(app, person.contacts[0], person))
    read(pages, visitor, "/intake/anything-new")
    assert visitor.path == "/intake/anything-new"
    asked = {control.attributes.get("name") or "" for control in visitor.page.one("main").below()}
    beside = [name for name in asked if name in QUESTIONS and not name.startswith("red_flags.")]
    answers = {name: walk.answer_to(QUESTIONS[name], {}) for name in beside}
    groups = [group.slug for group in returning.SIGN_GROUPS]
    visitor.press(pseudo("Continue"), none_of_these=groups, **answers)  # type: ignore[arg-type]
    assert visitor.path == "/intake/still-true"
    pages.read("still-true", visitor)
    pages.read("check", visitor.press(pseudo("Still true")))


def test_a_guardian(app: Flask, visit: Appointment, pages: Pages) -> None:
    walk.sent(clock.now(), browser=digest("young"), age_years=["16"], clinician_seen=["yes_cleared"])
    db.session.commit()
    visitor = known(app, "young")
    read(pages, visitor, "/guardian")
    assert visitor.path == "/guardian"
    pages.read("asked", visitor.press(pseudo("Send the link"), mail="parent@client.example"))
    consent = db.session.query(GuardianConsent).one()
    raw = accounts.mint_link(purpose=LinkPurpose.GUARDIAN_CONSENT, subject_id=consent.id, now=clock.now())
    db.session.commit()
    parent = speaking(app.test_client())
    read(pages, parent, f"/guardian/{raw}")
    pages.read("agreed", parent.press(pseudo("I agree"), agree="y"))


def test_where_letters_lead(app: Flask, visit: Appointment, make: Make, pages: Pages) -> None:
    person = visit.client
    assert person is not None
    over = make.appointment(
        of=visit.treatment, who=person, state=State.DONE, starts_at=visit.starts_at - timedelta(days=4)
    )
    unsubscribe = preferences.unsubscribe_path(person.contacts[0].id, preferences.Topic.REBOOKING)
    read(
        pages, speaking(app.test_client()), unsubscribe, "/stop/done", "/l/never-sent", "/guardian/never-sent", "/intake/resume/never-sent",
        "/own-page/never-sent", "/own-tips/never-sent", "/own-tips/asked", "/before-visit/never-sent", "/before-visit/asked",
        "/new-address/never-sent", "/my/sign-in/sent", "/intake/link-asked", "/intake/without", "/nowhere",
        signed_links.preparation_path(visit.id, visit.link_epoch),
        signed_links.visit_form_path(visit.id, visit.link_epoch),
        signed_links.aftercare_path(over.id, over.link_epoch),
        signed_links.check_in_path(over.id, over.link_epoch),
    )  # fmt: skip
    walk.walk(clock.now(), browser=digest("stopped"), red_flags_weight_loss=["yes"])
    db.session.commit()
    read(
        pages,
        known(app, "stopped"),
        "/intake/outcome",
        "/intake/letter",
        "/intake/letter/mail",
        "/intake/resume",
    )
