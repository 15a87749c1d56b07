"""What letters say: every kind, its text against its HTML, nothing of health, names of any kind."""

import html
import re
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar

from clinic import clock
from clinic.accounts import audit, data_exports, erasures, signed_links, team
from clinic.accounts import services as accounts
from clinic.accounts.models import (
    AddressChange,
    Client,
    HealthGrant,
    LinkPurpose,
    LoginLink,
    ReplacedAddress,
    Role,
    User,
)
from clinic.booking.models import Appointment, Series, State
from clinic.booking.waiting.models import EntryEnd, Offer, OfferEnd, Offering, WaitingListEntry
from clinic.db import Base, db, transaction
from clinic.intake.models import Clearance, Draft, GuardianConsent, OwnPage, Submission
from clinic.messaging import preferences, resend, services
from clinic.messaging.kinds import KINDS
from clinic.messaging.kinds.content import Drop
from clinic.messaging.kinds.declaration import Recipient
from clinic.messaging.letters import composing
from clinic.messaging.letters.composing import Letter
from clinic.messaging.models import MessageKind
from clinic.messaging.resend import ONE_TIME
from clinic.messaging.services import Claim, Owed
from clinic.plans import score_sheets
from clinic.plans.models import CheckIn, LookBack, NoteAddendum, OutcomeEntry, Plan, Review, SessionNote
from clinic.practice import invitations
from clinic.practice.invitations import RotaPlace
from clinic.practice.models import Practice, Treatment
from clinic.sealed import sealed_attributes
from tests.make import Make
from tests.messaging.mailers import parsed, part
from tests.plans import at_the_gate

STATES = {
    MessageKind.CONFIRMATION: State.BOOKED,
    MessageKind.CHANGE: State.BOOKED,
    MessageKind.CANCELLATION: State.CANCELLED,
    MessageKind.REQUEST_RECEIVED: State.REQUESTED,
    MessageKind.REQUEST_MOVED: State.REQUESTED,
    MessageKind.REQUEST_WITHDRAWN: State.CANCELLED,
    MessageKind.REQUEST_CONFIRMED: State.BOOKED,
    MessageKind.REQUEST_DECLINED: State.DECLINED,
    MessageKind.REMINDER: State.BOOKED,
    MessageKind.AFTERCARE: State.DONE,
    MessageKind.OWN_TIPS: State.DONE,
    MessageKind.CHECK_IN: State.DONE,
    MessageKind.INTAKE_INVITATION: State.BOOKED,
    MessageKind.REBOOKING: State.DONE,
}
"""Kinds about a visit, and the state in which each is true."""

AFTERWARDS = (MessageKind.AFTERCARE, MessageKind.OWN_TIPS, MessageKind.CHECK_IN, MessageKind.REBOOKING)

CALENDARS = {
    MessageKind.CONFIRMATION: "REQUEST",
    MessageKind.REQUEST_CONFIRMED: "REQUEST",
    MessageKind.CHANGE: "REQUEST",
    MessageKind.CANCELLATION: "CANCEL",
}


def occasion_of(kind: MessageKind) -> str:
    """An occasion as each kind about a visit names it."""
    return {MessageKind.REMINDER: "r1/120", **dict.fromkeys(AFTERWARDS, "visit")}.get(kind, "r1")


def claimed(kind: MessageKind, subject: UUID, recipient: UUID, now: datetime, occasion: str = "r1") -> Claim:
    owed = Owed(
        kind=kind,
        subject_id=subject,
        recipient_id=recipient,
        occasion=occasion,
        due_at=now - timedelta(days=1),
    )
    with transaction():
        services.owe([owed], now)
    with transaction():
        held = services.claim(now)
    assert held is not None
    return held


def composed(held: Claim, now: datetime) -> Letter:
    with transaction():
        letter = composing.compose(held, now)
    assert isinstance(letter, Letter)
    if held.kind not in ONE_TIME:
        require_a_copy(held, letter, now)
    return letter


def require_a_copy(held: Claim, letter: Letter, now: datetime) -> None:
    """What staff send again leaves as well, whatever its kind."""
    unmade = db.session.begin_nested()
    services.settle(held, now, told=letter.told)
    resend.send_again(held.id, audit.SYSTEM, now)
    while (copy := services.claim(now)) is not None and not copy.is_copy:
        pass
    assert copy is not None
    assert (copy.kind, copy.channel, copy.occasion, copy.is_copy) == (
        held.kind,
        held.channel,
        held.occasion,
        True,
    )
    assert isinstance(composing.compose(copy, now), Letter), held.kind
    unmade.rollback()


