"""The form in which a kind of message is declared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from clinic.accounts.models import User
from clinic.db import db
from clinic.messaging.due.shape import Question
from clinic.messaging.kinds.content import Composer, Drop, LetterContent, TextComposer
from clinic.messaging.kinds.sample import SampleScene
from clinic.messaging.kinds.wording import OF_VISIT, Words
from clinic.messaging.models import MessageKind
from clinic.messaging.services import Claim
from clinic.practice.models import Practice


class Recipient(Enum):
    """Whom a kind of message goes to."""

    CLIENT = "client"
    """A client, or somebody who may become one: in the language they read."""
    STAFF = "staff"
    """Somebody who works here, or is to: in English, like the pages they work with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredKind:
    """All that is particular to one kind of message. Its body is the template `templates/messages/<kind>.jinja`."""

    kind: MessageKind
    label: str
    """What staff call it, and the client's list of messages, in their language."""
    recipient: Recipient = Recipient.CLIENT
    due: Sequence[Question] = ()
    """What finds in committed rows that it is owed. Empty for a link that no fact implies: the page that is asked owes it."""
    words: Words
    """What we say; the practice may say it otherwise."""
    placeholders: Sequence[str] = OF_VISIT
    compose: Composer
    compose_text: TextComposer | None = None
    """Makes the text message, for a kind that also goes to telephones."""
    sample: Callable[[SampleScene], Mapping[str, Any]] = lambda scene: {}
    """Invented facts for its template."""
    is_one_time: bool = False
    """Whether it carries a link for one use, so that it is never sent again: whoever needs it asks for a fresh one."""


def to_staff(composer: Callable[[Claim, User, datetime], LetterContent | Drop]) -> Composer:
    """A composer that drops the letter unless its recipient still works here."""

    def compose(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
        user = db.session.get(User, claim.recipient_id)
        return composer(claim, user, now) if user is not None and user.active else Drop("gone")

    return compose
