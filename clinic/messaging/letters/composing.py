"""Composes a letter from today's facts, as text, HTML and calendar file, or says why it must not go.

Content is made at delivery and stored nowhere. It holds no health data: of a treatment only the mail name. What is particular to
one kind stands in its declaration (`messaging.kinds`).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import current_app

from clinic import language
from clinic.accounts.models import User
from clinic.db import db
from clinic.messaging import mime
from clinic.messaging.bounces import providers
from clinic.messaging.kinds import KINDS
from clinic.messaging.kinds.content import Drop, LetterContent
from clinic.messaging.kinds.sample import sample_scene
from clinic.messaging.letters.rendering import render_letter
from clinic.messaging.mailer import Envelope
from clinic.messaging.models import MessageKind
from clinic.messaging.services import Claim
from clinic.messaging.sms import TextMessage
from clinic.practice.models import Practice
from clinic.practice.queries import find_practice


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An email ready to be serialised. Its Message-ID is made from the message's id, so every copy has the same."""

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
    visit_starts_at: datetime | None
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


def compose(claim: Claim, now: datetime) -> Letter | Drop:
    """The letter of a claimed message from today's facts, or the reason why it must not go.

    One-time links are minted here, so the caller commits before it sends.
    """
    practice = find_practice()
    if practice is None:
        return Drop("no_practice")
    content = _content(claim, practice, now)
    if isinstance(content, Drop):
        return content
    facts = {**content.facts, "stop_link": content.stop_link}
    sheet = render_letter(content.sample_of or claim.kind, facts, practice, spoken=content.language)
    return Letter(
        message_id=claim.id,
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
        visit_starts_at=content.visit_starts_at,
        stop_link=content.stop_link,
        contact_id=content.contact_id,
        written_at=now,
    )


def compose_text(claim: Claim, now: datetime) -> TextMessage | Drop:
    """The text message of a claimed message from today's facts, or the reason why it must not go."""
    practice = find_practice()
    if practice is None:
        return Drop("no_practice")
    composer = KINDS[claim.kind].compose_text
    assert composer is not None, "only kinds that have a text message owe one"
    return composer(claim, practice, now)


def _text_sample(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    user = db.session.get(User, claim.recipient_id)
    if user is None or not user.active:
        return Drop("gone")
    kind, spoken, _ = claim.occasion.split("/")
    with language.speaking(spoken):
        facts = KINDS[MessageKind(kind)].sample(sample_scene(practice, now))
    return LetterContent(recipient=user.email, language=spoken, facts=facts, sample_of=MessageKind(kind))


def _content(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    # A test of some other kind's words has no words of its own, and so no declaration.
    if claim.kind is MessageKind.TEXT_SAMPLE:
        return _text_sample(claim, practice, now)
    return KINDS[claim.kind].compose(claim, practice, now)