def put(visit: Appointment, state: State, now: datetime) -> None:
    """Bring the visit into a state, whichever way."""
    visit.decide_by = visit.held_until = now
    visit.cancelled_by = "client" if state == State.CANCELLED else None
    visit.state = state
    db.session.commit()


def about(visit: Appointment, ada: Client, kind: MessageKind, now: datetime) -> Letter:
    """The letter of a kind about a visit that is in the state the kind speaks of."""
    put(visit, STATES[kind], now)
    preferences.agree_to_news(ada.id, actor="system", now=now)
    # Who has answered lately is not invited to.
    db.session.execute(sa.update(Submission).values(submitted_at=now - timedelta(days=200)))
    db.session.commit()
    moment = visit.ends_at + timedelta(hours=1) if kind in AFTERWARDS else now
    return composed(claimed(kind, visit.id, ada.contacts[0].id, now, occasion_of(kind)), moment)


def of_the_waiting_list(
    make: Make, visit: Appointment, ada: Client, now: datetime
) -> dict[MessageKind, Letter]:
    """The letters of a entry, from joining to its last day."""
    hold = make.appointment(
        of=visit.treatment, state=State.HELD, starts_at=visit.starts_at + timedelta(days=1)
    )
    entry = WaitingListEntry(
        client_id=ada.id, treatment_id=visit.treatment_id, times=[0], last_on=now.date(), created_at=now
    )
    until = now + timedelta(minutes=30)
    offer = Offer(
        offering=Offering(hold_id=hold.id, created_at=now, expires_at=until),
        entry=entry,
        round=1,
        offered_at=now,
        expires_at=until,
    )
    db.session.add(offer)
    db.session.commit()

    def letter(kind: MessageKind, subject: UUID) -> Letter:
        return composed(claimed(kind, subject, ada.contacts[0].id, now, "first"), now)

    found = {
        MessageKind.WAITING_JOINED: letter(MessageKind.WAITING_JOINED, entry.id),
        MessageKind.WAITING_OFFER: letter(MessageKind.WAITING_OFFER, offer.id),
    }
    offer.ended_at, offer.end = now, OfferEnd.MISSED
    db.session.commit()
    found[MessageKind.WAITING_OUTCOME] = letter(MessageKind.WAITING_OUTCOME, offer.id)
    entry.ended_at, entry.end = now, EntryEnd.OVER
    db.session.commit()
    found[MessageKind.WAITING_OVER] = letter(MessageKind.WAITING_OVER, entry.id)
    return found


