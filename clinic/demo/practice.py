"""The demo's location, staff and treatments."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID

from clinic.accounts import team
from clinic.accounts.models import Role
from clinic.db import db
from clinic.demo import german
from clinic.plans import note_texts
from clinic.practice.models import (
    Gender,
    Location,
    Practice,
    Room,
    Therapist,
    TherapistProfile,
    Treatment,
    WeeklyHours,
)
from clinic.practice.profiles import ProfileDetails
from clinic.practice.trainings import PRENATAL

PASSWORD = "alder lane demo"  # noqa: S105 - printed at start; works only while the environment is `demo`
ZONE = "America/Toronto"


@dataclass(frozen=True)
class DemoPerson:
    """A member of the demo staff: `offers` are slugs of treatments, `hours` full local hours on each of `weekdays`; `page` is
    their public page, None if they chose to have none."""

    given: str
    family: str
    roles: tuple[Role, ...]
    licence: str = ""
    about: str = ""
    skills: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    weekdays: tuple[int, ...] = ()
    hours: tuple[int, int] = (8, 16)
    page: ProfileDetails | None = None

    @property
    def mail(self) -> str:
        """Their sign-in."""
        return f"{self.given.lower()}@alderlane.example"


STAFF = (
    DemoPerson(
        "Ines",
        "Moreau",
        (Role.THERAPIST, Role.OWNER),
        "RMT, licence A482",
        "Neuromuscular, trigger point",
        ("neuromuscular", "trigger_point"),
        ("swedish", "swedish-45", "trigger-point", "neuromuscular", "relaxation", "gentle-mix"),
        (0, 1, 2, 3, 4),
        (8, 16),
        ProfileDetails(
            is_shown=True,
            languages="English, français, some português",
            likes="Backs and necks after long days at a desk.\nTender spots that send pain somewhere else.\n"
            "People who have never had a massage and want to go slowly.",
            training="2021 Working with people after surgery\n2014 Neuromuscular therapy, 120 hours\n"
            "2009 Massage therapy diploma, Ontario",
            gender=Gender.WOMAN,
        ),
    ),
    DemoPerson(
        "Daniel",
        "Okafor",
        (Role.THERAPIST,),
        "RMT, licence C117",
        "Sports, deep tissue",
        ("sports", "deep_tissue", "trigger_point", "mechanical_impulse"),
        ("swedish", "deep-tissue", "trigger-point", "sports", "mechanical-impulse"),
        (0, 1, 2, 3),
        (12, 20),
        ProfileDetails(
            is_shown=True,
            languages="English",
            likes="Runners before and after a race.\nShoulders that lift and carry all day.",
            training="2018 Sports massage, 200 hours\n2012 Massage therapy diploma, Ontario",
            gender=Gender.MAN,
        ),
    ),
    DemoPerson(
        "Priya",
        "Raman",
        (Role.THERAPIST,),
        "RMT, licence B905",
        "Swedish, relaxation, prenatal",
        ("swedish", "relaxation", "aromatherapy", "acupressure", "craniosacral", PRENATAL),
        ("swedish", "swedish-45", "relaxation", "aromatherapy", "acupressure", "craniosacral", "gentle-mix"),
        (1, 2, 3, 4, 5),
        (9, 15),
        ProfileDetails(
            is_shown=True,
            languages="English, தமிழ்",
            likes="Backs in pregnancy.\nAnybody who sleeps badly and wants a quiet hour.",
            training="2019 Massage in pregnancy\n2015 Massage therapy diploma, Ontario",
            gender=Gender.WOMAN,
        ),
    ),
    DemoPerson(
        "Maeve",
        "Sullivan",
        (Role.THERAPIST,),
        "RMT, licence A760",
        "Lymphatic drainage, myofascial",
        ("manual_lymphatic_drainage", "myofascial_release"),
        ("lymphatic-drainage", "myofascial-release", "swedish", "swedish-45", "relaxation"),
        (0, 2, 4),
        (10, 18),
    ),
    DemoPerson("Robin", "Ashdown", (Role.FRONT_DESK,)),
)

ROOMS = ("Room 1", "Room 2", "Room 3")


@dataclass(frozen=True)
class Sold:
    """A treatment of the demo: price in cents, length in minutes."""

    slug: str
    name: str
    modalities: tuple[str, ...]
    cents: int
    about: str
    minutes: int = 60


TREATMENTS = (
    Sold("swedish", "Swedish massage", ("swedish",), 10500, "Long, gliding strokes; gentle. Many people choose it to relax or for general tightness."),
    Sold("swedish-45", "Swedish massage", ("swedish",), 8400, "Long, gliding strokes; gentle. Many people choose it to relax or for general tightness.", 45),
    Sold("deep-tissue", "Deep tissue massage", ("deep_tissue", "swedish"), 11200, "Slow, firm strokes across the grain for long-standing tension in back and shoulders."),
    Sold("trigger-point", "Trigger point therapy", ("trigger_point", "swedish"), 11200, "Held finger pressure on tender spots, then a stretch. The therapist works to your limit."),
    Sold("neuromuscular", "Neuromuscular therapy", ("neuromuscular",), 11800, "Careful work on how muscles balance each other, and on spots that send pain elsewhere."),
    Sold("sports", "Sports massage", ("sports",), 11000, "Stretching and deeper work around training and events."),
    Sold("relaxation", "Relaxation massage", ("relaxation",), 10500, "Broad, calming strokes at light to medium pressure, with plain oil."),
    Sold("myofascial-release", "Myofascial release", ("myofascial_release",), 11200, "Sustained pressure in small, slow circles where tissue feels stuck."),
    Sold("lymphatic-drainage", "Manual lymphatic drainage", ("manual_lymphatic_drainage",), 11800, "Very light, rhythmic strokes for swelling. With a therapist trained in it."),
    Sold("aromatherapy", "Aromatherapy massage", ("aromatherapy", "swedish"), 11500, "A gentle massage with diluted essential oils, agreed and skin-tested beforehand."),
    Sold("acupressure", "Acupressure", ("acupressure",), 10500, "Held pressure on points, through clothes if you like."),
    Sold("craniosacral", "Craniosacral therapy", ("craniosacral",), 10500, "Still, very light contact. Clothes stay on."),
    Sold("mechanical-impulse", "Mechanical impulse therapy", ("mechanical_impulse",), 7500, "Short bouts of vibration on muscle, with a device.", 30),
    Sold("gentle-mix", "Long Swedish with relaxation", ("swedish", "relaxation"), 14500, "An unhurried hour and a half.", 90),
)  # fmt: skip


PHRASES = {
    "As planned": "Worked as planned. Pressure was agreed and checked twice.",
    "Heat at home": "A warm pack for 15 minutes in the evening, if it feels good.",
    "Softer": "Tissue softer at the end, movement easier.",
    "Warned of soreness": "Told that soreness for a day or two can happen, and to call if it lasts.",
}
"""What a note of the practice can take in by `/`, by name."""


def set_up(now: datetime) -> None:
    """Make the practice, its location, rooms, treatments, staff and their hours; flushed."""
    db.session.add(_practice())
    house = Location(
        name="Alder Lane",
        slug="alder-lane",
        zone=ZONE,
        street="18 Alder Lane",
        town="Hamilton, Ontario",
        getting_here="Second door past the bakery; the courtyard entrance is step-free. Bus 2, stop Locke.",
        step_free="The courtyard gate is 95 cm wide; from there to every room there is no step.",
        parking="Two places in the courtyard, free for clients; on the street two hours, $2 an hour.",
        translations=german.said(german.LOCATION),
    )
    db.session.add(house)
    db.session.flush()
    rooms = [Room(location_id=house.id, name=name, position=place) for place, name in enumerate(ROOMS)]
    db.session.add_all(rooms)
    sold = {item.slug: _treatment(item, place, rooms) for place, item in enumerate(TREATMENTS)}
    db.session.add_all(sold.values())
    db.session.flush()
    for place, person in enumerate(STAFF):
        user = team.add_user(
            mail=person.mail,
            given_name=person.given,
            family_name=person.family,
            roles=person.roles,
            password=PASSWORD,
            is_demo=True,
            now=now,
        )
        db.session.flush()
        if Role.THERAPIST in person.roles:
            _therapist(person, place, user.id, house, sold)
        if Role.OWNER in person.roles:
            for name, text in PHRASES.items():
                note_texts.save_phrase(None, name, text, of_practice=True, by=user, now=now)
    db.session.flush()


def _practice() -> Practice:
    return Practice(
        name="Alder Lane Massage Therapy",
        phone="905 555 0142",
        mail="desk@alderlane.example",
        country="CA",
        currency="CAD",
        emergency_number="911",
        advice_line="811",
        support_line="988",
        policy="Move or cancel free of charge until 24 hours before. After that we charge half.",
        about="Four registered massage therapists on Alder Lane.",
        translations=german.said(german.PRACTICE),
        is_demo=True,
    )


def _treatment(item: Sold, place: int, rooms: list[Room]) -> Treatment:
    name, about = german.TREATMENTS[item.slug]
    return Treatment(
        slug=item.slug,
        name=item.name,
        modalities=list(item.modalities),
        price_cents=item.cents,
        description=item.about,
        translations=german.said({"name": name, "description": about}),
        length_minutes=item.minutes,
        buffer_after_minutes=15,
        position=place,
        rooms=rooms,
    )


def _therapist(
    person: DemoPerson, place: int, user_id: UUID, house: Location, sold: dict[str, Treatment]
) -> None:
    therapist = Therapist(
        user_id=user_id,
        given_name=person.given,
        family_name=person.family,
        slug=f"{person.given}-{person.family}".lower(),
        licence=person.licence,
        about=person.about,
        translations=german.said(
            {"licence": german.licence(person.licence), "about": german.STAFF[person.given]}
        ),
        skills=list(person.skills),
        colour=place % 6 + 1,
        position=place,
        treatments=[sold[slug] for slug in person.offers],
    )
    if person.page is not None:
        therapist.profile = TherapistProfile(
            **asdict(replace(person.page, translations=german.said(german.PROFILES[person.given])))
        )
    db.session.add(therapist)
    db.session.flush()
    for weekday in person.weekdays:
        for from_minute, until_minute in _around_lunch(*person.hours):
            db.session.add(
                WeeklyHours(
                    therapist_id=therapist.id,
                    location_id=house.id,
                    weekday=weekday,
                    from_minute=from_minute,
                    until_minute=until_minute,
                )
            )


def _around_lunch(opens: int, closes: int) -> list[tuple[int, int]]:
    """Working hours from one full hour to another, in minutes of the day, with a 45-minute break in the middle."""
    middle = (opens + closes) // 2 * 60
    return [(opens * 60, middle), (middle + 45, closes * 60)]
