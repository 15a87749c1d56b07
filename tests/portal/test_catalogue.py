"""Everything that a signed-in client meets is a catalogue: every page that links lead to, read in a language made up for it."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from clinic.accounts import audit
from clinic.booking.models import State
from clinic.db import db
from tests import make
from tests.plans.conftest import Scene, scene
from tests.plans.test_courses import begun, weekly
from tests.plans.test_progress import scored
from tests.plans.test_scores import ACTIVITIES, PEG
from tests.public.test_pseudo_language import (
    SPOKEN,
    Pages,
    catalogues,
    english_left,
    speaking,
    third_language,
)
from tests.visitor import Visitor, as_client

__all__ = ["catalogues", "scene", "third_language"]

NAMES = "Example Street Sampleton Deutsch tying shoes maalis Ada musta maaliskuuta Alder Lane Sample Ines Moreau House Elm Road Berlin Massage alderlane driving sleeping hello"
"""What the practice and its people are called, and the client's own words."""
OF_CLIENTS = re.compile(r"/(my|a|c|visit|own-page)(/|$)")


@pytest.fixture
def ada(scene: Scene, app: Flask, clock_at_now: None) -> Visitor:
    """A client in a course: a visit is over, the next is tomorrow, and there is something of everything."""
    first = begun(scene, **PEG, **ACTIVITIES)
    first.state, first.starts_at = State.DONE, first.starts_at - timedelta(days=4)
    first.ends_at = first.starts_at + timedelta(minutes=60)
    first.occupied_from, first.occupied_until = first.starts_at, first.ends_at
    weekly(scene, first, 1)
    scored(first, pain_avg_nrs=4)
    scene.ada.language = SPOKEN
    audit.record(audit.by_user(scene.therapist_user.id), "read", first, client_id=scene.ada.id, now=make.NOW)
    db.session.commit()
    return speaking(as_client(app, scene.ada.contacts[0], scene.ada))


def pages_from(start: str, page: Visitor) -> Iterator[str]:
    """Every page of a client that links lead to, each kind once."""
    kinds, waiting = set(), [start]
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"[\w-]{20,}\.[\w-]+|[0-9a-f-]{36}", "*", path.split("?")[0].split("#")[0])
        if kind in kinds or kind.endswith(".ics") or not OF_CLIENTS.match(kind):
            continue
        kinds.add(kind)
        page.open(path)
        yield kind
        waiting += [link.get("href") for link in page.page.all("a")]


def test_every_page_of_the_portal_is_a_catalogue(ada: Visitor, third_language: str) -> None:
    pages = Pages()
    for kind in pages_from("/my", ada):
        pages.read(kind, ada, NAMES)
    assert {"/my", "/my/plan", "/my/answers", "/my/data/erase", "/my/data/access", "/my/data/copy"} <= set(
        pages.wrong
    )
    left = english_left(pages.wrong)
    assert left == [], "\n".join(left)
