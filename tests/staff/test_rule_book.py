"""The rule book's page: every rule with its source, signing and withdrawing, and the line staff read until somebody has signed."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic import clock
from clinic.accounts.models import AuditEntry, User
from clinic.db import db
from clinic.guidance import rules
from clinic.maintenance import sweeps
from clinic.plans.rule_book import signatures
from clinic.plans.rule_book.models import Experience, RuleBookSignature
from clinic.staff.settings.experience_wording import sentences
from tests import make
from tests.make import Make
from tests.plans.conftest import Scene
from tests.plans.intakes import BLOOD_PRESSURE, review
from tests.plans.rule_book.test_experience import decided, people, replaced
from tests.plans.rule_book.test_signatures import new_rules
from tests.staff.conftest import Browser

PAGE = "/staff/settings/guidance"
SIGN = f"{PAGE}/sign"
LINE = "Nobody here has read and signed the rules in use yet"


@pytest.fixture
def owner(scene: Scene, make: Make, sign_in: Callable[[User], Browser]) -> Browser:
    return sign_in(make.user(roles=["owner"], given_name="Olga"))


def fields(**more: str) -> dict[str, str]:
    seen = signatures.book_in_use().text_hash
    return {"seen": seen, "name": "Ines Moreau", "licence": "RMT A482", "has_read": "y", **more}


def test_the_page_tells_every_rule_with_when_what_and_source(therapist: Browser) -> None:
    page = therapist.get(PAGE)
    for rule in signatures.book_in_use().rules:
        assert f'id="rule-{rule.id}"' in page
    assert "No booking. The client is told to call for emergency help." in page
    assert "Finucane et al. 2020" in page
    assert "Guidance, G6" in page
    assert "our own careful choice" in page
    assert "No signature yet" in page


def test_the_owner_reads_that_no_clinician_has_reviewed_the_german(owner: Browser) -> None:
    page = owner.get(PAGE)
    assert (
        "<strong>Deutsch</strong>: written by the makers of Lumbar, not yet reviewed by a clinician." in page
    )


def test_therapists_sign_owners_read_and_the_desk_sees_nothing(
    therapist: Browser, owner: Browser, front_desk: Browser
) -> None:
    assert f'href="{PAGE}"' in therapist.get("/staff/settings")
    assert "Sign rule set" in therapist.get(PAGE)
    assert "Sign rule set" not in owner.get(PAGE)
    assert owner.post(SIGN, **fields()).status_code == 403
    assert PAGE not in front_desk.get("/staff/settings")
    assert front_desk.look(PAGE).status_code == 403


def test_a_signature_stands_there_with_name_licence_and_day(therapist: Browser) -> None:
    page = therapist.done(SIGN, **fields())
    assert "Somebody here has read and signed these rules." in page
    assert "RMT A482, Monday 3 March 2031" in page
    assert "Sign rule set" not in page


@pytest.mark.parametrize(
    ("left_out", "sentence"),
    [
        ({"name": ""}, "Enter your name."),
        ({"licence": ""}, "Enter your licence."),
        ({"has_read": ""}, "Tick that you have read the rules."),
        ({"licence": "x" * 61}, "at most 60 characters"),
    ],
)
def test_a_form_that_lacks_something_says_so_and_keeps_the_rest(
    therapist: Browser, left_out: dict[str, str], sentence: str
) -> None:
    sent = {name: value for name, value in fields(**left_out).items() if value}
    answer = therapist.post(SIGN, **sent)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in page
    assert "Ines Moreau" in page
    assert db.session.scalar(sa.select(RuleBookSignature.id)) is None


def test_who_read_other_rules_is_asked_to_read_these(therapist: Browser) -> None:
    answer = therapist.post(SIGN, **fields(seen="0" * 64))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "The rules have changed since you opened this page" in page
    assert f'value="{signatures.book_in_use().text_hash}"' in page
    assert db.session.scalar(sa.select(RuleBookSignature.id)) is None


def test_signing_twice_is_refused_in_a_sentence(therapist: Browser) -> None:
    therapist.done(SIGN, **fields())
    answer = therapist.post(SIGN, **fields())
    assert answer.status_code == 422
    assert "You have signed this rule set already." in answer.get_data(as_text=True)


def test_new_rules_ask_again_and_the_page_says_what_is_new(
    therapist: Browser, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    therapist.done(SIGN, **fields())
    review(scene.visit())
    old = rules.CURRENT.version
    new_rules(monkeypatch)
    page = therapist.get(PAGE)
    assert "What changed since the text signed last" in page
    assert "Said differently" in page
    assert re.search(r"Removed</span> <span[^>]*>Milder</span> <strong>U01</strong>", page)
    assert "1 open review was judged by another rule set." in page
    assert "today’s rules judge none differently" in page
    assert f"The last one signed here is {old}." in therapist.get("/staff")
    page = therapist.done(SIGN, **fields())
    assert "What changed since" not in page
    assert "Rule set 2032.01</strong>" in page
    assert f"Rule set {old}</strong>" in page


def test_reviews_that_come_out_differently_are_named_to_their_therapist_and_to_nobody_else(
    therapist: Browser, owner: Browser, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = review(scene.visit(), BLOOD_PRESSURE)
    other = review(scene.visit(starts_at=make.NOW + timedelta(days=4)))
    milder = replace(
        rules.CURRENT,
        version="2032.02",
        safety=tuple(rule for rule in rules.CURRENT.safety if rule.id != "C07"),
    )
    monkeypatch.setattr(rules, "CURRENT", milder)
    page = therapist.get(PAGE)
    assert "2 open reviews were judged by another rule set." in page
    assert "today’s rules judge 1 differently" in page
    assert f'href="/staff/reviews/{named.id}">Ada</a>' in page
    assert str(other.id) not in page
    assert "caution, bookable" in page
    read = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "replay")).all()
    assert {row.actor for row in read} == {f"user:{scene.therapist_user.id}"}
    assert len(read) == 2
    told = owner.get(PAGE)
    assert "2 open reviews were judged by another rule set." in told
    assert "Ada" not in told
    assert "/staff/reviews/" not in told
    assert len(db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "replay")).all()) == 2


def test_the_page_has_contents_that_lead_to_every_part_and_back(therapist: Browser) -> None:
    page = therapist.get(PAGE)
    contents = page.partition('id="contents"')[2].partition("</nav>")[0]
    links = re.findall(r'href="([^"]*)#([\w-]+)"', contents)
    keys = [key for key, _, _ in signatures.book_in_use().groups()]
    assert links == [
        ("", "signed"),
        *((f"{PAGE}?open={key}", f"group-{key}") for key in keys),
        ("", "types"),
        (f"{PAGE}?open=sources", "sources"),
    ]
    for _, link in links:
        assert f'id="{link}"' in page
    assert page.count('href="#contents"') == len(keys)


def folds(page: str) -> tuple[list[str], int]:
    """The parts of the page that are open, by id, and how many rules are."""
    parts = re.findall(r'<details class="panel fold" id="([\w-]+)" open>', page)
    return parts, page.count('<details class="fold" open>')


def test_groups_are_folded_and_open_by_their_links_without_scripts(therapist: Browser) -> None:
    book = signatures.book_in_use()
    assert folds(therapist.get(PAGE)) == ([], 0)
    assert folds(therapist.get(f"{PAGE}?open=urgent")) == (["group-urgent"], 0)
    assert folds(therapist.get(f"{PAGE}?open=sources")) == (["sources"], 0)
    every = [f"group-{key}" for key, _, _ in book.groups()] + ["sources"]
    assert folds(therapist.get(f"{PAGE}?open=all")) == (every, len(book.rules))


def test_a_word_finds_the_rules_that_say_it_and_opens_them(therapist: Browser) -> None:
    book = signatures.book_in_use()
    for word, are_few in (("shingles", True), ("FeVer", False)):
        page = therapist.get(f"{PAGE}?word=+{word}+")
        expected = [rule for rule in book.rules if word.lower() in str((rule.heading, rule.lines)).lower()]
        assert re.findall(r'id="rule-([\w-]+)"', page) == [rule.id for rule in expected]
        opened = [f"group-{key}" for key in dict.fromkeys(rule.group for rule in expected)]
        assert folds(page) == (opened, len(expected) if are_few else 0)
        said = (
            f"1 rule of {len(book.rules)} says"
            if are_few
            else f"{len(expected)} rules of {len(book.rules)} say"
        )
        assert f"{said} “{word}”." in page
    nothing = therapist.get(f"{PAGE}?word=%3Cb%3Ezebra")
    assert "No rule says “&lt;b&gt;zebra”" in nothing
    assert 'id="rule-' not in nothing


def test_staff_who_decide_read_that_nobody_has_signed_until_somebody_has(
    therapist: Browser, owner: Browser, front_desk: Browser, scene: Scene
) -> None:
    review(scene.visit())
    waits = "/staff/reviews"
    assert LINE in therapist.get("/staff")
    assert LINE in therapist.get(waits)
    assert LINE not in owner.get("/staff")
    assert LINE not in front_desk.get("/staff")
    therapist.done(SIGN, **fields())
    assert LINE not in therapist.get("/staff")
    assert LINE not in therapist.get(waits)


def test_a_signature_is_withdrawn_by_who_gave_it(therapist: Browser, colleague: Browser) -> None:
    therapist.done(SIGN, **fields())
    row = db.session.scalars(sa.select(RuleBookSignature)).one()
    away = f"{PAGE}/signatures/{row.id}/withdraw"
    assert ">Withdraw<" not in colleague.get(PAGE)
    assert colleague.post(away).status_code == 404
    page = therapist.done(away)
    assert "Withdrawn Monday 3 March 2031" in page
    assert "Sign rule set" in page
    assert LINE in therapist.get("/staff")
    assert therapist.post(away).status_code == 409


def test_what_was_signed_can_be_fetched_and_is_what_the_hash_says(
    therapist: Browser, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    therapist.done(SIGN, **fields(name="=1+1"))
    signed = signatures.book_in_use()
    new_rules(monkeypatch)
    text = owner.look(f"{PAGE}/texts/{signed.text_hash}")
    assert hashlib.sha256(text.get_data()).hexdigest() == signed.text_hash
    assert text.headers["Content-Disposition"].startswith("attachment")
    assert owner.look(f"{PAGE}/text").get_data(as_text=True) != signed.text
    table = owner.get(f"{PAGE}/signatures.csv")
    assert f"{signed.version},'=1+1,RMT A482,2031-03-03" in table
    for missing in ("0" * 64, "x"):
        assert owner.look(f"{PAGE}/texts/{missing}").status_code == 404


def test_the_owner_reads_of_signatures_in_the_record(therapist: Browser, owner: Browser) -> None:
    therapist.done(SIGN, **fields())
    assert "Signed the rule book" in owner.get("/staff/settings/access")
    assert db.session.scalars(sa.select(AuditEntry.fields).where(AuditEntry.action == "sign")).one() == [
        "name",
        "licence",
        "text_hash",
    ]


def test_what_happened_here_is_told_from_five_clients_on_and_never_as_proof(
    therapist: Browser, scene: Scene
) -> None:
    page = therapist.get(PAGE)
    assert "Not counted yet." in page
    assert "It does not show that a rule or a type works" in page
    decided(scene, people(4), at=clock.now())
    sweeps.count_experiences()
    page = therapist.get(PAGE)
    assert "Here since January" not in page
    assert "No type was suggested to five clients yet." in page
    decided(scene, people(1), at=clock.now())
    replaced(scene, people(5), at=clock.now())
    sweeps.count_experiences()
    page = therapist.get(PAGE)
    rule = page[page.index('id="rule-E04"') :].partition("</li>")[0]
    assert "Here since January 2029" in rule
    assert "Counted: 10 clients." in rule
    assert "followed it for at least 5 and departed from it for at least 5." in rule
    assert "Reasons given for five clients or more: the client’s wish." in rule
    assert "Fewer than five of these clients, or none, had an incident later." in rule
    assert "Trigger point therapy</h3>" in page


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"clients": 15, "followed": 10}, "followed it for at least 10, and departed from it for fewer than"),
        ({"clients": 15, "departed": 10}, "departed from it for at least 10, and followed it for fewer than"),
        (
            {"pain_clients": 5, "pain_start": 6.1, "pain_later": 4.6},
            "from the start to the first look back: 6.1 to 4.6, 5 clients.",
        ),
        ({"function_clients": 5, "function_start": 6.1, "function_later": 4.6}, "(PEG), 0 to 10"),
        ({"clients": 10, "incident_clients": 5}, "At least 5 of these clients had an incident later."),
    ],
)
def test_numbers_are_told_in_sentences(columns: dict[str, object], sentence: str) -> None:
    row = Experience(kind="rule", name="E04", **{"reasons": [], **columns})
    assert sentence in " ".join(sentences(row))
