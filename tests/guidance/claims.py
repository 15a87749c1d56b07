"""Words that no text for clients may contain, because they promise, or claim what nobody has shown."""

import re

FORBIDDEN = [
    r"\d\s*(%|percent|per cent)",
    r"\bproven\b",
    r"\bproof\b",
    r"\bcures?\b",
    r"\bheals?\b",
    r"\bhealing\b",
    r"\b(breaks?|breaking|free[sd]?|freeing|dissolves?) (up |down |restrictive )?adhesions\b",
    r"\btoxins?\b",
    r"\bdetox",
    r"double.blind",
    r"\bmost effective\b",
    r"\b(more|highly|very) effective\b",
    r"\bbest (treatment|massage|type)\b",
    r"\bguarantee",
    r"\bmiracle",
    r"\bendorphins?\b",
    r"\breduces? (your )?(pain|inflammation)\b",
    r"\brelieves?\b",
    r"\beliminates?\b",
    r"\bprevents?\b",
    r"\bflare.ups?\b",
    r"\bimproves? (your )?(posture|sleep|circulation|strength)\b",
    r"\bmeta.analys",
    r"\b(clinically|scientifically) (shown|tested|supported)\b",
    r"\b(studies|research|science|trials) (show|shows|say|says|prove|proves|found)\b",
    r"\b(fixes?|repairs?|restores?) (your |the )?(back|spine|discs?|nerves?|nerve flow|posture)\b",
    r"\bpermanent(ly)?\b",
    r"!",
]


def claims(text: str) -> list[str]:
    """The patterns this text offends against."""
    return [pattern for pattern in FORBIDDEN if re.search(pattern, text, re.IGNORECASE)]


def speaks_of_energy_as_fact(text: str) -> bool:
    """Whether energy is spoken of other than as tradition."""
    return bool(re.search(r"\benergy\b|\bqi\b|\blife force\b", text, re.IGNORECASE)) and (
        "raditionally described as" not in text
    )
