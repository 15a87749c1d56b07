"""What a letter calls the person it is about.

A stranger can type any name beside any address. A name that reads like a URL or a sentence would let them write to
others in the clinic's voice, so such a letter has no name in its greeting.
"""

import re

from clinic.accounts.models import Client

WORD = r"[^\W\d_]+(?:['’\-][^\W\d_]+)*"
NAME = re.compile(rf"{WORD}(?: {WORD})*\.?")
"""Words of letters alone, joined by single spaces: no digits, and dots only at the very end."""
WORDS_UNPROVEN, WORDS_PROVEN = 2, 5
LONGEST_UNPROVEN, LONGEST_PROVEN = 24, 60


def letter_name(client: Client | None) -> str:
    """The name for the greeting; empty if it could be read as anything else.

    A person without a proven address may have typed anybody's: their name is limited to two short words.
    """
    if client is None:
        return ""
    name = " ".join(client.first_name.split())
    is_proven = any(contact.verified_at is not None for contact in client.contacts)
    words, longest = (WORDS_PROVEN, LONGEST_PROVEN) if is_proven else (WORDS_UNPROVEN, LONGEST_UNPROVEN)
    fits = NAME.fullmatch(name) and len(name) <= longest and len(name.split()) <= words
    return name if fits else ""
