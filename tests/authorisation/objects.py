"""What stands in an address between slashes: for every endpoint with arguments, one of one's own, one of somebody else's and
one that does not exist. An endpoint without a line makes the tests fail.

`others` is None where there is no owner: an address that is its own key, or a calendar that all staff share.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic import clock
from clinic.accounts import audit, erasures, merging, sessions, signed_links, team
from clinic.accounts import services as accounts
from clinic.accounts.erasures import RestrictedRecord
from clinic.accounts.models import Client, LinkPurpose, StaffSession
from clinic.backup.models import DowntimeSheet
from clinic.booking import barring
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.intake import documents
from clinic.intake.documents import Document, DocumentKind, SentFrom
from clinic.messaging import preferences
from clinic.messaging.models import Message
from clinic.messaging.preferences import Topic
from clinic.plans import plan_versions, score_sheets
from clinic.plans.models import CheckIn, Incident, NoteTemplate, OutcomeEntry, Phrase, Plan
from clinic.plans.plan_versions import PlanCause
from clinic.plans.rule_book import signatures
from clinic.plans.rule_book.models import RuleBookSignature
from clinic.practice import invitations
from clinic.practice.invitations import StaffInvitation
from clinic.practice.models import Location, Photo, PhotoFile, Therapist, TherapistProfile
from clinic.practice.profiles import ProfileDetails
from clinic.tasks import services as tasks
from clinic.tasks.models import ToDo
from clinic.untrusted_files.isolation import CleanFile
from tests.authorisation.world import World

Arguments = dict[str, Any]
NOBODYS = UUID("0190a8e2-0000-7000-8000-00000000dead")


@dataclass(frozen=True)
class Objects:
    """Arguments of an address, seen from the therapist Ines."""

    own: Arguments
    missing: Arguments
    others: Arguments | None = None


def _appointment_of_calendar(world: World) -> Objects:
    return Objects({"appointment_id": world.visit_of_ada.id}, {"appointment_id": NOBODYS})


def _appointment_with_health(world: World) -> Objects:
    return Objects(
        {"appointment_id": world.visit_of_ada.id},
        {"appointment_id": NOBODYS},
        {"appointment_id": world.visit_of_bob.id},
    )


def _message(world: World) -> Objects:
    visit = world.visit_of_ada
    row = Message(
        kind="confirmation",
        subject_id=visit.id,
        recipient_id=world.ada.contacts[0].id,
        client_id=world.ada.id,
        occasion="r1",
        owed_at=visit.booked_at,
        due_at=visit.booked_at,
        sent_at=visit.booked_at,
    )
    if db.session.scalar(sa.select(Message.id).where(Message.subject_id == visit.id)) is None:
        db.session.add(row)
        db.session.commit()
    found = db.session.scalar(sa.select(Message.id).where(Message.subject_id == visit.id))
    return Objects({"message_id": found}, {"message_id": NOBODYS})


def _signature(world: World) -> RuleBookSignature:
    """A signature under the rules in use, one for all who look."""
    signed = sa.select(RuleBookSignature).where(RuleBookSignature.withdrawn_at.is_(None))
    row = db.session.scalars(signed).first()
    if row is None:
        seen = signatures.book_in_use().text_hash
        row = signatures.sign(name="Ines", licence="1", seen_hash=seen, by=world.ines, now=clock.now())
        db.session.commit()
    return row


def _incident(world: World) -> Objects:
    ids = {}
    for visit in (world.visit_of_ada, world.visit_of_bob):
        row = db.session.scalar(sa.select(Incident).where(Incident.appointment_id == visit.id))
        if row is None:
            row = Incident(
                appointment_id=visit.id,
                client_id=visit.client_id,
                author_id=world.ines.id,
                signed_at=clock.now(),
            )
            row.content = {"kind": "faint", "happened": "Dizzy on standing up.", "done": "Lay down."}
            db.session.add(row)
            db.session.commit()
        ids[visit.id] = row.id
    return Objects(
        {"incident_id": ids[world.visit_of_ada.id]},
        {"incident_id": NOBODYS},
        {"incident_id": ids[world.visit_of_bob.id]},
    )


def _client(world: World) -> Objects:
    """The desk reaches everybody who comes here."""
    return Objects({"client_id": world.ada.id}, {"client_id": NOBODYS})


def _client_consent(world: World) -> Objects:
    """The desk records what any client says."""
    preferences.agree_to_news(world.ada.id, actor=audit.SYSTEM, now=clock.now())
    db.session.commit()
    return Objects({"client_id": world.ada.id, "kind": "news"}, {"client_id": NOBODYS, "kind": "news"})


def _client_with_health(world: World) -> Objects:
    return Objects({"client_id": world.ada.id}, {"client_id": NOBODYS}, {"client_id": world.bob.id})


def _score_sheet_link(world: World) -> Objects:
    sheet = score_sheets.hand_over(world.visit_of_ada, by=world.ines, now=clock.now())
    db.session.commit()
    return Objects(
        {"token": signed_links.token(signed_links.SCORES, sheet.id, 0)},
        {"token": signed_links.token(signed_links.SCORES, NOBODYS, 0)},
        {"token": signed_links.token(signed_links.CHECK_IN, sheet.id, 0)},
    )


def _scores(world: World) -> Objects:
    """Scores that a therapist entered, for each of the two clients; made once."""
    ids = {}
    for person in (world.ada, world.bob):
        mine = sa.select(OutcomeEntry.id).where(
            OutcomeEntry.client_id == person.id, OutcomeEntry.sheet_id.is_not(None)
        )
        if db.session.scalar(mine) is None:
            score_sheets.enter(person.id, None, {"pain_avg_nrs": ["4"]}, by=world.ines, now=clock.now())
            db.session.commit()
        ids[person.id] = db.session.scalar(mine)
    return Objects({"entry_id": ids[world.ada.id]}, {"entry_id": NOBODYS}, {"entry_id": ids[world.bob.id]})


def _downtime_sheet(world: World) -> Objects:
    """An encrypted sheet belongs to the practice."""
    sheet = db.session.scalars(sa.select(DowntimeSheet)).first()
    if sheet is None:
        sheet = DowntimeSheet(day=clock.now().date(), made_at=clock.now(), visits=0, encrypted=b"age")
        db.session.add(sheet)
        db.session.commit()
    return Objects({"sheet_id": sheet.id}, {"sheet_id": NOBODYS})


def _erasure(world: World) -> Objects:
    """An owner decides about everybody."""
    other = world.make.client(given_name="Mallory", mail="mallory@client.example")
    asked = erasures.ask(other.id, actor=audit.SYSTEM, by_id=world.ines.id, now=clock.now())
    db.session.commit()
    return Objects({"erasure_id": asked.id}, {"erasure_id": NOBODYS})


def _retention_period(world: World) -> Objects:
    """How long a kind of record is kept is the practice's."""
    return Objects({"kind": "waiting_list"}, {"kind": "drafts"})


