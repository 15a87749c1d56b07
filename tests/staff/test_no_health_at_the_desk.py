"""Canary: health fields filled with a marker, every page of the staff opened by those who may not read health."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask

from clinic.accounts.models import User
from clinic.booking.models import State
from clinic.db import db, new_id
from clinic.plans import incidents, notes, services
from clinic.plans.models import Decision, ReasonKind
from clinic.plans.note_content import NoteContent
from tests import make
from tests.plans.conftest import Scene
from tests.plans.intakes import BLOOD_THINNER, KNOTS, review
from tests.staff.conftest import Browser

MARKER = "kingfisher"
ANSWERS = {**BLOOD_THINNER, "psfs": [{"activity": f"Lifting my {MARKER}", "score": 3}]}
RULES = ("T01", "Blood-thinning")
SAID = ("T01", "Look first", "Blood-thinning", "trigger_point", MARKER)


def pages(app: Flask, **values: object) -> Iterator[str]:
    """The address of every staff page that is looked at, with these things in it."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if (
                rule.endpoint.startswith("staff.")
                and "GET" in (rule.methods or ())
                and rule.arguments <= set(values)
            ):
                wanted = {name: values[name] for name in rule.arguments}
                yield str(app.url_for(rule.endpoint, **wanted))


@pytest.mark.parametrize("roles", [["front_desk"], ["owner"], ["front_desk", "owner"], ["therapist"]])
def test_no_page_tells_of_health_to_those_whose_client_it_is_not(
    scene: Scene, app: Flask, sign_in: Callable[[User], Browser], roles: list[str]
) -> None:
    done = scene.visit(starts_at=make.NOW - timedelta(hours=2), state=State.ARRIVED)
    written = review(done, {**KNOTS, "psfs": ANSWERS["psfs"]})
    services.decide(
        written,
        decision=Decision.REPLACE,
        modalities=["trigger_point"],
        reason_kind=ReasonKind.OTHER,
        reason=MARKER,
        revision=1,
        by=scene.therapist_user,
        now=make.NOW,
    )
    note = notes.sign_note(
        done,
        NoteContent(modalities=("trigger_point",), text=MARKER, reaction=MARKER, next=MARKER),
        by=scene.therapist_user,
        now=make.NOW,
    )
    notes.add_to_note(note, MARKER, by=scene.therapist_user, now=make.NOW)
    incident = incidents.record(
        done,
        incidents.IncidentContent(kind=incidents.IncidentKind.FALL, happened=MARKER, done=MARKER),
        incident_id=new_id(),
        by=scene.therapist_user,
        now=make.NOW,
    )
    asked = scene.request(starts_at=make.NOW + timedelta(hours=6))
    waiting = review(asked, ANSWERS)
    db.session.commit()

    stranger = sign_in(make.user(roles=roles))
    opened = 0
    addresses = {  # One that names neither visit is opened once.
        address: None
        for visit, about in ((done, written), (asked, waiting))
        for address in pages(
            app, appointment_id=visit.id, review_id=about.id, incident_id=incident.id, name="none.eml"
        )
    }
    for address in addresses:
        answer = stranger.look(address)
        assert answer.status_code in (200, 303, 403, 404, 409), (address, answer.status)
        opened += answer.status_code == 200
        page = answer.get_data(as_text=True)
        # As words: three letters in a row stand in a token of the page now and then.
        told = [said for said in SAID if re.search(rf"\b{said}\b", page)]
        if address.startswith("/staff/settings/"):
            told = [
                said for said in told if said != "trigger_point"
            ]  # What a practice sells is nobody's health.
        if address.startswith("/staff/settings/guidance"):
            told = [said for said in told if said not in RULES]  # Nor is what a rule says.
        assert not told, address
    assert opened >= 2

    assert MARKER in sign_in(scene.therapist_user).get(f"/staff/incidents/{incident.id}")
    # The same pages do tell those who treat the client, so the marker would have been seen.
    assert MARKER in sign_in(scene.therapist_user).get(f"/staff/appointments/{done.id}/note")
    assert MARKER in sign_in(scene.therapist_user).get(f"/staff/reviews/{waiting.id}")
