"""What a letter says: today's facts about one message, as text, HTML and calendar file; or why it must not go.

Content is made at delivery and stored nowhere. It holds no health data: of a treatment only the mail name. Kinds about
visits stand in `visit_letters`, those to staff in `staff_letters`, those of the waiting list in `waiting_letters`,
all others here; a kind is one entry in `KINDS`, its words in `wording`, and one template.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from flask import current_app

from clinic import language
from clinic.accounts import services as accounts
from clinic.accounts import signed_links
from clinic.accounts.models import Client, Contact, ContactKind, LinkPurpose, ReplacedAddress, User
from clinic.db import db
from clinic.intake.models import Draft, GuardianConsent, Submission
from clinic.messaging import mime
from clinic.messaging.bounces import providers
from clinic.messaging.due.people import STANDS_AGAIN
from clinic.messaging.letters import (
    samples,
    series_letters,
    staff_letters,
    team_letters,
    visit_letters,
    waiting_letters,
)
from clinic.messaging.letters.content import Drop, LetterContent
from clinic.messaging.letters.rendering import render_letter
from clinic.messaging.mailer import Envelope
from clinic.messaging.models import MessageKind
from clinic.messaging.services import Claim
from clinic.practice.models import Practice
from clinic.practice.queries import find_practice


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail ready to be serialised. Its Message-ID is made of the message's id, so every copy carries the same."""

    message_id: UUID
    sender_name: str
    sender: str
    answer_to: str
    recipient: str
    subject: str
    text: str
    html: str
    calendar: bytes | None
    calendar_method: str
    told: bytes | None
    stop_link: str
    contact_id: UUID | None
    written_at: datetime

    def envelope(self) -> Envelope:
        """The mail as bytes, with the addresses the server is told."""
        content = mime.serialised(
            message_id=f"{self.message_id}@{self.sender.rpartition('@')[2]}",
            sender_name=self.sender_name,
            sender=self.sender,
            answer_to=self.answer_to,
            recipient=self.recipient,
            subject=self.subject,
            text=self.text,
            html=self.html,
            calendar=self.calendar,
            calendar_method=self.calendar_method,
            stop_link=self.stop_link,
            tags=providers.tags(self.message_id),
            written_at=self.written_at,
        )
        return Envelope(
            name=str(self.message_id), sender=self.sender, recipient=self.recipient, content=content
        )


def compose(held: Claim, now: datetime) -> Letter | Drop:
    """The letter of a claimed message from today's facts, or the reason why it must not go.

    One-time links are minted here, so the caller commits before it sends.
    """
    practice = find_practice()
    if practice is None:
        return Drop("no_practice")
    content = KINDS[held.kind](held, practice, now)
    if isinstance(content, Drop):
        return content
    facts = {**content.facts, "stop_link": content.stop_link}
    sheet = render_letter(content.sample_of or held.kind, facts, practice, spoken=content.language)
    return Letter(
        message_id=held.id,
        sender_name=practice.name,
        sender=mime.bare_address(current_app.config["MAIL_FROM"]),
        answer_to=practice.mail,
        recipient=content.recipient,
        subject=f"Test: {sheet.subject}" if content.sample_of else sheet.subject,
        text=sheet.text,
        html=sheet.html,
        calendar=content.calendar,
        calendar_method=content.calendar_method,
        told=content.told,
        stop_link=content.stop_link,
        contact_id=content.contact_id,
        written_at=now,
    )


def _sign_in(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    contact = db.session.get(Contact, held.recipient_id)
    if contact is None or contact.kind != ContactKind.MAIL:
        return Drop("no_address")
    raw = accounts.mint_link(purpose=LinkPurpose.SIGN_IN, contact_id=contact.id, now=now)
    return LetterContent(
        recipient=contact.normalised,
        contact_id=contact.id,
        language=contact.client.language,
        facts={"link": current_app.config["PUBLIC_URL"] + signed_links.sign_in_path(raw)},
    )


def _resume_intake(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    draft = db.session.get(Draft, held.subject_id)
    if draft is None or not draft.mail:
        return Drop("gone")
    raw = accounts.mint_link(purpose=LinkPurpose.RESUME_INTAKE, subject_id=draft.id, now=now)
    return LetterContent(
        recipient=draft.mail,
        language=_language(draft.client_id, practice),
        facts={
            "link": f"{current_app.config['PUBLIC_URL']}/intake/resume/{raw}",
            # Opens nothing by itself: its button mails a fresh link to the same address.
            "again": f"{current_app.config['PUBLIC_URL']}/intake/go-on/{draft.id}",
        },
    )


def _guardian_consent(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    asked = db.session.get(GuardianConsent, held.subject_id)
    if asked is None:
        return Drop("gone")
    if asked.agreed_at is not None:
        return Drop("decided")
    raw = accounts.mint_link(purpose=LinkPurpose.GUARDIAN_CONSENT, subject_id=asked.id, now=now)
    return LetterContent(
        recipient=asked.mail,
        language=_language(db.session.get_one(Submission, asked.submission_id).client_id, practice),
        facts={
            "link": f"{current_app.config['PUBLIC_URL']}/guardian/{raw}",
            # Opens nothing by itself: its button mails a fresh link to the same address.
            "again": f"{current_app.config['PUBLIC_URL']}/guardian/again/{asked.id}",
        },
    )


def _address_replaced(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    replaced = db.session.get(ReplacedAddress, held.subject_id)
    client = db.session.get(Client, replaced.client_id) if replaced else None
    if replaced is None or client is None:
        return Drop("gone")
    if client.erased_at is not None:
        return Drop("erased")
    if db.session.scalar(sa.select(STANDS_AGAIN).where(ReplacedAddress.id == replaced.id)):
        return Drop("undone")
    # No contact: what comes back from the old address says nothing about the new one.
    return LetterContent(recipient=replaced.normalised, language=client.language, facts={})


def _text_sample(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    user = db.session.get(User, held.recipient_id)
    if user is None or not user.active:
        return Drop("gone")
    kind, spoken, _ = held.occasion.split("/")
    with language.speaking(spoken):
        facts = samples.facts(MessageKind(kind), practice, now)
    return LetterContent(recipient=user.email, language=spoken, facts=facts, sample_of=MessageKind(kind))


def _language(client_id: UUID | None, practice: Practice) -> str:
    """The language of a client who may not be known yet: then the practice's."""
    client = db.session.get(Client, client_id) if client_id else None
    return client.language if client else practice.language


Composer = Callable[[Claim, Practice, datetime], LetterContent | Drop]
KINDS: Mapping[MessageKind, Composer] = {
    MessageKind.SIGN_IN: _sign_in,
    MessageKind.RESUME_INTAKE: _resume_intake,
    MessageKind.GUARDIAN_CONSENT: _guardian_consent,
    MessageKind.ADDRESS_REPLACED: _address_replaced,
    MessageKind.TEXT_SAMPLE: _text_sample,
    **visit_letters.KINDS,
    **series_letters.KINDS,
    **staff_letters.KINDS,
    **waiting_letters.KINDS,
    **team_letters.KINDS,
}