def _restricted_record(world: World) -> Objects:
    """What the law keeps of somebody who was erased belongs to the practice."""
    other = world.make.client(given_name="Mallory", mail="mallory@client.example")
    kept = RestrictedRecord(
        client_id=other.id, content={}, made_at=clock.now(), kept_until=clock.now().date()
    )
    db.session.add(kept)
    db.session.commit()
    return Objects({"record_id": kept.id}, {"record_id": NOBODYS})


def _bar(world: World) -> Objects:
    other = world.make.client(given_name="Mallory", mail="mallory@client.example")
    made = barring.bar(other.id, None, "because", by=world.ines, now=clock.now())
    db.session.commit()
    return Objects({"bar_id": made.id}, {"bar_id": NOBODYS})


def _merge(world: World) -> Objects:
    """Two records that were joined before anybody looks."""
    other = world.make.client(given_name="Adah", mail="adah@client.example")
    made = merging.merge(world.ada.id, other.id, by=world.ines, now=clock.now())
    db.session.commit()
    return Objects({"merge_id": made.id}, {"merge_id": NOBODYS})


def _series(world: World) -> Objects:
    return Objects({"series_id": world.visit_of_ada.series_id}, {"series_id": NOBODYS})


def _review(world: World) -> Objects:
    return Objects(
        {"review_id": world.review_of_ada.id}, {"review_id": NOBODYS}, {"review_id": world.review_of_bob.id}
    )


def _plan(world: World) -> Objects:
    """A running course of each; the reviews of the world stay open."""
    ids = {}
    for review, visit in (
        (world.review_of_ada, world.visit_of_ada),
        (world.review_of_bob, world.visit_of_bob),
    ):
        found = db.session.scalar(sa.select(Plan.id).where(Plan.review_id == review.id))
        if found is None:
            row = Plan(
                client_id=visit.client_id,
                review_id=review.id,
                therapist_id=visit.therapist_id,
                sessions=4,
                made_at=clock.now(),
            )
            row.content = {"modalities": ["swedish"], "areas": [], "pressure": ""}
            db.session.add(row)
            db.session.flush()
            plan_versions.keep(row, cause=PlanCause.DECISION, why="", by_id=world.ines.id, now=clock.now())
            db.session.commit()
            found = row.id
        ids[review.id] = found
    return Objects(
        {"plan_id": ids[world.review_of_ada.id]},
        {"plan_id": NOBODYS},
        {"plan_id": ids[world.review_of_bob.id]},
    )


