"""Small truths about what an owner sets up: addresses, sign-ins, skills, lands and their holidays."""

from datetime import date

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.db import db, transaction
from clinic.practice import absences, geography, premises, public_holidays, therapists, treatments
from clinic.practice.editing import ChangedMeanwhile, Direction, slug_of
from clinic.practice.models import Closure, Location, Treatment
from clinic.practice.public_holidays import PublicHoliday
from tests.conftest import NOW
from tests.make import Make
from tests.practice import describing

BY = "user:owner"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Swedish massage", "swedish-massage"),
        ("Fußreflex & Ölmassage", "fussreflex-olmassage"),
        ("  90 min.  ", "90-min"),
        ("按摩", "treatment"),
        ("a" * 80, "a" * 60),
    ],
)
def test_an_address_is_made_from_the_name(make: Make, name: str, slug: str) -> None:
    assert slug_of(name, Treatment) == slug


def test_a_second_address_of_one_name_is_numbered(make: Make) -> None:
    make.practice()
    for slug in ("north", "north-2", "northern"):
        make.location(slug=slug)
    assert slug_of("North", Location) == "north-3"


def test_one_sign_in_belongs_to_one_therapist(make: Make) -> None:
    make.practice()
    user = make.user(roles=["therapist"])
    make.therapist(user_id=user.id)
    other = make.therapist()
    assert user not in therapists.sign_ins(other)
    with pytest.raises(therapists.SignInTaken), transaction():
        therapists.change(
            other.id,
            describing.person(other, user_id=user.id),
            treatments=[],
            seen_as=therapists.page_mark(other),
            actor=BY,
            now=NOW,
        )
    assert make.refreshed(other).user_id is None


def test_who_lacks_the_training_is_not_given_the_treatment(make: Make) -> None:
    make.practice()
    trained = make.therapist(skills=["manual_lymphatic_drainage"])
    untrained = make.therapist()
    sold = make.treatment(modalities=["manual_lymphatic_drainage"])
    for person, is_given in ((trained, True), (untrained, False)):
        try:
            with transaction():
                therapists.change(
                    person.id,
                    describing.person(person),
                    treatments=[sold.id],
                    seen_as=therapists.page_mark(person),
                    actor=BY,
                    now=NOW,
                )
        except treatments.NotTrained:
            assert not is_given
    assert make.refreshed(sold).therapists == [trained]


def test_a_skill_that_is_needed_cannot_be_taken_away(make: Make) -> None:
    make.practice()
    trained = make.therapist(skills=["manual_lymphatic_drainage"])
    sold = make.treatment(modalities=["manual_lymphatic_drainage"], therapists=[trained])
    with pytest.raises(treatments.NotTrained), transaction():
        therapists.change(
            trained.id,
            describing.person(trained, skills=[]),
            treatments=[sold.id],
            seen_as=therapists.page_mark(trained),
            actor=BY,
            now=NOW,
        )


def test_an_unchanged_save_leaves_no_entry(make: Make) -> None:
    make.practice()
    person = make.therapist()
    with transaction():
        therapists.change(
            person.id,
            describing.person(person),
            treatments=[],
            seen_as=therapists.page_mark(person),
            actor=BY,
            now=NOW,
        )
    told = sa.select(AuditEntry).where(AuditEntry.subject_id == person.id)
    assert db.session.scalars(told).all() == []


def test_a_room_changed_meanwhile_is_not_overwritten(make: Make) -> None:
    make.practice()
    room = make.room(make.location(), name="Red")
    mark = premises.seen_room(room)
    for name, seen_as in (("Blue", mark), ("Green", mark)):
        details = premises.RoomDetails(name=name, treatments=())
        if name == "Blue":
            with transaction():
                premises.change_room(room.id, details, seen_as=seen_as, actor=BY, now=NOW)
        else:
            with pytest.raises(ChangedMeanwhile), transaction():
                premises.change_room(room.id, details, seen_as=seen_as, actor=BY, now=NOW)
    assert make.refreshed(room).name == "Blue"


def test_the_end_of_a_list_is_no_place_to_go_on_from(make: Make) -> None:
    make.practice()
    first, second = make.location(position=0), make.location(position=1)
    with transaction():
        premises.shift_location(first.id, Direction.EARLIER, actor=BY, now=NOW)
    with transaction():
        premises.shift_location(first.id, Direction.LATER, actor=BY, now=NOW)
    assert [place.id for place in premises.every_location()] == [second.id, first.id]


def test_zones_are_those_of_places_and_a_country_names_its_own() -> None:
    zones = geography.zones()
    assert {"Europe/Berlin", "Asia/Kathmandu", "Antarctica/Troll"} <= set(zones)
    assert not {"Etc/GMT+5", "UTC", "US/Eastern"} & set(zones)
    assert geography.zones_of("NP") == ("Asia/Kathmandu",)
    assert geography.zones_of("CA")[0] in zones


def test_regions_carry_names_and_unknown_countries_have_none() -> None:
    assert geography.regions("DE")["BE"] == "Berlin"
    assert geography.regions("XX") == {}
    assert geography.countries()["DE"] == "Germany"


@pytest.mark.parametrize(("country", "region"), [("XX", ""), ("", ""), ("DE", "Nowhere")])
def test_a_land_nobody_knows_has_no_holidays_of_its_own(country: str, region: str) -> None:
    found = public_holidays.proposed(country, region, 2031)
    assert found == ([] if country != "DE" else public_holidays.proposed("DE", "", 2031))


def test_holidays_come_in_order_and_in_their_year() -> None:
    found = public_holidays.proposed("CA", "ON", 2031)
    assert [day.on for day in found] == sorted(day.on for day in found)
    assert {day.on.year for day in found} == {2031}
    assert "Family Day" in {day.name for day in found}


def test_a_day_that_is_closed_already_is_not_closed_twice(make: Make) -> None:
    make.practice()
    days = [PublicHoliday(date(2031, 12, 25), "Christmas Day")]
    for expected in (1, 0):
        with transaction():
            assert len(absences.close_on(days, actor=BY, now=NOW)) == expected
    assert make.count(Closure) == 1
