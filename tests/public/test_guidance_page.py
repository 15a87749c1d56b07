"""The guidance as a stranger reads it."""

import gzip
import re

import pytest
from flask.testing import FlaskClient

from clinic.guidance.benefits import BENEFITS
from clinic.guidance.causes import CAUSES
from clinic.guidance.knowledge import MODALITIES, SECTIONS, TECHNIQUES
from clinic.guidance.silences import SILENCES
from clinic.guidance.statements import STATEMENTS
from clinic.public.offered_types import sold_types
from tests.guidance.claims import claims, speaks_of_energy_as_fact
from tests.make import Make
from tests.web.reading import Element, read


@pytest.fixture
def page(client: FlaskClient, make: Make) -> Element:
    make.practice(modalities_off=["sports"])
    make.treatment(modalities=["swedish", "trigger_point"], name="Easy back")
    make.treatment(modalities=["sports"], name="After the race")
    return read(client.get("/guidance").text)


def ids(page: Element) -> set[str]:
    return {one.get("id") for one in page.below() if "id" in one.attributes}


def entry(page: Element, anchor: str) -> Element:
    return next(one for one in page.all("article") if one.attributes.get("aria-labelledby") == anchor)


def test_every_type_technique_cause_and_section_is_there_in_our_words(page: Element) -> None:
    for modality in MODALITIES.values():
        said = entry(page, modality.id).text
        for text in (modality.name, modality.what_it_is, modality.said_for, modality.pressure):
            assert text in said
        assert "Only named" in modality.said_for or modality.id not in ("aromatherapy", "acupressure")
    for name in (*(technique.name for technique in TECHNIQUES.values()), *(cause.name for cause in CAUSES)):
        assert name in page.text
    assert len(TECHNIQUES) == 15
    for section in SECTIONS.values():
        assert entry(page, section.code).text.startswith(section.title)
    for silence in SILENCES:
        assert silence.on in page.text
        assert silence.instead in page.text


def test_each_type_cites_the_sections_it_stands_in_by_heading(page: Element) -> None:
    for modality in MODALITIES.values():
        links = [link for link in entry(page, modality.id).all("a") if link.get("href").startswith("#")]
        assert [link.get("href") for link in links] == [f"#{code}" for code in modality.sections]
        assert [link.text for link in links] == [SECTIONS[code].title for code in modality.sections]
        assert links


def test_every_sentence_of_every_section_can_be_led_to(page: Element) -> None:
    for section in SECTIONS:
        said = {one.get("id"): one.text for one in entry(page, section).all("li")}
        assert said == {one.anchor: one.text for one in STATEMENTS.values() if one.section == section}
        assert said


def test_benefits_are_told_with_what_nobody_can_promise(page: Element) -> None:
    part = next(one for one in page.all("section") if one.attributes.get("aria-labelledby") == "benefits")
    for benefit in BENEFITS:
        assert benefit.said in part.text
        assert f"#{benefit.anchor}" in [link.get("href") for link in part.all("a")]
    for told in (
        "eight in ten",
        "Acute pain",
        "chronic pain",
        "may not resolve",
        "partner",
        "different types",
    ):
        assert told in part.text


def test_clients_read_no_code_and_no_numeral(page: Element) -> None:
    assert not re.search(r"\bG\d|\bIII\b|\b[ETCRUXPK]\d\d", page.one("main").text)


def test_each_section_leads_back_to_the_types_that_cite_it(page: Element) -> None:
    for section in SECTIONS.values():
        back = {link.get("href") for link in entry(page, section.code).all("a")}
        assert back == {f"#{one.id}" for one in MODALITIES.values() if section.code in one.sections}


def test_every_link_inside_the_page_has_its_goal_and_no_goal_stands_twice(page: Element) -> None:
    goals = [one.get("id") for one in page.below() if "id" in one.attributes]
    assert len(goals) == len(set(goals))
    within = {link.get("href")[1:] for link in page.all("a") if link.get("href").startswith("#")}
    assert within <= ids(page)
    assert set(MODALITIES) | set(SECTIONS) <= within


def test_what_is_switched_off_or_not_sold_is_marked_and_the_rest_is_not(page: Element) -> None:
    offered = {modality for modality in MODALITIES if "Not offered here" not in entry(page, modality).text}
    assert offered == {"swedish", "trigger_point"}
    assert "Offered here as Easy back" in entry(page, "trigger_point").text
    assert "After the race" not in entry(page, "sports").text


def test_the_page_says_how_sure_it_is_and_claims_nothing(page: Element) -> None:
    assert "The evidence for that is weak, and no type is clearly better than another" in page.text
    assert "no diagnosis and no promise" in page.text
    assert (
        claims(page.one("main").text.replace("Importance of massage therapy for back pain relief", "")) == []
    )
    for modality in MODALITIES:
        assert not speaks_of_energy_as_fact(entry(page, modality).text)


def test_the_page_shows_no_figure_but_versions_and_sources(page: Element) -> None:
    for region in ("benefits", "types", "techniques", "causes", "silences", "sections"):
        shown = next(one for one in page.all("section") if one.attributes.get("aria-labelledby") == region)
        assert not re.search(r"\d", shown.text), region


def test_a_browser_that_reads_gzip_gets_a_quarter_of_the_page_and_others_all_of_it(
    client: FlaskClient, make: Make
) -> None:
    make.practice()
    plain = client.get("/guidance?said=aloud")
    packed = client.get("/guidance?said=aloud", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in packed.vary
    assert "Accept-Encoding" in plain.vary
    assert len(packed.data) < len(plain.data) / 4
    assert gzip.decompress(packed.data).decode().count("<h2") == plain.text.count("<h2")
    assert (
        "aloud" not in plain.text
    )  # What a visitor sends, repeated beside a token, is what compression could betray.


def test_pages_that_are_not_named_for_it_are_never_compressed(client: FlaskClient, make: Make) -> None:
    make.practice()
    for page in ("/book", "/intake", "/my/sign-in", "/cancel", "/waiting"):
        assert "Content-Encoding" not in client.get(page, headers={"Accept-Encoding": "gzip"}).headers


def test_the_home_page_leads_to_it(client: FlaskClient, make: Make) -> None:
    make.practice()
    assert any(link.attributes.get("href") == "/guidance" for link in read(client.get("/").text).all("a"))


def test_a_type_is_sold_by_what_leads_with_it_before_what_contains_it(make: Make) -> None:
    mixed = make.treatment(modalities=["swedish", "deep_tissue"])
    deep = make.treatment(modalities=["deep_tissue"])
    sold = sold_types([mixed, deep], [])
    assert (sold["swedish"], sold["deep_tissue"]) == (mixed, deep)
    assert sold_types([mixed], [])["deep_tissue"] is mixed
    assert "deep_tissue" not in sold_types([mixed, deep], ["deep_tissue"])
