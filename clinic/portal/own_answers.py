"""A signed-in client's own answers to the health questions, to read again and to correct.

What was sent is part of the record and never changes. Correcting means going through the questions again, where the
earlier answers already stand; the new answers count from when they are sent.
"""

from flask import Blueprint, render_template

from clinic import clock
from clinic.accounts import audit
from clinic.db import transaction
from clinic.guidance import own_words
from clinic.guidance.own_words import OwnWords
from clinic.intake import queries as intake
from clinic.intake.answered_parts import AnsweredPart, parts_of
from clinic.web import context
from clinic.web.access import audience, client
from clinic.web.signed_in_client import client_of_page

blueprint = Blueprint("own_answers", __name__)
CONSENT = "H"
"""The part of the questionnaire in which clients agree."""


@blueprint.get("/my/answers")
@audience(client)
def show() -> str:
    """The newest full answers; the access is recorded."""
    signed_in, now = client_of_page(), clock.now()
    with transaction():
        sent = intake.newest_full(browser=None, client_id=signed_in.client_id, now=now)
        parts: list[AnsweredPart] = []
        words: tuple[OwnWords, ...] = ()
        if sent is not None:
            # What was agreed to can be withdrawn, and stands on a page of its own.
            parts = [part for part in parts_of(sent.answers) if part.code != CONSENT]
            words = own_words.told(sent.answers)
            audit.record(
                signed_in.actor, "read", sent, client_id=signed_in.client_id,
                purpose="own_answers", fields=sorted(sent.answers), now=now,
            )  # fmt: skip
    zone = context.practice_zone(now)
    return render_template(
        "portal/answers.html",
        sent=sent,
        is_withdrawn=sent is not None and intake.is_withdrawn(sent),
        parts=parts,
        words=words,
        zone=zone,
    )