def _document(world: World, client: Client) -> UUID:
    """A document of a client, one for all who look."""
    found = db.session.scalar(sa.select(Document.id).where(Document.client_id == client.id))
    if found is None:
        file = CleanFile(b"%PDF-", 1, is_pdf=True)
        row = documents.add(
            client.id,
            file,
            name="",
            sent_from=SentFrom.LINK,
            visit=(world.visit_of_ada.id, world.visit_of_ada.starts_at),
            actor="test",
            now=clock.now(),
        )
        found = row.id
        db.session.commit()
    return found


def _document_of_staff(world: World) -> Objects:
    return Objects(
        {"document_id": _document(world, world.ada)},
        {"document_id": NOBODYS},
        {"document_id": _document(world, world.bob)},
    )


def _added_document(world: World) -> Objects:
    """Of Ada by her therapist, and of Bob by his: who treats the one removes only theirs."""
    ids = {}
    for client, by in ((world.ada, world.ines), (world.bob, world.omar)):
        found = db.session.scalar(
            sa.select(Document.id).where(Document.client_id == client.id, Document.added_by_id == by.id)
        )
        if found is None:
            file = CleanFile(b"%PDF-", 1, is_pdf=True)
            kind = DocumentKind.LETTER
            found = documents.add_from_paper(client.id, file, name="", kind=kind, by=by, now=clock.now()).id
            db.session.commit()
        ids[client.id] = found
    return Objects(
        {"client_id": world.ada.id, "document_id": ids[world.ada.id]},
        {"client_id": world.bob.id, "document_id": NOBODYS},
        {"client_id": world.bob.id, "document_id": ids[world.bob.id]},
    )


def _document_of_a_client(world: World) -> Objects:
    """No therapist sent anything: every document is somebody else's, seen from here."""
    return Objects({"document_id": _document(world, world.ada)}, {"document_id": NOBODYS})


def _document_of_a_visit(world: World) -> Objects:
    link = _manage(world)
    return Objects(
        {**link.own, "document_id": _document(world, world.ada)},
        {**link.own, "document_id": NOBODYS},
        {**(link.others or {}), "document_id": _document(world, world.ada)},
    )


def _manage(world: World) -> Objects:
    visit = world.visit_of_ada
    return Objects(
        {"token": signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch)},
        {"token": signed_links.token(signed_links.MANAGE, NOBODYS, 1)},
        {"token": signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch + 1)},
    )


def _entry(world: World) -> Objects:
    entry = world.entry_of_ada
    return Objects(
        {"token": signed_links.token(signed_links.ENTRY, entry.id, entry.link_epoch)},
        {"token": signed_links.token(signed_links.ENTRY, NOBODYS, 1)},
        {"token": signed_links.token(signed_links.OFFER, entry.id, entry.link_epoch)},
    )


def _offer(world: World) -> Objects:
    offer = world.offer_to_ada
    return Objects(
        {"token": signed_links.token(signed_links.OFFER, offer.id, world.entry_of_ada.link_epoch)},
        {"token": signed_links.token(signed_links.OFFER, NOBODYS, 1)},
        {"token": signed_links.token(signed_links.ENTRY, offer.id, world.entry_of_ada.link_epoch)},
    )


def _entry_of_a_client(world: World) -> Objects:
    """No therapist waits for anything: every entry is somebody else's, seen from here."""
    return Objects({"entry_id": world.entry_of_ada.id}, {"entry_id": NOBODYS})


def _entry_at_the_desk(world: World) -> Objects:
    return Objects({"entry_id": world.entry_of_ada.id}, {"entry_id": NOBODYS})


def _aftercare(world: World) -> Objects:
    visit = world.visit_of_ada
    return Objects(
        {"token": signed_links.token(signed_links.AFTERCARE, visit.id, visit.link_epoch)},
        {"token": signed_links.token(signed_links.AFTERCARE, NOBODYS, 1)},
        {"token": signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch)},
    )


def _own_tips_link(world: World) -> Objects:
    raw = accounts.mint_link(purpose=LinkPurpose.OWN_TIPS, subject_id=world.visit_of_ada.id, now=clock.now())
    db.session.commit()
    return Objects({"raw": raw}, {"raw": "nobody-made-this"})


def _preparation(world: World) -> Objects:
    visit = world.visit_of_ada
    return Objects(
        {"token": signed_links.token(signed_links.PREPARATION, visit.id, visit.link_epoch)},
        {"token": signed_links.token(signed_links.PREPARATION, NOBODYS, 1)},
        {"token": signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch)},
    )


def _preparation_part(world: World) -> Objects:
    whole = _preparation(world)
    assert whole.others is not None
    code = {"code": "day"}
    return Objects(whole.own | code, whole.missing | code, whole.others | code)


