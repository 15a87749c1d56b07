"""What stands in an address between slashes: for every endpoint with arguments, one of one's own, one of somebody else's and
one that does not exist. An endpoint without a line makes the tests fail.

`others` is None where there is no owner: an address that is its own key, or a calendar that all staff share.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic import clock
from clinic.accounts import links, team
from clinic.accounts import services as accounts
from clinic.accounts.models import LinkPurpose
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging.models import Message
from clinic.plans.models import CheckIn
from tests.authorisation.world import World

Arguments = dict[str, Any]
NOBODYS = UUID("0190a8e2-0000-7000-8000-00000000dead")


@dataclass(frozen=True)
class Objects:
    """Arguments of an address, seen from the therapist Ines."""

    own: Arguments
    missing: Arguments
    others: Arguments | None = None


def _appointment_of_calendar(world: World) -> Objects:
    return Objects({"appointment_id": world.visit_of_ada.id}, {"appointment_id": NOBODYS})


def _appointment_with_health(world: World) -> Objects:
    return Objects(
        {"appointment_id": world.visit_of_ada.id},
        {"appointment_id": NOBODYS},
        {"appointment_id": world.visit_of_bob.id},
    )


def _message(world: World) -> Objects:
    visit = world.visit_of_ada
    row = Message(
        kind="confirmation",
        subject_id=visit.id,
        recipient_id=world.ada.contacts[0].id,
        client_id=world.ada.id,
        occasion="r1",
        owed_at=visit.booked_at,
        due_at=visit.booked_at,
        sent_at=visit.booked_at,
    )
    if db.session.scalar(sa.select(Message.id).where(Message.subject_id == visit.id)) is None:
        db.session.add(row)
        db.session.commit()
    found = db.session.scalar(sa.select(Message.id).where(Message.subject_id == visit.id))
    return Objects({"message_id": found}, {"message_id": NOBODYS})


def _review(world: World) -> Objects:
    return Objects(
        {"review_id": world.review_of_ada.id}, {"review_id": NOBODYS}, {"review_id": world.review_of_bob.id}
    )


def _manage(world: World) -> Objects:
    visit = world.visit_of_ada
    return Objects(
        {"token": links.token(links.MANAGE, visit.id, visit.link_epoch)},
        {"token": links.token(links.MANAGE, NOBODYS, 1)},
        {"token": links.token(links.MANAGE, visit.id, visit.link_epoch + 1)},
    )


def _aftercare(world: World) -> Objects:
    visit = world.visit_of_ada
    return Objects(
        {"token": links.token(links.AFTERCARE, visit.id, visit.link_epoch)},
        {"token": links.token(links.AFTERCARE, NOBODYS, 1)},
        {"token": links.token(links.MANAGE, visit.id, visit.link_epoch)},
    )


def _own_tips_link(world: World) -> Objects:
    raw = accounts.mint_link(purpose=LinkPurpose.OWN_TIPS, subject_id=world.visit_of_ada.id, now=clock.now())
    db.session.commit()
    return Objects({"raw": raw}, {"raw": "nobody-made-this"})


def _check_in_link(world: World) -> Objects:
    visit = world.visit_of_ada
    return Objects(
        {"token": links.token(links.CHECK_IN, visit.id, visit.link_epoch)},
        {"token": links.token(links.CHECK_IN, NOBODYS, 1)},
        {"token": links.token(links.AFTERCARE, visit.id, visit.link_epoch)},
    )


def _check_in(world: World) -> Objects:
    def given(visit: Appointment) -> dict[str, UUID]:
        found = db.session.scalars(sa.select(CheckIn.id).where(CheckIn.appointment_id == visit.id)).first()
        assert found is not None
        return {"check_in_id": found}

    return Objects(given(world.visit_of_ada), {"check_in_id": NOBODYS}, given(world.visit_of_bob))


def _before_visit(world: World) -> Objects:
    visit = world.visit_of_ada
    return Objects(
        {"token": links.token("visit", visit.id, visit.link_epoch)},
        {"token": links.token("visit", NOBODYS, 1)},
        {"token": links.token(links.MANAGE, visit.id, visit.link_epoch)},
    )


def _sign_in_link(world: World) -> Objects:
    raw = accounts.mint_link(
        purpose=LinkPurpose.SIGN_IN, contact_id=world.ada.contacts[0].id, now=clock.now()
    )
    db.session.commit()
    return Objects({"token": raw}, {"token": "nobody-made-this"})


def _resume_link(world: World) -> Objects:
    raw = accounts.mint_link(purpose=LinkPurpose.RESUME_INTAKE, subject_id=world.draft.id, now=clock.now())
    db.session.commit()
    return Objects({"raw": raw}, {"raw": "nobody-made-this"})


def _guardian_link(world: World) -> Objects:
    raw = accounts.mint_link(purpose=LinkPurpose.GUARDIAN_CONSENT, subject_id=NOBODYS, now=clock.now())
    db.session.commit()
    return Objects({"raw": raw}, {"raw": "nobody-made-this"})


def _set_up_link(world: World) -> Objects:
    raw = team.mint_set_up_link(world.omar, clock.now())
    db.session.commit()
    return Objects({"token": raw}, {"token": "nobody-made-this"})


def _signed_state(world: World) -> Objects:
    """Flask-Security's signed states last minutes and are made by its own pages; here only false ones."""
    return Objects({"token": "no-signature"}, {"token": "no-signature"})