def all_letters(make: Make, visit: Appointment, ada: Client, now: datetime) -> dict[MessageKind, Letter]:
    """One letter of every kind there is."""
    found = {kind: about(visit, ada, kind, now) for kind in STATES}
    draft = Draft(
        browser=b"b",
        consented_at=now,
        consent_version="1",
        created_at=now,
        changed_at=now,
        resume_asked_at=now,
    )
    draft.answers, draft.mail = {"note": CANARY}, "ada@client.example"
    review = Review(**_review_columns(make, ada), appointment_id=visit.id, opened_at=now)
    db.session.add_all([draft, review])
    db.session.commit()
    contact = ada.contacts[0]
    put(visit, State.REQUESTED, now)
    review.call_first_at, review.call_first_by_id = now, make.user().id
    review.tells_client = True
    db.session.commit()
    found[MessageKind.CALL_FIRST] = composed(
        claimed(MessageKind.CALL_FIRST, visit.id, contact.id, now, "r1"), now
    )
    found[MessageKind.RESUME_INTAKE] = composed(
        claimed(MessageKind.RESUME_INTAKE, draft.id, draft.id, now), now
    )
    found[MessageKind.SIGN_IN] = composed(claimed(MessageKind.SIGN_IN, contact.id, contact.id, now), now)
    replaced = ReplacedAddress(
        client_id=ada.id, contact_id=contact.id, normalised="ada@old.example", replaced_at=now
    )
    db.session.add(replaced)
    db.session.commit()
    found[MessageKind.ADDRESS_REPLACED] = composed(
        claimed(MessageKind.ADDRESS_REPLACED, replaced.id, contact.id, now, "once"), now
    )
    wanted = AddressChange(contact_id=contact.id, asked_at=now)
    wanted.mail = "ada@new.example"
    db.session.add(wanted)
    db.session.commit()
    found[MessageKind.ADDRESS_PROOF] = composed(
        claimed(MessageKind.ADDRESS_PROOF, wanted.id, wanted.id, now), now
    )
    copy, _ = data_exports.ask(ada.id, by_staff=None, contact_id=contact.id, actor="system", now=now)
    db.session.commit()
    data_exports.claim(now)
    data_exports.settle(copy.id, 1, b"PK", now)
    db.session.commit()
    found[MessageKind.DATA_EXPORT] = composed(
        claimed(MessageKind.DATA_EXPORT, copy.id, contact.id, now, "ready"), now
    )
    erasure = erasures.ask(ada.id, actor="system", by_id=None, now=now)
    erasures.refuse(erasure.id, "Two invoices are open.", by_id=make.user().id, now=now)
    db.session.commit()
    found[MessageKind.ERASURE_DECIDED] = composed(
        claimed(MessageKind.ERASURE_DECIDED, erasure.id, contact.id, now, "refused"), now
    )
    found[MessageKind.REVIEW_WAITING] = composed(
        claimed(MessageKind.REVIEW_WAITING, review.id, make.user().id, now), now
    )
    asked = GuardianConsent(
        submission_id=make.submission(who=ada, answers={"note": CANARY}).id, asked_at=now, text_version="1"
    )
    asked.mail = "parent@client.example"
    db.session.add(asked)
    db.session.commit()
    found[MessageKind.GUARDIAN_CONSENT] = composed(
        claimed(MessageKind.GUARDIAN_CONSENT, asked.id, asked.id, now), now
    )
    page = OwnPage(submission_id=asked.submission_id, asked_at=now)
    page.mail = "ada@client.example"
    db.session.add(page)
    db.session.commit()
    found[MessageKind.DOCTOR_PAGE] = composed(claimed(MessageKind.DOCTOR_PAGE, page.id, page.id, now), now)
    check_in = CheckIn(appointment_id=visit.id, client_id=ada.id, asks_for_therapist=True, answered_at=now)
    check_in.answers = {"note": CANARY}
    db.session.add(check_in)
    db.session.commit()
    found[MessageKind.CHECK_IN_ANSWERED] = composed(
        claimed(MessageKind.CHECK_IN_ANSWERED, check_in.id, make.user().id, now), now
    )
    found |= to_staff(make, visit, now)
    found |= of_the_waiting_list(make, visit, ada, now)
    found[MessageKind.SERIES] = of_series(make, visit, now)
    found |= before_the_visit(make, visit, ada, now)
    found[MessageKind.SCORES_ASKED] = asked_for_scores(make, visit, ada, now)
    assert set(found) == set(MessageKind)
    return found


def asked_for_scores(make: Make, visit: Appointment, ada: Client, now: datetime) -> Letter:
    """The letter that staff asked for."""
    put(visit, State.DONE, now)
    sheet = score_sheets.ask_by_letter(visit, by=make.user(), now=now)
    db.session.commit()
    return composed(claimed(MessageKind.SCORES_ASKED, visit.id, ada.contacts[0].id, now, str(sheet.id)), now)


def before_the_visit(make: Make, visit: Appointment, ada: Client, now: datetime) -> dict[MessageKind, Letter]:
    """The letters about what is answered between booking and visit."""
    put(visit, State.BOOKED, now)
    visit.treatment.intake = "before_booking"
    at_the_gate.agree(make.submission(who=ada, answers={"note": CANARY}, parts_open=10), now)
    found = {
        kind: composed(claimed(kind, visit.id, ada.contacts[0].id, now, "nudge"), now)
        for kind in (MessageKind.PREPARATION, MessageKind.PREPARATION_LINK)
    }
    visit.treatment.intake = "none"
    db.session.commit()
    return found