def _preparation_link(world: World) -> Objects:
    raw = accounts.mint_link(
        purpose=LinkPurpose.PREPARATION, subject_id=world.visit_of_ada.id, now=clock.now()
    )
    db.session.commit()
    return Objects({"raw": raw}, {"raw": "nobody-made-this"})


def _check_in_link(world: World) -> Objects:
    visit = world.visit_of_ada
    return Objects(
        {"token": signed_links.token(signed_links.CHECK_IN, visit.id, visit.link_epoch)},
        {"token": signed_links.token(signed_links.CHECK_IN, NOBODYS, 1)},
        {"token": signed_links.token(signed_links.AFTERCARE, visit.id, visit.link_epoch)},
    )


def _stop(world: World) -> Objects:
    topic = Topic.REBOOKING
    path = preferences.unsubscribe_path(world.ada.contacts[0].id, topic)
    return Objects(
        {"topic": topic.value, "token": path.rsplit("/", 1)[1]},
        {"topic": topic.value, "token": signed_links.token("stop-rebooking", NOBODYS, 1)},
        {"topic": Topic.CHECK_INS.value, "token": path.rsplit("/", 1)[1]},
    )


def _legal_text(world: World) -> Objects:
    """Words of a legal page belong to the practice, not to anybody."""
    return Objects({"name": "terms", "spoken": "de"}, {"name": "nothing", "spoken": "de"})


def _letter_text(world: World) -> Objects:
    """Words of a letter belong to the practice, not to anybody."""
    return Objects({"kind": "reminder", "spoken": "de"}, {"kind": "nothing", "spoken": "de"})


def _to_do(world: World) -> Objects:
    """A to-do is everybody's here; what is clinical among the tasks is tested in `tests/staff/test_tasks.py`."""
    row = db.session.scalars(sa.select(ToDo)).first()
    if row is None:
        row = tasks.add_to_do("Order oil.", due_at=clock.now(), owner_id=None, by=world.ines, now=clock.now())
        db.session.commit()
    return Objects({"kind": "to_do", "subject_id": row.id}, {"kind": "to_do", "subject_id": NOBODYS})


def _check_in(world: World) -> Objects:
    def given(visit: Appointment) -> dict[str, UUID]:
        found = db.session.scalars(sa.select(CheckIn.id).where(CheckIn.appointment_id == visit.id)).first()
        assert found is not None
        return {"check_in_id": found}

    return Objects(given(world.visit_of_ada), {"check_in_id": NOBODYS}, given(world.visit_of_bob))


def _before_visit(world: World) -> Objects:
    visit = world.visit_of_ada
    return Objects(
        {"token": signed_links.token("visit", visit.id, visit.link_epoch)},
        {"token": signed_links.token("visit", NOBODYS, 1)},
        {"token": signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch)},
    )


def _sign_in_link(world: World) -> Objects:
    raw = accounts.mint_link(
        purpose=LinkPurpose.SIGN_IN, contact_id=world.ada.contacts[0].id, now=clock.now()
    )
    db.session.commit()
    return Objects({"token": raw}, {"token": "nobody-made-this"})


def _resume_link(world: World) -> Objects:
    raw = accounts.mint_link(purpose=LinkPurpose.RESUME_INTAKE, subject_id=world.draft.id, now=clock.now())
    db.session.commit()
    return Objects({"raw": raw}, {"raw": "nobody-made-this"})


def _own_page_link(world: World) -> Objects:
    raw = accounts.mint_link(purpose=LinkPurpose.DOCTOR_PAGE, subject_id=NOBODYS, now=clock.now())
    db.session.commit()
    return Objects({"raw": raw}, {"raw": "never-sent"})


def _new_address_link(world: World) -> Objects:
    raw = accounts.mint_link(purpose=LinkPurpose.NEW_ADDRESS, subject_id=NOBODYS, now=clock.now())
    db.session.commit()
    return Objects({"raw": raw}, {"raw": "never-sent"})


def _guardian_link(world: World) -> Objects:
    raw = accounts.mint_link(purpose=LinkPurpose.GUARDIAN_CONSENT, subject_id=NOBODYS, now=clock.now())
    db.session.commit()
    return Objects({"raw": raw}, {"raw": "nobody-made-this"})


def _set_up_link(world: World) -> Objects:
    raw = team.mint_set_up_link(world.omar, clock.now())
    db.session.commit()
    return Objects({"token": raw}, {"token": "nobody-made-this"})


def _signed_state(world: World) -> Objects:
    """Flask-Security's signed states last minutes and are made by its own pages; here only false ones."""
    return Objects({"token": "no-signature"}, {"token": "no-signature"})


