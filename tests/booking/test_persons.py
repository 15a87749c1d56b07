"""One person at two places at one time: refused to who proved it, asked of staff about everybody else, and no oracle."""

from datetime import datetime, timedelta

import pytest

from clinic.accounts.models import Client, User
from clinic.booking import changes, desk, same_person, services
from clinic.booking.desk import RulesInTheWay
from clinic.booking.models import Appointment, State
from clinic.booking.same_person import TwoPlaces
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.series import new_series
from clinic.booking.series.new_series import Lost, Order, Rhythm, Slot
from clinic.booking.waivers import Rule
from clinic.db import db, transaction
from clinic.practice.models import Location, Treatment
from tests.conftest import NOW
from tests.make import Make

TEN = datetime.fromisoformat("2031-03-06T09:00+00:00")
"""10:00 in Berlin on a Thursday."""
HALF = timedelta(minutes=30)
MINE, THEIRS = b"m" * 32, b"t" * 32


@pytest.fixture
def place(make: Make) -> Location:
    make.practice(open_bookings_per_client=20)
    found: Location = make.location()
    return found


@pytest.fixture
def sold(make: Make, place: Location) -> Treatment:
    """Given by two therapists of one place."""
    found: Treatment = make.treatment(therapists=[make.therapist(place), make.therapist(place)])
    return found


def books(
    sold: Treatment, who: Client, *, at: datetime = TEN, browser: bytes = MINE, actor: str = "visitor"
) -> Appointment:
    with transaction():
        hold = services.hold(SearchCriteria(sold.id), at, browser=browser, client_id=None, now=NOW)
    with transaction():
        return services.book(hold.id, browser=browser, client=who, actor=actor, now=NOW)


def signed_in(who: Client) -> str:
    return f"contact:{who.contacts[0].id}"


def test_a_proven_client_cannot_be_at_two_places_at_one_time(make: Make, sold: Treatment) -> None:
    ada = make.client()
    books(sold, ada, actor=signed_in(ada))
    with pytest.raises(TwoPlaces):
        books(sold, ada, at=TEN + HALF, actor=signed_in(ada), browser=THEIRS)
    assert books(sold, ada, at=TEN + 2 * HALF, actor=signed_in(ada), browser=THEIRS).state == State.BOOKED


def test_the_same_name_and_address_is_the_same_person_for_who_proved_it(make: Make, sold: Treatment) -> None:
    books(sold, make.client())
    again = make.client()
    with pytest.raises(TwoPlaces):
        books(sold, again, browser=THEIRS, actor=signed_in(again))


@pytest.mark.parametrize(
    "who", [{"given_name": "Bea", "search_name": "bea sample"}, {"mail": "x@client.example"}]
)
def test_couples_book_under_two_names_and_namesakes_have_other_addresses(
    make: Make, sold: Treatment, who: dict[str, str]
) -> None:
    books(sold, make.client())
    assert books(sold, make.client(**who)).state == State.BOOKED
    assert same_person.pairs(NOW) == []


def test_the_same_browser_cannot_book_itself_twice_at_one_time(make: Make, sold: Treatment) -> None:
    books(sold, make.client())
    with pytest.raises(TwoPlaces):
        books(sold, make.client())


def test_a_stranger_is_answered_as_always_and_staff_are_asked(make: Make, sold: Treatment) -> None:
    first = books(sold, make.client())
    second = books(sold, make.client(), browser=THEIRS)
    assert second.state == State.BOOKED, "whoever tries names and addresses learns nothing"
    assert [{pair.first.id, pair.second.id} for pair in same_person.pairs(NOW)] == [{first.id, second.id}]


def test_a_link_tells_only_of_the_visits_of_its_own_record(make: Make, sold: Treatment) -> None:
    ada, again = make.client(), make.client()
    books(sold, ada)
    other = books(sold, ada, at=TEN + timedelta(hours=3), browser=THEIRS)
    probe = books(sold, again, at=TEN + timedelta(hours=5), browser=THEIRS)

    def moves(visit: Appointment) -> None:
        with transaction():
            changes.move(visit.id, TEN, revision=visit.revision, actor=f"link:{visit.id}", now=NOW)

    with pytest.raises(TwoPlaces):
        moves(other)
    moves(probe)
    assert len(same_person.pairs(NOW)) == 1


@pytest.fixture
def staff(make: Make) -> User:
    user: User = make.user(roles=["front_desk"])
    return user


def at_the_desk(
    sold: Treatment,
    place: Location,
    who: Client,
    staff: User,
    *,
    waived: tuple[Rule, ...] = (),
    reason: str = "",
) -> Appointment:
    with transaction():
        return desk.book(
            sold.id,
            TEN,
            therapist_id=sold.therapists[1].id,
            location_id=place.id,
            client=who,
            by=staff,
            waived=waived,
            reason=reason,
            now=NOW,
        )