def call_letter(make: Make, visit: Appointment, ada: Client, now: datetime, state: State) -> Letter:
    """The letter that a therapist calls first, about a visit in this state."""
    put(visit, state, now)
    columns = {"call_first_at": now, "call_first_by_id": make.user().id, "tells_client": True}
    db.session.add(Review(**_review_columns(make, ada), appointment_id=visit.id, opened_at=now, **columns))
    db.session.commit()
    return composed(claimed(MessageKind.CALL_FIRST, visit.id, ada.contacts[0].id, now, "r1"), now)


def of_series(make: Make, visit: Appointment, now: datetime) -> Letter:
    """The letter about two visits that were booked in one act."""
    assert visit.client is not None
    whole = Series(client_id=visit.client_id, created_at=now, changed_at=now)
    db.session.add(whole)
    db.session.commit()
    for number in (1, 2):
        make.appointment(
            of=visit.treatment,
            who=visit.client,
            starts_at=visit.starts_at + timedelta(days=20 + number),
            series_id=whole.id,
            series_index=number,
            series_revision=1,
            act_revision=1,
        )
    return composed(claimed(MessageKind.SERIES, whole.id, visit.client.contacts[0].id, now), now)


def to_staff(make: Make, visit: Appointment, now: datetime) -> dict[MessageKind, Letter]:
    """One letter of every further kind that goes to people who work here."""
    user = make.user(roles=("owner", "therapist"))
    put(visit, State.BOOKED, now)
    visit.therapist.user_id = user.id
    db.session.commit()
    lost = make.client(mail="lost@client.example").contacts[0]
    undelivered = claimed(MessageKind.CONFIRMATION, visit.id, lost.id, now, "r9")
    with transaction():
        services.give_up(undelivered, "refused", now)
    last = make.appointment(of=visit.treatment, who=visit.client, starts_at=now - timedelta(days=1))
    about_what = {
        MessageKind.LOOK_BACK_DUE: (last.id, "visit"),
        MessageKind.AGENDA: (visit.therapist_id, "2031-03-06"),
        MessageKind.DELIVERY_TROUBLE: (user.id, "2031-03-03"),
        MessageKind.TEXT_SAMPLE: (user.id, "confirmation/en/2031-03-03T09:00"),
    }
    letters = {
        kind: composed(claimed(kind, subject, user.id, now, occasion), now)
        for kind, (subject, occasion) in about_what.items()
    }
    return {**letters, **of_the_team(make, user, now)}


def of_the_team(make: Make, owner: User, now: datetime) -> dict[MessageKind, Letter]:
    """One letter of each kind that opens an account."""
    with transaction():
        invited = invitations.invite(
            mail="new@alderlane.example",
            roles=[Role.THERAPIST],
            place=RotaPlace(is_new=True),
            by=owner,
            now=now,
        )
    colleague = make.user(password="not this one")
    with transaction():
        reset = team.reset_password(colleague, by=owner, now=now)
    return {
        MessageKind.STAFF_INVITATION: composed(
            claimed(MessageKind.STAFF_INVITATION, invited.id, invited.id, now), now
        ),
        MessageKind.PASSWORD_RESET: composed(
            claimed(MessageKind.PASSWORD_RESET, reset.id, colleague.id, now, "first"), now
        ),
    }


def _review_columns(make: Make, ada: Client) -> dict[str, UUID]:
    submission = make.submission(who=ada, answers={"note": CANARY}, explanation={"note": CANARY})
    return {"outcome_id": submission.outcome.id, "submission_id": submission.id, "client_id": ada.id}


CANARY = "CANARY-OF-HEALTH"


def words(letter: Letter) -> str:
    """The text part on one line."""
    return " ".join(letter.text.split())


def read_html(letter: Letter) -> str:
    """What a person reads of the HTML part, and the addresses behind its links, on one line."""
    body = letter.html.partition("<body")[2]
    shown = re.sub(r"<[^>]+>", " ", re.sub(r'<a [^>]*href="([^"]+)"[^>]*>', r" \1 ", body))
    return " ".join(html.unescape(shown).split())


# What every kind must do


def test_every_kind_is_composed_with_a_subject_a_text_and_a_sheet(
    make: Make, visit: Appointment, ada: Client, now: datetime
) -> None:
    for kind, letter in all_letters(make, visit, ada, now).items():
        mail = parsed(letter.envelope().content)
        assert str(mail["Subject"]) == letter.subject, kind
        assert "Alder Lane" in part(mail, "text/plain")
        assert "<h1" in part(mail, "text/html")
        assert "{{" not in letter.text + letter.html
        # The test of a letter's words looks like the kind it shows.
        greets = kind not in KINDS or KINDS[kind].recipient is Recipient.CLIENT
        for said in (words(letter), read_html(letter)):
            assert ("Hello," in said, "Kind regards" in said) == (greets, greets), kind
        assert "None" not in words(letter) + read_html(letter)