def _invitation(world: World) -> StaffInvitation:
    """The open invitation to the team."""
    return db.session.scalars(sa.select(StaffInvitation)).one()


def _invitation_of_the_team(world: World) -> Objects:
    return Objects({"invitation_id": _invitation(world).id}, {"invitation_id": NOBODYS})


def _join_link(world: World) -> Objects:
    raw = invitations.mint_address(_invitation(world), clock.now())
    db.session.commit()
    return Objects({"raw": raw}, {"raw": "nobody-made-this"})


def _member(world: World) -> Objects:
    return Objects({"user_id": world.omar.id}, {"user_id": NOBODYS})


def _own_session(world: World) -> Objects:
    """A browser of the therapist who asks, and one of somebody else's."""
    for user in (world.ines, world.omar):
        sessions.open_staff(user, clock.now())
    db.session.commit()
    newest = (
        db.session.scalars(
            sa.select(StaffSession.id)
            .where(StaffSession.user_id == user.id)
            .order_by(StaffSession.created_at.desc())
        ).first()
        for user in (world.ines, world.omar)
    )
    own, others = newest
    return Objects({"session_id": own}, {"session_id": NOBODYS}, {"session_id": others})


def _two_visits(world: World) -> Objects:
    """Two visits, of whomever: whoever writes in the calendar is asked about both."""
    ids = {"first_id": world.visit_of_ada.id, "second_id": world.visit_of_bob.id}
    return Objects(ids, {**ids, "second_id": NOBODYS})


def _note_template(world: World) -> Objects:
    """Headings that notes are written under."""
    row = NoteTemplate(name=f"Ours {clock.now().isoformat()}", headings=["What we did"])
    db.session.add(row)
    db.session.commit()
    return Objects({"template_id": row.id}, {"template_id": NOBODYS})


def _phrase(world: World) -> Objects:
    """A phrase of the practice; those of one person have a test of their own."""
    row = Phrase(name=f"Ours {clock.now().isoformat()}")
    row.text = "Moves freely"
    db.session.add(row)
    db.session.commit()
    return Objects({"phrase_id": row.id}, {"phrase_id": NOBODYS})


def _of_the_practice(argument: str, kind: str) -> Callable[[World], Objects]:
    """Something that the owner sets up; it belongs to nobody in particular."""
    return lambda world: Objects({argument: world.set_up[kind]}, {argument: NOBODYS})


def _public_page(world: World) -> Objects:
    """The page of a therapist who chose to have one."""
    shown = db.session.get_one(Therapist, world.set_up["therapist"])
    if shown.profile is None:
        shown.profile = TherapistProfile(**asdict(ProfileDetails(is_shown=True)))
        db.session.commit()
    return Objects({"slug": shown.slug}, {"slug": "nobody"})


def _therapists_page(world: World) -> Objects:
    """One's own page as one edits it, and a colleague's."""
    _public_page(world)
    return Objects(
        {"therapist_id": world.set_up["therapist"]},
        {"therapist_id": NOBODYS},
        {"therapist_id": world.visit_of_bob.therapist_id},
    )


def _photo(world: World) -> Photo:
    """A photo of the location, in one file that is no picture."""
    found = db.session.scalars(sa.select(Photo).where(Photo.location_id.is_not(None))).first()
    if found is None:
        file = PhotoFile(format="jpeg", width=480, height=320, digest="0" * 32, content=b"photo")
        found = Photo(
            location_id=world.set_up["location"], alt="The door", added_at=clock.now(), files=[file]
        )
        db.session.add(found)
        db.session.commit()
    return found


def _photo_file(world: World) -> Objects:
    file = _photo(world).files[0]
    return Objects({"digest": file.digest, "format_": "jpeg"}, {"digest": "1" * 32, "format_": "jpeg"})


def _portrait_words(world: World) -> Objects:
    """The portrait on one's own page, and on a colleague's."""
    page = _therapists_page(world)
    for therapist_id in (world.set_up["therapist"], world.visit_of_bob.therapist_id):
        if db.session.scalar(sa.select(Photo).where(Photo.therapist_id == therapist_id)) is None:
            file = PhotoFile(format="jpeg", width=160, height=160, digest="1" * 32, content=b"portrait")
            db.session.add(Photo(therapist_id=therapist_id, added_at=clock.now(), files=[file]))
    db.session.commit()
    return page


def _location_photo(world: World) -> Objects:
    ids = {"location_id": world.set_up["location"], "photo_id": _photo(world).id}
    return Objects(ids, {**ids, "photo_id": NOBODYS})


