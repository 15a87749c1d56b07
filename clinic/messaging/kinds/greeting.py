"""What a letter calls the person it is about.

A name is what somebody typed, and the letter goes to whatever address they typed beside it. So a name that could be read as an
address, or as a sentence, would be the clinic's voice in a stranger's hand: such a letter greets nobody by name.
"""

import re

from clinic.accounts.models import Client

WORD = r"[^\W\d_]+(?:['’\-][^\W\d_]+)*"
NAME = re.compile(rf"{WORD}(?: {WORD})*\.?")
"""Words of letters alone, joined by single spaces: no digits, and dots only at the very end."""
WORDS_UNPROVEN, WORDS_PROVEN = 2, 5
LONGEST_UNPROVEN, LONGEST_PROVEN = 24, 60


def letter_name(client: Client | None) -> str:
    """The name a letter greets this person by; empty when it could say something else.

    Somebody none of whose addresses was ever proven may have typed anybody's: theirs is at most two short words.
    """
    if client is None:
        return ""
    name = " ".join(client.first_name.split())
    is_proven = any(contact.verified_at is not None for contact in client.contacts)
    words, longest = (WORDS_PROVEN, LONGEST_PROVEN) if is_proven else (WORDS_UNPROVEN, LONGEST_UNPROVEN)
    fits = NAME.fullmatch(name) and len(name) <= longest and len(name.split()) <= words
    return name if fits else ""