def test_the_text_says_what_the_sheet_says(
    make: Make, visit: Appointment, ada: Client, now: datetime
) -> None:
    # Every fact of one part, in its own words, stands in the other too: addresses, times, days, sums, names, numbers.
    fact = re.compile(
        r"https?://\S+?(?=[\s)]|$)|\d{1,2}:\d\d|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d+ \w+|€[\d.]+|telephone: [A-Z]{8}"
        r"|Thea Lindner-\d+|Example Street \d+|House \d+|030 \d{7}|\b112\b|CET|Massage, 60 minutes"
    )
    for kind, letter in all_letters(make, visit, ada, now).items():
        in_text = {found.rstrip(".") for found in fact.findall(words(letter))}
        in_html = {found.rstrip(".") for found in fact.findall(read_html(letter))}
        assert in_text == in_html, kind
        assert in_text, kind


def test_a_mail_loads_nothing_and_runs_nothing(
    make: Make, visit: Appointment, ada: Client, now: datetime
) -> None:
    for kind, letter in all_letters(make, visit, ada, now).items():
        assert not re.search(r"<(img|script|link|iframe|form|object|table)\b|url\(|@import", letter.html), (
            kind
        )


def test_the_dark_colours_stay_and_the_light_ones_are_inlined(
    visit: Appointment, ada: Client, now: datetime
) -> None:
    letter = about(visit, ada, MessageKind.CONFIRMATION, now)
    assert "prefers-color-scheme: dark" in letter.html
    assert '<p class="when" style="' in letter.html


def test_no_mail_holds_health_data(make: Make, visit: Appointment, ada: Client, now: datetime) -> None:
    filled = fill_health_fields(make, visit, ada, now)
    models = {model for model, _ in sealed_attributes(Base)}
    assert {type(row) for row in filled} >= models & {
        Clearance,
        SessionNote,
        NoteAddendum,
        OutcomeEntry,
        Plan,
        Review,
        HealthGrant,
        LookBack,
        CheckIn,
    }
    for kind, letter in all_letters(make, visit, ada, now).items():
        whole = parsed(letter.envelope().content)
        pieces = [str(value) for value in whole.values()]
        pieces += [piece.get_content() for piece in whole.walk() if not piece.is_multipart()]
        for piece in pieces:
            assert CANARY not in piece, kind
            assert "Lumbar pain relief" not in piece, kind
            assert "lumbar-pain-relief" not in piece, kind


def fill_health_fields(make: Make, visit: Appointment, ada: Client, now: datetime) -> list[object]:
    """Every sealed column of this client's rows holds the canary."""
    user = make.user()
    columns = _review_columns(make, ada)
    review = Review(**columns, opened_at=now, decided_at=now, decided_by_id=user.id, decision="accept")
    review.reason, review.chosen = CANARY, {"note": CANARY}
    plan = Plan(
        client_id=ada.id, review_id=review.id, therapist_id=visit.therapist_id, sessions=8, made_at=now
    )
    plan.content = {"note": CANARY}
    note = SessionNote(
        appointment_id=visit.id, client_id=ada.id, author_id=user.id, written_at=now, signed_at=now
    )
    note.content = {"modalities": ["deep_tissue"], "text": CANARY}
    addendum = NoteAddendum(note_id=note.id, author_id=user.id, added_at=now)
    addendum.text = CANARY
    entry = OutcomeEntry(client_id=ada.id, instrument="nrs", recorded_at=now)
    entry.scores = {"note": CANARY}
    clearance = Clearance(
        submission_id=columns["submission_id"], cleared_by_id=user.id, cleared_at=now, until=now
    )
    clearance.rules, clearance.reason = [CANARY], CANARY
    grant = HealthGrant(user_id=user.id, client_id=ada.id, granted_at=now, until=now)
    grant.reason = CANARY
    look_back = LookBack(
        plan_id=plan.id, appointment_id=visit.id, client_id=ada.id, decided_at=now, decided_by_id=user.id
    )
    look_back.content = {"note": CANARY}
    check_in = CheckIn(
        appointment_id=visit.id,
        client_id=ada.id,
        asks_for_therapist=True,
        answered_at=now,
        seen_at=now,
        seen_by_id=user.id,
    )
    check_in.answers, check_in.done = {"note": CANARY}, CANARY
    rows = [review, plan, note, addendum, entry, clearance, grant, look_back, check_in]
    for row in rows:
        db.session.add(row)
        db.session.commit()
    return rows