PROVIDERS: dict[str, Callable[[World], Objects]] = {
    "static": lambda world: Objects({"filename": "dist/manifest.json"}, {"filename": "nowhere.css"}),
    "bounces.notification": lambda world: Objects({"provider": "ses"}, {"provider": "mailgun"}),
    "consents.ask": lambda world: Objects({"kind": "news"}, {"kind": "nothing"}),
    "consents.withdraw": lambda world: Objects({"kind": "news"}, {"kind": "nothing"}),
    "people.therapist": _public_page,
    "people.qr_code": _public_page,
    "people.location": lambda world: Objects(
        {"slug": db.session.get_one(Location, world.set_up["location"]).slug}, {"slug": "nowhere"}
    ),
    "photos.show": _photo_file,
    "staff.settings_profile": _therapists_page,
    "staff.settings_portrait": _therapists_page,
    "staff.settings_remove_portrait": _therapists_page,
    "staff.settings_card": _therapists_page,
    "staff.settings_photos": _of_the_practice("location_id", "location"),
    "staff.settings_remove_photo": _location_photo,
    "staff.settings_photo_words": _location_photo,
    "staff.settings_portrait_words": _portrait_words,
    "booking.choose": lambda world: Objects({"slug": world.treatment.slug}, {"slug": "nothing"}),
    "booking.hold": lambda world: Objects({"slug": world.treatment.slug}, {"slug": "nothing"}),
    "website_booking.choose": lambda world: Objects({"slug": world.treatment.slug}, {"slug": "nothing"}),
    "website_booking.hold": lambda world: Objects({"slug": world.treatment.slug}, {"slug": "nothing"}),
    "staff.report": lambda world: Objects({"slug": "overrides"}, {"slug": "nothing"}),
    "staff.recount_report": lambda world: Objects({"slug": "overrides"}, {"slug": "nothing"}),
    "intake.ask": lambda world: Objects({"slug": "about-you"}, {"slug": "nothing"}),
    "intake.answer": lambda world: Objects({"slug": "about-you"}, {"slug": "nothing"}),
    "resume.go_on": lambda world: Objects({"draft_id": world.draft.id}, {"draft_id": NOBODYS}),
    "resume.mail_fresh_link": lambda world: Objects({"draft_id": world.draft.id}, {"draft_id": NOBODYS}),
    "guardian.go_on": lambda world: Objects({"consent_id": NOBODYS}, {"consent_id": NOBODYS}),
    "guardian.mail_fresh_link": lambda world: Objects({"consent_id": NOBODYS}, {"consent_id": NOBODYS}),
    "own_page.again": lambda world: Objects({"page_id": NOBODYS}, {"page_id": NOBODYS}),
    "own_page.again_by_mail": lambda world: Objects({"page_id": NOBODYS}, {"page_id": NOBODYS}),
    "own_page.link": _own_page_link,
    "own_page.open_page": _own_page_link,
    "contact_data.link": _new_address_link,
    "contact_data.prove": _new_address_link,
    "guardian.link": _guardian_link,
    "guardian.agree": _guardian_link,
    "resume.link": _resume_link,
    "resume.use_link": _resume_link,
    "appointment.manage": _manage,
    "documents.of_visit": _manage,
    "documents.ask_removal": _document_of_a_visit,
    "documents.remove": _document_of_a_visit,
    "appointment.done": _manage,
    "appointment.choose": _manage,
    "appointment.move": _manage,
    "appointment.ask_cancel": _manage,
    "appointment.cancel": _manage,
    "appointment.undo": _manage,
    "appointment.come": _manage,
    "appointment.take_back_coming": _manage,
    "appointment.calendar": _manage,
    "api.show": _manage,
    "api.move": _manage,
    "api.cancel": _manage,
    "portal.end_waiting": _entry_of_a_client,
    "portal.back_to_waiting": _entry_of_a_client,
    "own_documents.ask_removal": _document_of_a_client,
    "own_documents.remove": _document_of_a_client,
    "waiting.ask": lambda world: Objects({"slug": world.treatment.slug}, {"slug": "nothing"}),
    "waiting.join": lambda world: Objects({"slug": world.treatment.slug}, {"slug": "nothing"}),
    "waiting.entry": _entry,
    "waiting.ask_change": _entry,
    "waiting.change": _entry,
    "waiting.withdraw": _entry,
    "waiting.come_back": _entry,
    "waiting.ask_earlier": _manage,
    "waiting.earlier": _manage,
    "waiting.offer": _offer,
    "waiting.accept": _offer,
    "waiting.decline": _offer,
    "aftercare.tips": _aftercare,
    "preparation.tasks": _preparation,
    "preparation.part": _preparation_part,
    "preparation.save": _preparation_part,
    "preparation.finish": _preparation,
    "preparation.mail_link": _preparation,
    "preparation.link": _preparation_link,
    "preparation.use_link": _preparation_link,
    "own_tips.ask": _aftercare,
    "own_tips.link": _own_tips_link,
    "own_tips.show": _own_tips_link,
    "letters.ask": _stop,
    "staff.settings_text": _letter_text,
    "staff.settings_text_preview": _letter_text,
    "staff.settings_text_reset": _letter_text,
    "staff.settings_text_test": _letter_text,
    "staff.settings_legal_text": _legal_text,
    "staff.settings_legal_reset": _legal_text,
    "letters.stop": _stop,
    "check_in.ask": _check_in_link,
    "check_in.answer": _check_in_link,
    "score_sheet.ask": _score_sheet_link,
    "score_sheet.answer": _score_sheet_link,
    "safety_form.ask": _before_visit,
    "safety_form.answer": _before_visit,
    "portal.link": _sign_in_link,
    "portal.use_link": _sign_in_link,
    "sign_in.set_up": _set_up_link,
    "auth.join": _join_link,
    "auth.end_session": _own_session,
    "staff.settings_invite_again": _invitation_of_the_team,
    "staff.settings_withdraw_invitation": _invitation_of_the_team,
    "staff.settings_member": _member,
    "staff.settings_reset_password": _member,
    "staff.settings_reset_factor": _member,
    "staff.settings_come_back": _member,
    "staff.settings_leave": _member,
    "staff.settings_left": _member,
    "staff.settings_hand_over": _member,
    "security.two_factor_setup_validate": _signed_state,
    "security.wan_register_response": _signed_state,
    "security.wan_signin_response": _signed_state,
    "security.wan_verify_response": _signed_state,
    "staff.visit": _appointment_of_calendar,
    "staff.arrived": _appointment_of_calendar,
    "staff.coming": _appointment_of_calendar,
    "staff.missed": _appointment_of_calendar,
    "staff.undo": _appointment_of_calendar,
    "staff.cancel": _appointment_of_calendar,
    "staff.cancelled": _appointment_of_calendar,
    "staff.move": _appointment_of_calendar,
    "staff.move_at": _appointment_of_calendar,
    "staff.calendar_judge": _appointment_of_calendar,
    "staff.calendar_drop": _appointment_of_calendar,
    "staff.tell_change": _appointment_of_calendar,
    "staff.check_move": _appointment_of_calendar,
    "staff.moved": _appointment_of_calendar,
    "staff.plan_series": _appointment_of_calendar,
    "staff.series_booked": _appointment_of_calendar,
    "staff.series": _series,
    "staff.move_series": _series,
    "staff.series_moved": _series,
    "staff.cancel_series": _series,
    "staff.series_cancelled": _series,
    "staff.undo_series": _series,
    "staff.open_record": _appointment_of_calendar,
    "staff.end_entry": _entry_at_the_desk,
    "staff.offer_time": _entry_at_the_desk,
    "staff.calendar_waiting_judge": _entry_at_the_desk,
    "staff.offered_time": _entry_at_the_desk,
    "staff.stop_offering": lambda world: Objects(
        {"offering_id": world.offer_to_ada.offering_id}, {"offering_id": NOBODYS}
    ),
    "staff.accept_offer": lambda world: Objects({"offer_id": world.offer_to_ada.id}, {"offer_id": NOBODYS}),
    "staff.confirm": _appointment_with_health,
    "staff.decline": _appointment_with_health,
    "staff.task": _to_do,
    "staff.hand_task_over": _to_do,
    "staff.take_task_back": _to_do,
    "staff.task_done": _to_do,
    "staff.task_reopened": _to_do,
    "staff.task_words": _to_do,
    "staff.note": _appointment_with_health,
    "staff.add_to_note": _appointment_with_health,
    "staff.discard_note": _appointment_with_health,
    "staff.cosign_note": _appointment_with_health,
    "staff.new_incident": _appointment_with_health,
    "staff.incident": _incident,
    "staff.add_to_incident": _incident,
    "staff.hand_over": _appointment_of_calendar,
    "staff.ask_aloud": _appointment_with_health,
    "staff.hand_over_preparation": _appointment_with_health,
    "staff.settings_downtime_file": _downtime_sheet,
    "staff.settings_restricted": _restricted_record,
    "staff.settings_retention_period": _retention_period,
    "staff.cancelled_afterwards": _appointment_of_calendar,
    "staff.book_next_week": _appointment_of_calendar,
    "staff.hand_over_scores": _appointment_of_calendar,
    "staff.scores_code": _appointment_of_calendar,
    "staff.ask_scores_by_letter": _appointment_of_calendar,
    "staff.look_back": _appointment_with_health,
    "staff.fit_visit": _appointment_with_health,
    "staff.see_to": _check_in,
    "staff.document": _document_of_staff,
    "staff.review": _review,
    "staff.edit_plan": _plan,
    "staff.plan_versions": _plan,
    "staff.accept": _review,
    "staff.change": _review,
    "staff.doctor_first": _review,
    "staff.call_first": _review,
    "staff.need_no_call": _review,
    "staff.take_back_decision": _review,
    "staff.tell_of_call": _review,
    "staff.reached": _review,
    "staff.not_reached": _review,
    "staff.decline_review": _review,
    "staff.send_again": _message,
    "staff.client": _client,
    "staff.client_record": _client,
    "staff.client_consents": _client,
    "staff.client_consent": _client_consent,
    "staff.withdraw_consent": _client_consent,
    "staff.client_visits": _client,
    "staff.client_messages": _client,
    "staff.client_notes": _client,
    "staff.client_scores": _client,
    "staff.enter_scores": _client_with_health,
    "staff.correct_scores": _scores,
    "staff.client_answers": _client,
    "staff.client_plan": _client,
    "staff.client_documents": _client,
    "staff.add_document": _client,
    "staff.remove_document": _added_document,
    "staff.client_copy": _client,
    "staff.client_copy_ask": _client,
    "staff.client_copy_file": lambda world: Objects({"client_id": NOBODYS}, {"client_id": NOBODYS}),
    "staff.client_copy_delete": _client,
    "staff.client_access": _client,
    "staff.open_file": lambda world: Objects(
        {"client_id": world.ada.id, "tab": "notes"}, {"client_id": NOBODYS, "tab": "notes"}
    ),
    "staff.client_details": _client,
    "staff.add_address": _client,
    "staff.change_address": lambda world: Objects(
        {"contact_id": world.ada.contacts[0].id}, {"contact_id": NOBODYS}
    ),
    "staff.bar_client": _client,
    "staff.erase_client": _client,
    "staff.ask_erasure": _client,
    "staff.grant_erasure": _erasure,
    "staff.refuse_erasure": _erasure,
    "staff.take_back_erasure": _erasure,
    "staff.lift_bar": _bar,
    "staff.join_records": lambda world: Objects(
        {"client_id": world.ada.id, "other_id": world.bob.id},
        {"client_id": world.ada.id, "other_id": NOBODYS},
    ),
    "staff.undo_joining": _merge,
    "staff.address_works": lambda world: Objects(
        {"contact_id": world.ada.contacts[0].id}, {"contact_id": NOBODYS}
    ),
    "staff.texts_agreed": lambda world: Objects(
        {"contact_id": world.ada.contacts[0].id}, {"contact_id": NOBODYS}
    ),
    "staff.mail": lambda world: Objects({"name": "nothing.eml"}, {"name": "nothing.eml"}),
    "staff.mail_html": lambda world: Objects({"name": "nothing.eml"}, {"name": "nothing.eml"}),
    "staff.leave_both": _two_visits,
    "staff.ask_again": _two_visits,
    "staff.settings_withdraw_signature": lambda world: Objects(
        {"signature_id": _signature(world).id}, {"signature_id": NOBODYS}
    ),
    "staff.settings_signed_text": lambda world: Objects(
        {"text_hash": _signature(world).text_hash}, {"text_hash": "0" * 64}
    ),
    "staff.settings_location": _of_the_practice("location_id", "location"),
    "staff.settings_order_location": _of_the_practice("location_id", "location"),
    "staff.settings_template": _note_template,
    "staff.settings_phrase": _phrase,
    "staff.settings_room": _of_the_practice("room_id", "room"),
    "staff.settings_retire_room": _of_the_practice("room_id", "room"),
    "staff.settings_restore_room": _of_the_practice("room_id", "room"),
    "staff.settings_order_room": _of_the_practice("room_id", "room"),
    "staff.settings_treatment": _of_the_practice("treatment_id", "treatment"),
    "staff.settings_retire_treatment": _of_the_practice("treatment_id", "treatment"),
    "staff.settings_restore_treatment": _of_the_practice("treatment_id", "treatment"),
    "staff.settings_order_treatment": _of_the_practice("treatment_id", "treatment"),
    "staff.settings_therapist": _of_the_practice("therapist_id", "therapist"),
    "staff.settings_order_therapist": _of_the_practice("therapist_id", "therapist"),
    "staff.settings_week": _of_the_practice("therapist_id", "therapist"),
    "staff.settings_day": _of_the_practice("therapist_id", "therapist"),
    "staff.settings_end_time_off": _of_the_practice("time_off_id", "time_off"),
    "staff.settings_end_kept": _of_the_practice("hold_id", "hold"),
    "staff.settings_spare_kept": _of_the_practice("hold_id", "hold"),
    "staff.settings_spare_no_longer": _of_the_practice("hold_id", "hold"),
    "staff.settings_end_closure": _of_the_practice("closure_id", "closure"),
}