PROVIDERS: dict[str, Callable[[World], Objects]] = {
    "static": lambda world: Objects({"filename": "dist/manifest.json"}, {"filename": "nowhere.css"}),
    "booking.choose": lambda world: Objects({"slug": world.treatment.slug}, {"slug": "nothing"}),
    "booking.hold": lambda world: Objects({"slug": world.treatment.slug}, {"slug": "nothing"}),
    "intake.ask": lambda world: Objects({"slug": "about-you"}, {"slug": "nothing"}),
    "intake.answer": lambda world: Objects({"slug": "about-you"}, {"slug": "nothing"}),
    "resume.go_on": lambda world: Objects({"draft_id": world.draft.id}, {"draft_id": NOBODYS}),
    "resume.mail_fresh_link": lambda world: Objects({"draft_id": world.draft.id}, {"draft_id": NOBODYS}),
    "guardian.go_on": lambda world: Objects({"consent_id": NOBODYS}, {"consent_id": NOBODYS}),
    "guardian.mail_fresh_link": lambda world: Objects({"consent_id": NOBODYS}, {"consent_id": NOBODYS}),
    "guardian.link": _guardian_link,
    "guardian.agree": _guardian_link,
    "resume.link": _resume_link,
    "resume.use_link": _resume_link,
    "appointment.manage": _manage,
    "appointment.done": _manage,
    "appointment.choose": _manage,
    "appointment.move": _manage,
    "appointment.ask_cancel": _manage,
    "appointment.cancel": _manage,
    "appointment.undo": _manage,
    "appointment.calendar": _manage,
    "api.show": _manage,
    "api.move": _manage,
    "api.cancel": _manage,
    "aftercare.tips": _aftercare,
    "own_tips.ask": _aftercare,
    "own_tips.link": _own_tips_link,
    "own_tips.show": _own_tips_link,
    "check_in.ask": _check_in_link,
    "check_in.answer": _check_in_link,
    "safety_form.ask": _before_visit,
    "safety_form.answer": _before_visit,
    "portal.link": _sign_in_link,
    "portal.use_link": _sign_in_link,
    "sign_in.set_up": _set_up_link,
    "security.two_factor_setup_validate": _signed_state,
    "security.wan_register_response": _signed_state,
    "security.wan_signin_response": _signed_state,
    "security.wan_verify_response": _signed_state,
    "staff.visit": _appointment_of_calendar,
    "staff.arrived": _appointment_of_calendar,
    "staff.missed": _appointment_of_calendar,
    "staff.undo": _appointment_of_calendar,
    "staff.cancel": _appointment_of_calendar,
    "staff.cancelled": _appointment_of_calendar,
    "staff.move": _appointment_of_calendar,
    "staff.move_at": _appointment_of_calendar,
    "staff.check_move": _appointment_of_calendar,
    "staff.moved": _appointment_of_calendar,
    "staff.open_record": _appointment_of_calendar,
    "staff.confirm": _appointment_with_health,
    "staff.decline": _appointment_with_health,
    "staff.note": _appointment_with_health,
    "staff.add_to_note": _appointment_with_health,
    "staff.hand_over": _appointment_of_calendar,
    "staff.ask_aloud": _appointment_with_health,
    "staff.look_back": _appointment_with_health,
    "staff.see_to": _check_in,
    "staff.review": _review,
    "staff.accept": _review,
    "staff.change": _review,
    "staff.replace": _review,
    "staff.decline_review": _review,
    "staff.send_again": _message,
    "staff.address_works": lambda world: Objects(
        {"contact_id": world.ada.contacts[0].id}, {"contact_id": NOBODYS}
    ),
    "staff.mail": lambda world: Objects({"name": "nothing.eml"}, {"name": "nothing.eml"}),
    "staff.mail_html": lambda world: Objects({"name": "nothing.eml"}, {"name": "nothing.eml"}),
}