# Names of any kind

NAMES = [
    '"><script>alert(1)</script>',
    "=?utf-8?q?a=0ABcc:_x@evil.example?=",
    "Ada\r\nATTENDEE:x",
    "Zoë; DROP, \\n",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_naughty_name_stays_a_name_in_headers_sheet_and_calendar(
    make: Make, visit: Appointment, ada: Client, now: datetime, name: str
) -> None:
    ada.given_name = visit.therapist.given_name = visit.location.name = name
    make.practice(name=name)
    mail = parsed(about(visit, ada, MessageKind.CONFIRMATION, now).envelope().content)
    assert sorted(mail.keys()) == sorted(
        [
            "Content-Type",
            "MIME-Version",
            "From",
            "To",
            "Reply-To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
        ]
    )
    assert "<script" not in part(mail, "text/html")
    calendar = Calendar.from_ical(part(mail, "text/calendar"))
    (event,) = calendar.walk("VEVENT")
    assert sorted(event.keys()) == sorted(
        [
            "UID",
            "SEQUENCE",
            "DTSTAMP",
            "DTSTART",
            "DTEND",
            "SUMMARY",
            "LOCATION",
            "STATUS",
            "TRANSP",
            "URL",
            "DESCRIPTION",
            "ORGANIZER",
            "ATTENDEE",
        ]
    )


# The calendar file


@pytest.mark.parametrize("kind", list(STATES))
def test_letters_that_change_the_calendar_carry_the_file_and_no_others(
    visit: Appointment, ada: Client, now: datetime, kind: MessageKind
) -> None:
    letter = about(visit, ada, kind, now)
    assert (letter.calendar is not None) is (kind in CALENDARS)
    assert letter.calendar_method == CALENDARS.get(kind, "")


def test_one_visit_keeps_one_uid_and_its_sequence_rises(
    visit: Appointment, ada: Client, now: datetime
) -> None:
    def event(letter: Letter) -> tuple[str, int]:
        (found,) = Calendar.from_ical(letter.calendar).walk("VEVENT")
        return str(found["UID"]), int(found["SEQUENCE"])

    booked = event(about(visit, ada, MessageKind.CONFIRMATION, now))
    visit.revision = visit.time_revision = 2
    db.session.commit()
    held = claimed(MessageKind.CHANGE, visit.id, ada.contacts[0].id, now, "r2")
    assert event(composed(held, now)) == (booked[0], booked[1] + 1)


# Links


def test_the_address_of_the_appointment_opens_it(
    app: Flask, visit: Appointment, ada: Client, now: datetime
) -> None:
    letter = about(visit, ada, MessageKind.REMINDER, now)
    (token,) = set(re.findall(app.config["PUBLIC_URL"] + r"/a/([^\s#]+)", letter.text))
    claim = signed_links.check(token)
    assert claim is not None
    assert (claim.subject_id, claim.holds(visit.link_epoch)) == (visit.id, True)


def test_a_sign_in_link_is_minted_at_delivery_and_kept_only_as_a_digest(
    app: Flask, make: Make, ada: Client, now: datetime
) -> None:
    make.practice()
    contact = ada.contacts[0]
    letter = composed(claimed(MessageKind.SIGN_IN, contact.id, contact.id, now), now)
    (raw,) = set(re.findall(app.config["PUBLIC_URL"] + r"/l/([\w-]+)", letter.text))
    link = db.session.scalars(sa.select(LoginLink)).one()
    assert link.digest == accounts.digest(raw)
    with transaction():
        used = accounts.consume_link(raw, LinkPurpose.SIGN_IN, now)
    assert used is not None
    assert used.contact_id == contact.id


def test_a_resume_link_opens_the_draft_it_was_asked_for(
    app: Flask, make: Make, visit: Appointment, ada: Client, now: datetime
) -> None:
    letter = all_letters(make, visit, ada, now)[MessageKind.RESUME_INTAKE]
    (raw,) = set(re.findall(app.config["PUBLIC_URL"] + r"/intake/resume/([\w-]+)", letter.text))
    with transaction():
        used = accounts.consume_link(raw, LinkPurpose.RESUME_INTAKE, now)
    assert used is not None
    assert db.session.get(Draft, used.subject_id) is not None


# Letters that must not go


@pytest.mark.parametrize("kind", list(STATES))
@pytest.mark.parametrize("state", list(State))
def test_a_letter_about_a_visit_goes_only_while_it_is_true(
    visit: Appointment, ada: Client, now: datetime, kind: MessageKind, state: State
) -> None:
    put(visit, state, now)
    preferences.agree_to_news(ada.id, actor="system", now=now)
    db.session.commit()
    true_in = {State.ARRIVED, State.DONE} if kind in AFTERWARDS else {STATES[kind]}
    held = claimed(kind, visit.id, ada.contacts[0].id, now, occasion_of(kind))
    with transaction():
        letter = composing.compose(held, now)
    if state in true_in:
        assert isinstance(letter, Letter)
    else:
        assert letter == Drop(str(state))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda ada, now: setattr(ada, "erased_at", now), "erased"),
        (lambda ada, now: setattr(ada.contacts[0], "bounced_at", now), "does_not_arrive"),
        (lambda ada, now: setattr(ada.contacts[0], "wants_reminders", False), "unwanted"),
    ],
)
def test_a_letter_to_an_address_that_no_longer_counts_is_dropped(
    visit: Appointment, ada: Client, now: datetime, change: object, why: str
) -> None:
    change(ada, now)  # type: ignore[operator]  # one of the functions above
    db.session.commit()
    held = claimed(MessageKind.REMINDER, visit.id, ada.contacts[0].id, now, "r1/120")
    with transaction():
        assert composing.compose(held, now) == Drop(why)


