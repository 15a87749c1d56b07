"""Words that no text for clients may contain, because they promise, or claim what nobody has shown."""

import re

FORBIDDEN = [
    r"\d\s*(%|percent|per cent)",
    r"\bproven\b",
    r"\bproof\b",
    r"\bcure[sd]?\b",
    r"\bheal(s|ed)?\b",
    r"\bhealing\b",
    r"\b(breaks?|breaking|free[sd]?|freeing|dissolves?) (up |down |restrictive )?adhesions\b",
    r"\btoxins?\b",
    r"\bdetox",
    r"double.blind",
    r"\bmost effective\b",
    r"\b(more|highly|very) effective\b",
    r"\bbest (treatment|massage|type)\b",
    r"\bworks? better for\b",
    r"\bguarantee",
    r"\bmiracle",
    r"\bendorphins?\b",
    r"\breduces? (your )?(pain|inflammation)\b",
    r"\brelieves?\b",
    r"\beliminates?\b",
    r"\bprevents?\b",
    r"\bflare.ups?\b",
    r"\bboosts?\b",
    r"\bpain.free\b",
    r"\bno side.effects?\b",
    r"\bimproves? (your )?(posture|sleep|circulation|strength)\b",
    r"\b(massage|therapy|treatment|session|it|this) will (ease|help|reduce|stop|improve|fix|end)\b",
    r"\bmeta.analys",
    r"\b(clinically|scientifically) (shown|tested|supported)\b",
    r"\b(studies|research|science|trials) (show|shows|say|says|prove|proves|found)\b",
    r"\b(fixes?|repairs?|restores?) (your |the )?(back|spine|discs?|nerves?|nerve flow|posture)\b",
    r"\byou (have|suffer from) (a |an )?(slipped|herniated|pinched|disc|sciatica|arthritis|scoliosis|cancer|clot)",
    r"\bpermanent(ly)?\b",
    r"!",
]
"""In English."""

FORBIDDEN_IN_GERMAN = [
    r"\d\s*(%|Prozent)",
    r"\b(nach)?(bewiesen|gewiesen|weislich)",
    r"\b(ge)?heilt\b",
    r"\bheil(t|en|end|ung|sam)",
    r"\bgarant",
    r"\bWunder(mittel|kur)?\b",
    r"\bentgift",
    r"\bgift(e|stoff)",
    r"\bschlacken",
    r"\bendorphin",
    r"verklebung",
    r"\b(am )?wirksam(er|sten?)\b",
    r"doppelblind",
    r"\b(lindert|beseitigt|behebt|stärkt)\b",
    r"\bschmerzfrei",
    r"\bohne nebenwirkung",
    r"\b(studien|forschung) (zeig|beleg|bewies)",
    r"\b(lebens)?energie",
    r"!",
]


def claims(text: str) -> list[str]:
    """The patterns this text offends against, wherever its lines break."""
    return _offended(text, FORBIDDEN)


def claims_in_german(text: str) -> list[str]:
    """The same of a German text."""
    return _offended(text, FORBIDDEN_IN_GERMAN)


def _offended(text: str, patterns: list[str]) -> list[str]:
    on_one_line = " ".join(text.split())
    return [pattern for pattern in patterns if re.search(pattern, on_one_line, re.IGNORECASE)]


def speaks_of_energy_as_fact(text: str) -> bool:
    """Whether energy is spoken of other than as tradition."""
    return bool(re.search(r"\benergy\b|\bqi\b|\blife force\b", text, re.IGNORECASE)) and (
        "raditionally described as" not in text
    )
