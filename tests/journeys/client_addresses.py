"""A practice with everything that makes its pages heavy, served, and the address of each page that a client can open there."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from PIL import Image

from clinic import clock
from clinic.accounts import sessions
from clinic.booking.models import State
from clinic.db import db, transaction
from clinic.guidance.questions import PAGES
from clinic.intake import path as intake_path
from clinic.intake import services as intake
from clinic.practice import photos
from clinic.practice.models import Location, Therapist, TherapistProfile
from clinic.practice.photo_encoding import EncodedPhoto, PhotoShape, encoded
from clinic.practice.profiles import ProfileDetails
from clinic.web.browser import digest
from config import Environment
from tests import make
from tests.authorisation import world as worlds
from tests.authorisation.test_matrix import path_of
from tests.authorisation.world import World
from tests.intake import walk
from tests.journeys.live import Live
from tests.journeys.looks import served
from tests.ports import free_port
from tests.stage import staged

SURFACES = frozenset(
    [
        "home",
        "people",
        "legal",
        "booking",
        "website_booking",
        "kept_on_website",
        "appointment",
        "documents",
        "waiting",
        "preparation",
        "aftercare",
        "check_in",
        "guardian",
        "guidance",
        "intake",
        "returning",
        "doctors_letter",
        "own_page",
        "resume",
        "outcome",
        "portal",
        "own_answers",
        "consents",
        "contact_data",
        "course",
        "own_data",
        "own_access",
        "own_export",
        "own_erasure",
        "own_details",
        "own_documents",
        "preferences",
        "own_messages",
        "own_plan",
        "progress",
        "own_tips",
        "score_sheet",
        "letters",
        "safety_form",
    ]
)
"""The blueprints of pages for clients."""
NO_PAGES = frozenset({"people.qr_code", "appointment.calendar", "website_booking.script", "own_export.fetch"})
"""What lies at an address of theirs and is a picture, a calendar file, a script or a copy."""
BRANCHES = {
    "pain_areas": ["lower_back", "leg_left"],
    "radiation": ["leg_below_knee"],
    "limb_symptoms": ["tingling"],
    "diagnoses": ["herniated_disc"],
    "diagnoses_past": ["herniated_disc"],
    "skin_issues": ["rash_or_eczema"],
    "sex_at_birth": ["female"],
    "activity_level": ["athlete"],
}
"""Answers that lead to the most pages."""
WORDS = "I work slowly and with warm hands, explain what I do, and ask before I change how firmly I press."


@cache
def photo(seed: int, shape: PhotoShape) -> list[EncodedPhoto]:
    """Such a picture as it is stored."""
    return encoded(picture(seed, shape.value[-1]), shape)


def picture(seed: int, size: tuple[int, int]) -> bytes:
    """A photo as a camera makes it, for an encoder: soft light and shadow, shapes, and grain everywhere."""
    shapes = Image.effect_noise((size[0] // 20, size[1] // 20), 90).resize(size, Image.Resampling.BICUBIC)
    grain = Image.effect_noise(size, 40)
    light = Image.linear_gradient("L").rotate(90 * seed).resize(size)

    def channel(of: Image.Image) -> Image.Image:
        return Image.blend(Image.blend(of, shapes, 0.45), grain, 0.2)

    around = Image.radial_gradient("L").resize(size)
    into = io.BytesIO()
    Image.merge("RGB", [channel(light), channel(around), channel(light.rotate(180))]).save(
        into, "JPEG", quality=92
    )
    return into.getvalue()


@dataclass(frozen=True)
class ClientPage:
    """A page that a client can open: where it is, and the cookies of whoever opens it."""

    endpoint: str
    path: str
    cookies: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """The furnished practice, served."""

    app: Flask
    base: str
    pages: list[ClientPage]


@contextmanager
def furnished(folder: Path) -> Iterator[Site]:
    """The practice with portraits, photos, long texts and people in every state, and its pages."""
    with staged(folder, Environment.TEST, port=free_port()) as stage:
        Live(stage).set_clock(make.NOW)
        world = worlds.build(stage.app, make.Make())
        decorate(world)
        with served(stage.app, stage.settings.port):
            yield Site(stage.app, f"http://localhost:{stage.settings.port}", pages_of(world))


def decorate(world: World) -> None:
    """What a practice adds as it gets to know the product: texts, a page for each of four therapists, and every photo it may have."""
    now = clock.now()
    house = db.session.get_one(Location, world.set_up["location"])
    house.getting_here, house.parking, house.step_free = WORDS, WORDS, WORDS
    team = [db.session.get_one(Therapist, world.set_up["therapist"]), world.visit_of_bob.therapist]
    team += [make.therapist(house, given_name=name) for name in ("Thea", "Bartholomew")]
    for at, person in enumerate(team):
        person.licence, person.about = "RMT 1", WORDS
        texts = ProfileDetails(
            is_shown=True, likes="Long journeys\nBacks\nFeet", training="Bath, 2014\nUtrecht, 2019"
        )
        person.profile = TherapistProfile(**asdict(texts))
        photos.set_portrait(person, photo(at, PhotoShape.PORTRAIT), alt="", actor="test", now=now)
    for at in range(photos.MOST_OF_A_LOCATION):
        files = photo(at % 2, PhotoShape.PLACE)  # Only the first two are fetched with the page.
        photos.add_to_location(house, files, alt=f"Room {at + 1}", actor="test", now=now)
    for name in ("Swedish massage", "Deep tissue massage", "Aromatherapy massage", "Hot stones"):
        make.treatment(name=name, therapists=team, description=WORDS)
    db.session.commit()


def pages_of(world: World) -> list[ClientPage]:
    """Every page, each once for each state that makes it heavy."""
    app = world.app

    def known(secret: str) -> dict[str, str]:
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signer is not None
        return {app.config["SESSION_COOKIE_NAME"]: signer.dumps({"browser": secret, "_permanent": True})}

    now = clock.now()
    with transaction():
        draft = walk.walk(now, browser=digest("going"), **BRANCHES)
        walk.sent(now, browser=digest("sent"), **BRANCHES)
        earlier = now - timedelta(days=30)
        eva = make.client(given_name="Eva", mail="eva@client.example")
        walk.sent(earlier, browser=walk.OTHER_BROWSER, **BRANCHES)
        intake.adopt(walk.OTHER_BROWSER, eva.id, earlier)
        own, of_eva = (sessions.open_client(who.contacts[0], who.id, now) for who in (world.ada, eva))
        make.appointment(
            of=world.treatment,
            state=State.HELD,
            held_by=digest("keeps"),
            starts_at=make.NOW + timedelta(days=8),
        )
    mine = {app.config["CLIENT_COOKIE_NAME"]: own}
    cookies = {
        "booking.details": known("keeps"),
        "intake.ask": known("going"),
        "intake.check": known("going"),
        "returning.ask": {app.config["CLIENT_COOKIE_NAME"]: of_eva},
        "own_answers.show": {app.config["CLIENT_COOKIE_NAME"]: of_eva},
        "outcome.show": known("sent"),
        "doctors_letter.show": known("sent"),
        "own_page.ask": known("sent"),
        "own_page.ask_outcome": known("sent"),
    }
    found = [
        ClientPage("intake.ask", f"/intake/{page.slug}", known("going"))
        for page in PAGES
        if page.slug != intake_path.CLOSING and intake_path.is_reached(page, draft.answers)
    ]
    for rule in sorted(app.url_map.iter_rules(), key=lambda each: each.rule):
        if rule.endpoint.split(".")[0] not in SURFACES or "GET" not in (rule.methods or ()):
            continue
        if rule.endpoint not in NO_PAGES and rule.endpoint != "intake.ask":
            found.append(ClientPage(rule.endpoint, path_of(world, rule), cookies.get(rule.endpoint, mine)))
    return found