def test_a_letter_to_an_address_beyond_ascii_is_composed_and_left_to_the_server(
    visit: Appointment, ada: Client, now: datetime
) -> None:
    ada.contacts[0].normalised = "zoë@client.example"
    db.session.commit()
    envelope = about(visit, ada, MessageKind.CONFIRMATION, now).envelope()
    assert envelope.recipient == "zoë@client.example"
    assert "To: zoë@client.example" in envelope.content.decode()


def test_a_visit_that_has_begun_is_reminded_no_more(visit: Appointment, ada: Client, now: datetime) -> None:
    held = claimed(MessageKind.REMINDER, visit.id, ada.contacts[0].id, now, "r1/120")
    with transaction():
        assert composing.compose(held, visit.starts_at) == Drop("past")


def test_a_review_that_was_decided_is_told_no_more(
    make: Make, visit: Appointment, ada: Client, now: datetime
) -> None:
    user = make.user()
    review = Review(**_review_columns(make, ada), appointment_id=visit.id, opened_at=now)
    db.session.add(review)
    db.session.commit()
    held = claimed(MessageKind.REVIEW_WAITING, review.id, user.id, now)
    review.decided_at, review.decided_by_id, review.decision = now, user.id, "accept"
    db.session.commit()
    with transaction():
        assert composing.compose(held, now) == Drop("decided")


def test_the_letter_after_a_visit_names_the_next_one(
    make: Make, visit: Appointment, massage: Treatment, ada: Client, now: datetime
) -> None:
    assert "NEXT SESSION" not in about(visit, ada, MessageKind.AFTERCARE, now).text
    make.appointment(of=massage, who=ada, starts_at=visit.starts_at + timedelta(days=7))
    held = claimed(MessageKind.AFTERCARE, visit.id, ada.contacts[0].id, now, "again")
    assert "Thursday 13 March 2031" in composed(held, visit.ends_at).text


def test_what_is_no_longer_free_is_not_called_free(visit: Appointment, ada: Client, now: datetime) -> None:
    assert "free of charge until Wednesday 5 March, 10:00" in words(
        about(visit, ada, MessageKind.CONFIRMATION, now)
    )
    held = claimed(MessageKind.REMINDER, visit.id, ada.contacts[0].id, now, "r1/120")
    late = composed(held, visit.starts_at - timedelta(hours=2))
    for said in (words(late), read_html(late)):
        assert "free of charge" not in said
        assert "The time for free changes is over." in said


