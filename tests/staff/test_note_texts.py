"""Templates and phrases: set up in the settings, chosen and put into a note without scripts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry, User
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans import note_texts, notes
from clinic.plans.models import KeptForm, NoteTemplate, Phrase, SessionNote
from clinic.plans.note_content import CopiedPart, NoteContent, NoteSection
from tests import make
from tests.make import Make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.visitor import Visitor, shown

PAGE = "/staff/settings/notes"


@pytest.fixture
def owner(make: Make, sign_in: Callable[[User], Browser]) -> Browser:
    return sign_in(make.user(roles=["owner"]))


@pytest.fixture
def visit(scene: Scene, clock_at_now: None) -> Appointment:
    found: Appointment = scene.visit(starts_at=make.NOW - timedelta(minutes=50), state=State.ARRIVED)
    return found


@pytest.fixture
def soap(scene: Scene) -> NoteTemplate:
    headings = note_texts.KNOWN_TEMPLATES["SOAP"]
    found = note_texts.save_template(None, "SOAP", headings, by=scene.therapist_user, now=make.NOW)
    db.session.commit()
    return found


def phrase(by: User, name: str = "rom", text: str = "Moves freely", *, of_practice: bool = False) -> Phrase:
    found = note_texts.save_phrase(None, name, text, of_practice=of_practice, by=by, now=make.NOW)
    db.session.commit()
    return found


def note_path(visit: Appointment) -> str:
    return f"/staff/appointments/{visit.id}/note"


def press(page: Visitor, button: str, value: object, **typed: str) -> Visitor:
    """Press a button that stands on the page and fills in something."""
    form, _ = page.form_with("Save draft")
    assert [one for one in form.all("button") if (one.get("name"), one.get("value")) == (button, str(value))]
    page.answer = page.browser.post(page.path, data={**shown(form), **typed, button: str(value)})
    assert page.answer.status_code == 200
    return page


def values(page: Visitor) -> dict[str, str]:
    form, _ = page.form_with("Save draft")
    return {name: value.strip() for name, value in shown(form).items() if isinstance(value, str)}


def test_an_owner_adds_known_and_own_templates_and_changes_and_deletes_them(
    scene: Scene, owner: Browser
) -> None:
    assert "No template yet" in owner.get(PAGE)
    assert "Subjective, Objective, Assessment, Plan" in owner.done(f"{PAGE}/templates/known", name="SOAP")
    assert owner.post(f"{PAGE}/templates/known", name="SOAP").status_code == 409
    assert owner.post(f"{PAGE}/templates/known", name="WORDS").status_code == 404
    owner.done(f"{PAGE}/templates/new", name="Short", headings="Done\r\n\r\n Next ")
    own = db.session.scalars(sa.select(NoteTemplate).where(NoteTemplate.name == "Short")).one()
    assert own.headings == ["Done", "Next"]
    owner.done(f"{PAGE}/templates/{own.id}", name="Shorter", headings="Done")
    assert db.session.scalars(
        sa.select(NoteTemplate.headings).where(NoteTemplate.name == "Shorter")
    ).one() == ["Done"]
    assert "deleted" in owner.done(f"{PAGE}/templates/{own.id}", delete="yes")
    assert make.count(NoteTemplate) == 1


@pytest.mark.parametrize(
    ("name", "headings"),
    [
        ("", "Done"),
        ("Ours", ""),
        ("Ours", "\n".join(map(str, range(13)))),
        ("Ours", "x" * 81),
        ("Ours", "A\nA"),
    ],
)
def test_a_template_that_no_note_could_show_is_refused(
    owner: Browser, scene: Scene, name: str, headings: str
) -> None:
    assert owner.post(f"{PAGE}/templates/new", name=name, headings=headings).status_code == 422
    assert make.count(NoteTemplate) == 0


def test_a_phrase_is_somebodys_own_or_the_practices(
    scene: Scene, therapist: Browser, colleague: Browser
) -> None:
    therapist.done(f"{PAGE}/phrases/new", whose="mine", name="rom", text="Moves freely")
    therapist.done(f"{PAGE}/phrases/new", whose="practice", name="rom", text="Range of motion full")
    assert therapist.post(f"{PAGE}/phrases/new", whose="mine", name="rom", text="Again").status_code == 422
    mine = db.session.scalars(sa.select(Phrase).where(Phrase.user_id == scene.therapist_user.id)).one()
    assert b"Moves freely" not in mine.text_sealed
    assert "Moves freely" in therapist.get(PAGE)
    page = colleague.get(PAGE)
    assert "Range of motion full" in page
    assert "Moves freely" not in page
    colleague.get(f"{PAGE}/phrases/{mine.id}", 404)
    assert colleague.post(f"{PAGE}/phrases/{mine.id}", delete="yes").status_code == 404
    therapist.done(f"{PAGE}/phrases/{mine.id}", whose="practice", name="rom", text="Moves a little")
    db.session.refresh(mine)
    assert (mine.user_id, mine.text) == (scene.therapist_user.id, "Moves a little"), (
        "whose it is does not change"
    )
    therapist.done(f"{PAGE}/phrases/{mine.id}", delete="yes")
    assert make.count(Phrase) == 1
    deeds = db.session.scalars(sa.select(AuditEntry.action).where(AuditEntry.subject_type == "phrases")).all()
    assert sorted(deeds) == ["change", "create", "create", "delete"]


def test_nobody_has_more_texts_than_a_page_shows(scene: Scene) -> None:
    for number in range(note_texts.MOST_PHRASES):
        phrase(scene.therapist_user, str(number))
    with pytest.raises(note_texts.TooManyTexts):
        phrase(scene.therapist_user, "one more")
    assert phrase(scene.therapist_user, "of the practice", of_practice=True)


def test_a_note_is_laid_out_by_a_template_and_signed_under_its_headings(
    scene: Scene, therapist: Browser, visit: Appointment, soap: NoteTemplate
) -> None:
    page = Visitor(therapist.client).open(note_path(visit))
    press(page, "template", soap.id)
    assert [values(page)[f"sections-{number}-heading"] for number in range(4)] == soap.headings
    assert notes.note_of(visit) is None, "laying out stores nothing"
    page.press("Save draft", **{"sections-0-text": "Better", "sections-3-text": "Hip stretch"})
    assert values(page)["sections-3-text"] == "Hip stretch"
    note_texts.delete(soap, by=scene.therapist_user, now=make.NOW)
    db.session.commit()
    page.press("Sign the note", first="swedish")
    signed = page.open(note_path(visit)).text
    for words in ("Subjective", "Better", "Plan", "Hip stretch"):
        assert words in signed
    assert "Objective" not in signed, "what stayed empty is not shown"
    assert b"Hip stretch" not in db.session.query(SessionNote).one().content_sealed


def test_another_template_keeps_what_is_typed(
    scene: Scene, therapist: Browser, visit: Appointment, soap: NoteTemplate
) -> None:
    dap = note_texts.save_template(
        None, "DAP", note_texts.KNOWN_TEMPLATES["DAP"], by=scene.therapist_user, now=make.NOW
    )
    db.session.commit()
    page = press(
        Visitor(therapist.client).open(note_path(visit)), "template", soap.id, text="Before any heading"
    )
    press(page, "template", dap.id, **{"sections-0-text": "Better", "sections-3-text": "Hip stretch"})
    laid = {values(page)[f"sections-{n}-heading"]: values(page)[f"sections-{n}-text"] for n in range(4)}
    assert laid == {"Data": "", "Assessment": "", "Plan": "Hip stretch", "Subjective": "Better"}
    assert values(page)["text"] == "Before any heading"


def test_a_phrase_is_put_below_what_is_typed(
    scene: Scene, therapist: Browser, visit: Appointment, soap: NoteTemplate
) -> None:
    mine = phrase(scene.therapist_user)
    page = press(Visitor(therapist.client).open(note_path(visit)), "template", soap.id)
    into = next(one for one in page.form_with("Save draft")[0].all("select") if one.get("name") == "into")
    assert [one.text for one in into.all("option")][:5] == [*soap.headings, "What you did and found"]
    press(page, "phrase", mine.id, into="section:Objective", **{"sections-1-text": "Tender"})
    assert values(page)["sections-1-text"] == "Tender\nMoves freely"
    press(page, "phrase", mine.id, into="reaction")
    assert values(page)["reaction"] == "Moves freely"
    press(page, "phrase", mine.id, into="first")
    assert notes.note_of(visit) is None


def test_what_is_no_template_or_phrase_of_theirs_is_not_found(
    scene: Scene, therapist: Browser, visit: Appointment, make: Make
) -> None:
    other = phrase(make.user(roles=["therapist"]))
    for sent in ({"phrase": other.id}, {"phrase": "x"}, {"template": "x"}, {"template": other.id}):
        assert therapist.post(note_path(visit), into="text", **sent).status_code == 404


def test_a_section_is_copied_to_its_heading(
    scene: Scene, therapist: Browser, visit: Appointment, soap: NoteTemplate
) -> None:
    earlier = scene.visit(starts_at=make.NOW - timedelta(days=7), state=State.ARRIVED)
    then = NoteContent(modalities=("swedish",), sections=(NoteSection(heading="Plan", text="Hip stretch"),))
    notes.sign_note(earlier, then, by=scene.therapist_user, now=make.NOW)
    db.session.commit()
    page = press(Visitor(therapist.client).open(note_path(visit)), "template", soap.id)
    press(page, "copy", "section:Plan")
    assert values(page)["sections-3-text"] == "Hip stretch"
    page.press("Save draft")
    written = notes.note_of(visit)
    assert written is not None
    assert NoteContent.of(written.content).copied == (
        CopiedPart(part="section:Plan", on=earlier.wall_start.date()),
    )


def test_what_was_typed_under_headings_is_kept_when_the_session_ends(
    scene: Scene,
    therapist: Browser,
    visit: Appointment,
    soap: NoteTemplate,
    the_clock_says: Callable[..., None],
) -> None:
    page = press(Visitor(therapist.client).open(note_path(visit)), "template", soap.id)
    the_clock_says(make.NOW + timedelta(minutes=40))
    page.press("Save draft", **{"sections-0-text": "Better after session 4"})
    kept = db.session.scalars(sa.select(KeptForm)).one()
    assert kept.fields["sections-0-text"] == ["Better after session 4"]
    assert kept.fields["sections-0-heading"] == ["Subjective"]


@pytest.mark.parametrize("nonsense", [{"sections-0-text": "x" * 8001}, {"sections-0-heading": "x" * 81}])
def test_nonsense_under_a_heading_is_refused_by_itself_too(
    therapist: Browser, visit: Appointment, nonsense: dict[str, str]
) -> None:
    sent = {"sections-0-heading": "Plan", "sections-0-text": "Hip", **nonsense}
    answer = therapist.post(note_path(visit), auto="yes", **sent)
    assert answer.status_code == 400
    assert isinstance(answer.get_json()["sentence"], str)
    assert therapist.post(note_path(visit), save="yes", **sent).status_code == 400
    assert notes.note_of(visit) is None
