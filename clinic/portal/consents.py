"""A signed-in client's consents: what they agreed to and when, withdrawing each with what that means, and agreeing that we speak
with their doctor."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import limits
from clinic.accounts.models import Contact, ContactKind
from clinic.db import transaction
from clinic.intake import consent, withdrawal
from clinic.intake.consent import ConsentText
from clinic.intake.models import Consent, Purpose
from clinic.language import N_
from clinic.messaging import preferences
from clinic.practice import queries as practice
from clinic.refusal import NotFound
from clinic.web.access import audience, client
from clinic.web.signed_in_client import SignedInClient, client_of_page

blueprint = Blueprint("consents", __name__)

TO_GIVE = Purpose.SHARE_WITH_CLINICIAN
"""The consent that can be given on the page itself; the others are given where they matter."""
TEXTS = "text_messages"
"""Agreement to text messages stands on the telephone, not in the table of consents."""


@dataclass(frozen=True, kw_only=True)
class ConsentWords:
    """How a purpose reads, what withdrawing does, and what it leaves as it is."""

    title: str
    stops: tuple[str, ...]
    stays: tuple[str, ...]


WORDS: dict[str, ConsentWords] = {
    Purpose.HEALTH_DATA: ConsentWords(
        title=N_("We keep your health answers"),
        stops=(
            N_("Your answers no longer count: before your next booking we ask the questions again."),
            N_("Tips after a visit no longer use them."),
            N_("Your therapist reads that you withdrew."),
        ),
        stays=(
            N_("Your booked visits stay."),
            N_("A warning sign that you told us about still counts, for your safety."),
            N_("What is in your record stays there for as long as the law obliges us to keep it."),
        ),
    ),
    Purpose.SHARE_WITH_CLINICIAN: ConsentWords(
        title=N_("We may contact your doctor"),
        stops=(N_("Your therapist no longer contacts your doctor about you."),),
        stays=(N_("What was said or sent before cannot be taken back."),),
    ),
    Purpose.NEWS: ConsentWords(
        title=N_("We write when it is time for another session"),
        stops=(N_("Invitations to come again no longer come."),),
        stays=(N_("Confirmations, reminders and changes of your visits still come."),),
    ),
    TEXTS: ConsentWords(
        title=N_("We send reminders as text messages"),
        stops=(N_("Text messages no longer come."),),
        stays=(N_("Reminders by e-mail still come."),),
    ),
}
KNOWN: dict[str, ConsentText] = {
    Purpose.HEALTH_DATA: consent.HEALTH_DATA,
    Purpose.SHARE_WITH_CLINICIAN: consent.SHARE_WITH_CLINICIAN,
    Purpose.NEWS: preferences.NEWS,
}


@dataclass(frozen=True, kw_only=True)
class GivenConsent:
    """A consent as its client reads it: since when, until when, and the text if it is still the one in use."""

    purpose: str
    title: str
    given_at: datetime
    withdrawn_at: datetime | None
    paragraphs: tuple[str, ...] = ()


@blueprint.get("/my/consents")
@audience(client)
def show() -> str:
    """What stands, and what was withdrawn."""
    found = list(_given(client_of_page()))
    return render_template(
        "portal/consents.html",
        standing=[one for one in found if one.withdrawn_at is None],
        withdrawn=[one for one in found if one.withdrawn_at is not None],
        doctor=None if _is_standing(found, TO_GIVE) else consent.SHARE_WITH_CLINICIAN.paragraphs[0],
        zone=practice.practice_zone(clock.now().date()),
    )


def _is_standing(found: Iterable[GivenConsent], purpose: str) -> bool:
    return any(one.purpose == purpose and one.withdrawn_at is None for one in found)


@blueprint.post("/my/consents/doctor")
@audience(client)
def agree() -> ResponseReturnValue:
    """Agree that a therapist speaks with the client's doctor; a second press changes nothing."""
    signed_in, now = client_of_page(), clock.now()
    limits.take(limits.CHANGES_LINK, str(signed_in.client_id), now)
    with transaction():
        withdrawal.agree(signed_in.client_id, consent.SHARE_WITH_CLINICIAN, actor=signed_in.actor, now=now)
    flash(N_("Thank you. You can withdraw it here at any time."), "ok")
    return redirect(url_for(".show"), 303)


@blueprint.get("/my/consents/<purpose>")
@audience(client)
def ask(purpose: str) -> str:
    """What withdrawing means, with *Keep it* beside it. Raises NotFound for what does not stand."""
    signed_in = client_of_page()
    found = next((one for one in _given(signed_in) if one.purpose == purpose and not one.withdrawn_at), None)
    if found is None:
        raise NotFound
    return render_template("portal/withdraw.html", given=found, words=WORDS[purpose])


@blueprint.post("/my/consents/<purpose>")
@audience(client)
def withdraw(purpose: str) -> ResponseReturnValue:
    """Withdraw; a second press changes nothing. Raises NotFound for what is no purpose."""
    signed_in, now = client_of_page(), clock.now()
    if purpose not in WORDS:
        raise NotFound
    limits.take(limits.CHANGES_LINK, str(signed_in.client_id), now)
    with transaction():
        if purpose == TEXTS:
            for phone in _telephones(signed_in):
                preferences.record_sms_consent(phone.id, signed_in.actor, now, agrees=False)
        else:
            withdrawal.withdraw(signed_in.client_id, Purpose(purpose), actor=signed_in.actor, now=now)
    flash(N_("Withdrawn."), "ok")
    return redirect(url_for(".show"), 303)


def _telephones(signed_in: SignedInClient) -> list[Contact]:
    contacts = signed_in.record.contacts
    return [one for one in contacts if one.kind == ContactKind.PHONE and one.sms_agreed_at is not None]


def _given(signed_in: SignedInClient) -> Iterator[GivenConsent]:
    """Each purpose once while it stands, from its latest text; and each withdrawal."""
    seen: set[tuple[str, datetime | None]] = set()
    for row in withdrawal.consents_of(signed_in.client_id):
        if (row.purpose, row.withdrawn_at) not in seen:
            seen.add((row.purpose, row.withdrawn_at))
            yield _shown(row)
    for phone in _telephones(signed_in)[:1]:
        assert phone.sms_agreed_at is not None
        yield GivenConsent(
            purpose=TEXTS, title=WORDS[TEXTS].title, given_at=phone.sms_agreed_at, withdrawn_at=None
        )


def _shown(row: Consent) -> GivenConsent:
    text = KNOWN[row.purpose]
    return GivenConsent(
        purpose=row.purpose,
        title=WORDS[row.purpose].title,
        given_at=row.given_at,
        withdrawn_at=row.withdrawn_at,
        paragraphs=text.paragraphs if text.sha256 == row.text_sha256 else (),
    )