@pytest.mark.parametrize("same_record", [True, False])
def test_staff_go_on_for_a_reason_and_are_not_asked_about_what_they_meant(
    make: Make, sold: Treatment, place: Location, staff: User, same_record: bool
) -> None:
    ada = make.client()
    with transaction():
        services.hold(
            SearchCriteria(sold.id, therapist_id=sold.therapists[0].id),
            TEN,
            browser=MINE,
            client_id=None,
            now=NOW,
        )
    with transaction():
        (hold,) = services.holds_of(MINE)
        services.book(hold.id, browser=MINE, client=ada, actor="visitor", now=NOW)
    who = ada if same_record else make.client()
    with pytest.raises(RulesInTheWay) as refused:
        at_the_desk(sold, place, who, staff)
    assert refused.value.rules == (Rule.PERSON,)
    at_the_desk(sold, place, who, staff, waived=(Rule.PERSON,), reason="She brings her sister.")
    assert same_person.pairs(NOW) == []


def test_a_move_at_the_desk_asks_the_same(make: Make, sold: Treatment, place: Location, staff: User) -> None:
    ada = make.client()
    books(sold, ada)
    visit = books(sold, ada, at=TEN + timedelta(hours=3), browser=THEIRS)
    free = {one.id for one in sold.therapists} - {first_therapist(ada)}

    def moves(waived: tuple[Rule, ...] = ()) -> Appointment:
        with transaction():
            return desk.move(
                visit.id,
                TEN,
                therapist_id=free.copy().pop(),
                location_id=place.id,
                revision=visit.revision,
                by=staff,
                waived=waived,
                reason="Meant.",
                now=NOW,
            )

    with pytest.raises(RulesInTheWay) as refused:
        moves()
    assert refused.value.rules == (Rule.PERSON,)
    assert moves((Rule.PERSON,)).starts_at == TEN


def first_therapist(who: Client) -> object:
    return db.session.query(Appointment.therapist_id).filter_by(client_id=who.id, starts_at=TEN).scalar()


def test_a_series_neither_shows_nor_books_a_time_at_which_the_client_is_elsewhere(
    make: Make, sold: Treatment, place: Location
) -> None:
    ada = make.client()
    books(sold, ada)
    order = Order(treatment_id=sold.id, location_id=place.id)
    rhythm = Rhythm(first=datetime(2031, 3, 6, 10), every_weeks=1, count=2)
    shown = new_series.propose(order, rhythm, by_staff=True, now=NOW, client_id=ada.id)
    assert [one.slot is not None for one in shown] == [False, True]
    assert all(abs(slot.starts_at - TEN) >= 2 * HALF for slot in shown[0].alternatives)
    free = ({one.id for one in sold.therapists} - {first_therapist(ada)}).pop()
    with pytest.raises(Lost), transaction():
        new_series.book(
            order, [Slot(starts_at=TEN, therapist_id=free)], client=ada, actor="user:desk", now=NOW
        )


def test_what_staff_left_is_not_asked_again_until_they_take_that_back(
    make: Make, sold: Treatment, staff: User
) -> None:
    first, second = books(sold, make.client()), books(sold, make.client(), browser=THEIRS)
    for _ in range(2):
        with transaction():
            same_person.leave_both(second.id, first.id, by=staff, now=NOW)
    assert same_person.pairs(NOW) == []
    with transaction():
        same_person.ask_again(first.id, second.id, by=staff, now=NOW)
    assert len(same_person.pairs(NOW)) == 1


@pytest.mark.parametrize("end", ["cancelled", "over"])
def test_a_pair_is_asked_about_only_while_both_visits_are_to_come(
    make: Make, sold: Treatment, end: str
) -> None:
    books(sold, make.client())
    second = books(sold, make.client(), browser=THEIRS)
    if end == "cancelled":
        with transaction():
            changes.cancel(second.id, revision=second.revision, actor="user:desk", now=NOW)
        assert same_person.pairs(NOW) == []
    else:
        assert same_person.pairs(TEN + 2 * HALF) == []
        assert len(same_person.pairs(TEN + HALF)) == 1


def test_the_times_of_a_move_are_those_at_which_the_client_is_not_elsewhere(
    make: Make, sold: Treatment, clock_at_now: None, client: object
) -> None:
    from clinic.accounts import signed_links
    from tests.visitor import Visitor

    ada = make.client()
    books(sold, ada)
    visit = books(sold, ada, at=TEN + timedelta(hours=3), browser=THEIRS)
    page = Visitor(client)  # type: ignore[arg-type]
    page.open(f"{signed_links.manage_path(visit.id, visit.link_epoch)}/move?day=2031-03-06&therapist=any")
    assert "09:00" in page.text
    assert "11:00" in page.text
    assert "10:30" not in page.text
    assert "10:00 Thea" not in page.text
