"""What the demo practice says about itself in German, beside its English texts."""

from typing import Final

from clinic.practice.own_texts import Translations

_SWEDISH: Final = (
    "Schwedische Massage",
    "Die klassische Massage: lange, gleitende Streichungen; sanft. Viele wählen sie zum Entspannen oder bei allgemeiner Verspannung.",
)

PRACTICE: Final = {
    "policy": "Bis 24 Stunden vorher können Sie kostenfrei verschieben oder absagen. Danach berechnen wir den halben Preis.",
    "about": "Vier registrierte Massagetherapeutinnen und -therapeuten (RMT) in der Alder Lane.",
}

LOCATION: Final = {
    "getting_here": "Zweite Tür hinter der Bäckerei; der Eingang im Hof ist stufenlos. Bus 2, Haltestelle Locke.",
    "step_free": "Das Hoftor ist 95 cm breit; von dort führt keine Stufe bis in die Räume.",
    "parking": "Zwei Plätze im Hof, für unsere Gäste kostenfrei; an der Straße zwei Stunden, 2 $ pro Stunde.",
}

TREATMENTS: Final = {
    "swedish": _SWEDISH,
    "swedish-45": _SWEDISH,
    "deep-tissue": (
        "Tiefengewebsmassage (Deep Tissue)",
        "Langsame, kräftige Griffe quer zur Faser bei hartnäckiger Verspannung in Rücken und Schultern.",
    ),
    "trigger-point": (
        "Triggerpunkt-Therapie",
        "Anhaltender Fingerdruck auf empfindliche Stellen, danach Dehnen. Ihre Grenze bestimmt den Druck.",
    ),
    "neuromuscular": (
        "Neuromuskuläre Therapie",
        "Sorgfältige Arbeit am Gleichgewicht der Muskeln und an Stellen, die woandershin ausstrahlen.",
    ),
    "sports": ("Sportmassage", "Dehnen und tiefere Griffe rund um Training und Wettkampf."),
    "relaxation": (
        "Entspannungsmassage",
        "Ruhige, großflächige Streichungen mit leichtem bis mittlerem Druck und einfachem Öl.",
    ),
    "myofascial-release": (
        "Myofasziale Behandlung",
        "Anhaltender Druck in kleinen, langsamen Kreisen, wo sich das Gewebe verklebt anfühlt.",
    ),
    "lymphatic-drainage": (
        "Manuelle Lymphdrainage",
        "Sehr leichte, rhythmische Griffe bei Schwellungen, von einer dafür ausgebildeten Fachkraft.",
    ),
    "aromatherapy": (
        "Aromatherapie-Massage",
        "Eine sanfte Massage mit verdünnten ätherischen Ölen, vorher abgesprochen und auf der Haut getestet.",
    ),
    "acupressure": ("Akupressur", "Gleichmäßiger Druck auf einzelne Punkte, auf Wunsch durch die Kleidung."),
    "craniosacral": (
        "Craniosacral-Therapie",
        "Ruhige, sehr leichte Berührung. Sie bleiben bekleidet.",
    ),
    "mechanical-impulse": (
        "Mechanische Impulstherapie",
        "Kurze Abschnitte mit einem Vibrationsgerät auf dem Muskel.",
    ),
    "gentle-mix": ("Lange Schwedische Massage mit Entspannung", "Anderthalb Stunden ohne Eile."),
}
"""Name and description, by slug."""

STAFF: Final = {
    "Ines": "Neuromuskuläre Therapie, Triggerpunkte",
    "Daniel": "Sportmassage, Tiefengewebsmassage",
    "Priya": "Schwedische Massage, Entspannung, Schwangerschaft",
    "Maeve": "Lymphdrainage, Faszien",
}
"""In a few words, by given name."""

PROFILES: Final = {
    "Ines": {
        "languages": "Englisch, Französisch, etwas Portugiesisch",
        "likes": "Rücken und Nacken nach langen Tagen am Schreibtisch.\n"
        "Empfindliche Stellen, die woandershin ausstrahlen.\n"
        "Menschen, die noch nie bei einer Massage waren und es langsam angehen möchten.",
        "training": "2021 Behandlung nach Operationen\n2014 Neuromuskuläre Therapie, 120 Stunden\n"
        "2009 Diplom in Massagetherapie, Ontario",
    },
    "Daniel": {
        "languages": "Englisch",
        "likes": "Läuferinnen und Läufer vor und nach dem Wettkampf.\nSchultern, die den ganzen Tag heben und tragen.",
        "training": "2018 Sportmassage, 200 Stunden\n2012 Diplom in Massagetherapie, Ontario",
    },
    "Priya": {
        "languages": "Englisch, Tamil",
        "likes": "Rücken in der Schwangerschaft.\nAlle, die schlecht schlafen und eine ruhige Stunde möchten.",
        "training": "2019 Massage in der Schwangerschaft\n2015 Diplom in Massagetherapie, Ontario",
    },
}


def licence(text: str) -> str:
    """A therapist's licence, in German."""
    return text.replace("licence", "Zulassung")


def said(texts: dict[str, str]) -> Translations:
    """These texts, by column, as a row keeps them."""
    return {"de": texts}