def test_a_reminder_links_to_the_questions_of_the_day_which_open_a_day_before(
    app: Flask, client: FlaskClient, make: Make, visit: Appointment, massage: Treatment, ada: Client
) -> None:
    start = clock.now() + timedelta(hours=30)
    visit.starts_at = visit.occupied_from = start
    visit.ends_at = visit.occupied_until = start + timedelta(hours=1)
    massage.intake = "before_booking"
    db.session.commit()
    pattern = re.escape(app.config["PUBLIC_URL"]) + r"(/visit/\S+)"
    early = composed(
        claimed(MessageKind.REMINDER, visit.id, ada.contacts[0].id, clock.now(), "r1/2880"), clock.now()
    )
    (form,) = set(re.findall(pattern, early.text))
    assert "and open on" in words(early)
    assert client.get(form).status_code == 410
    visit.starts_at = visit.occupied_from = start - timedelta(hours=7)
    db.session.commit()
    late = composed(
        claimed(MessageKind.REMINDER, visit.id, ada.contacts[0].id, clock.now(), "r1/120"), clock.now()
    )
    assert re.findall(pattern, late.text) == [form]
    assert "Answer the questions" in read_html(late)
    assert client.get(form).status_code == 200
    massage.intake = "none"
    db.session.commit()
    plain = composed(
        claimed(MessageKind.REMINDER, visit.id, ada.contacts[0].id, clock.now(), "r1/60"), clock.now()
    )
    assert "/visit/" not in plain.text + plain.html


def test_the_letter_two_days_after_a_visit_leads_to_two_questions(
    app: Flask, client: FlaskClient, visit: Appointment, ada: Client, now: datetime
) -> None:
    letter = about(visit, ada, MessageKind.CHECK_IN, now)
    assert letter.subject == "Two questions after Thursday 6 March"
    assert "pain" not in re.sub(r"https?://\S+", "", words(letter) + read_html(letter))
    (path,) = set(re.findall(re.escape(app.config["PUBLIC_URL"]) + r"(/check-in/\S+)", letter.text))
    visit.starts_at = visit.occupied_from = clock.now() - timedelta(days=2)
    visit.ends_at = visit.occupied_until = visit.starts_at + timedelta(hours=1)
    db.session.commit()
    assert client.get(path).status_code == 200


def test_a_letter_about_a_check_in_names_neither_client_nor_visit(
    make: Make, visit: Appointment, ada: Client, now: datetime
) -> None:
    letter = all_letters(make, visit, ada, now)[MessageKind.CHECK_IN_ANSWERED]
    whole = words(letter) + read_html(letter) + letter.subject
    for hidden in ("Ada", "Sample Street", str(visit.id), "6 March", "worse"):
        assert hidden not in whole


def test_a_check_in_that_was_seen_is_told_no_more(
    make: Make, visit: Appointment, ada: Client, now: datetime
) -> None:
    user = make.user()
    given = CheckIn(
        appointment_id=visit.id,
        client_id=ada.id,
        asks_for_therapist=True,
        answered_at=now,
        seen_at=now,
        seen_by_id=user.id,
    )
    given.answers = {"feels": "worse", "worrying": "no"}
    db.session.add(given)
    db.session.commit()
    held = claimed(MessageKind.CHECK_IN_ANSWERED, given.id, user.id, now)
    with transaction():
        assert composing.compose(held, now) == Drop("seen")


def test_no_line_of_a_letter_parts_a_day_or_a_telephone_number(
    visit: Appointment, ada: Client, now: datetime
) -> None:
    practice = db.session.scalars(sa.select(Practice)).one()
    practice.phone = "030 23125 000"
    db.session.commit()
    letter = about(visit, ada, MessageKind.CONFIRMATION, now)
    shown = html.unescape(letter.html)
    for said in ("6\u00a0March", "5\u00a0March", "030\u00a023125000"):
        assert said in shown, said
        assert said.replace("\u00a0", " ") not in shown, said
    assert "6 March" in letter.text
    assert "\u00a0" not in letter.subject
    styles = re.findall(r'<style>.*?</style>|style="[^"]*"|href="[^"]*"', shown, re.DOTALL)
    assert styles
    assert not any("\u00a0" in one for one in styles)
