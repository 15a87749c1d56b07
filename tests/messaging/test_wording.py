"""Words a practice may change, and what nobody can do with them."""

from datetime import datetime

import pytest
from flask import Flask

from clinic import clock, language
from clinic.language import LANGUAGES
from clinic.language.telephones import telephone
from clinic.messaging import mime
from clinic.messaging.kinds import KINDS, wording
from clinic.messaging.kinds.declaration import Recipient
from clinic.messaging.kinds.sample import sample_scene
from clinic.messaging.kinds.wording import PARTS, BadWords, Words
from clinic.messaging.letters import practice_wording, rendering
from clinic.messaging.models import MessageKind
from tests.make import Make

EDITABLE = list(KINDS)
WITHOUT_LINK = {MessageKind.ADDRESS_REPLACED, MessageKind.ERASURE_DECIDED}
"""Whoever reads an address that was replaced may be anybody: nothing there may open a record. Whoever is erased has none."""
ALWAYS_CAPITAL = {
    *("Sie", "Ihnen", "Ihr", "Ihre", "Ihren"),
    *("Fragen", "Termine", "Tipps"),
    *("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
}
"""With what a German letter begins below its greeting."""
NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "Ada\r\nBcc: x@evil.example",
    "=?utf-8?q?=0ABcc:_x?=",
    "\u202eadA",
    "\u2066Ada\u2069",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "{client.__class__}",
    "{practice}",
    "Null",
    "O’Hara \U0001f4a9",
    "a\u0301" * 40,
    "ﷺ" * 20,
)
"""Names that somebody once gave a computer."""


def test_every_kind_has_words_and_ours_pass_our_own_check(app: Flask) -> None:
    assert set(KINDS) == set(MessageKind) - {MessageKind.TEXT_SAMPLE}
    with app.app_context():
        for kind in KINDS:
            for spoken in LANGUAGES:
                for part in PARTS:
                    said = getattr(practice_wording.ours(kind, spoken), part)
                    wording.check(KINDS[kind].placeholders, part, said or "x")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Hello {nobody}", "There is no {nobody} in this letter."),
        ("{client.__class__}", "There is no {client.__class__} in this letter."),
        ("{client!r}", "There is no {client!r}"),
        ("{}", "There is no {} in this letter."),
        ("{{ 7 * 7 }}", "There is no { 7 * 7 }"),
        ("{{client}}", "A brace stands alone."),
        ("{% raw %}", "There is no {% raw %}"),
        ("Hello {client", "A brace stands alone."),
        ("client}", "A brace stands alone."),
        ("{level}", "There is no {level} in this letter."),
        ("{reason}", "There is no {reason} in this letter."),
    ],
)
def test_what_is_no_placeholder_of_the_letter_is_refused_by_name_with_those_there_are(
    text: str, complaint: str
) -> None:
    with pytest.raises(BadWords) as refused:
        wording.check(KINDS[MessageKind.REMINDER].placeholders, "opening", text)
    assert refused.value.sentence.startswith(complaint)
    assert "{client} {practice} {phone} {day}" in refused.value.sentence


@pytest.mark.parametrize("part", ["subject", "heading"])
def test_a_line_cannot_be_empty_but_the_words_around_the_facts_can(part: str) -> None:
    with pytest.raises(BadWords):
        wording.check(KINDS[MessageKind.REMINDER].placeholders, part, "  ")
    wording.check(KINDS[MessageKind.REMINDER].placeholders, "opening", "")


def test_an_empty_placeholder_leaves_with_the_comma_before_it() -> None:
    said = Words(subject="Hello, {client}!", heading="{client} {client}", opening="Dear {client}", closing="")
    assert said.filled({"client": ""}) == Words(subject="Hello!", heading="", opening="Dear", closing="")


@pytest.mark.parametrize("nasty", NASTY)
def test_a_name_that_looks_like_a_command_is_only_a_name(
    app: Flask, make: Make, now: datetime, nasty: str
) -> None:
    practice = make.practice(name=nasty)
    facts = {**KINDS[MessageKind.REMINDER].sample(sample_scene(practice, now)), "values": {"client": nasty}}
    own = Words(subject="{practice} {client}", heading="{client}", opening="{client}\n\n{practice}")
    made = rendering.render_letter(
        MessageKind.REMINDER,
        {**facts, "visit": None} | {"visit": facts["visit"]},
        practice,
        spoken="en",
        words=own,
    )
    header = mime.header_text(made.subject)
    assert not any(ord(one) < 32 or one in "\u202e\u2066\u2069" for one in header)
    assert "=?" not in header
    assert "49" not in made.subject
    assert "class 'str'" not in made.html
    assert "<script" not in made.html
    assert "<img" not in made.html


@pytest.mark.parametrize(
    "typed", ["<b>bold</b>", '<a href="https://evil.example">x</a>', "</p><script>x</script>"]
)
def test_html_in_the_practices_words_is_shown_as_it_was_typed(
    app: Flask, make: Make, now: datetime, typed: str
) -> None:
    practice = make.practice()
    own = Words(subject="S", heading=typed, opening=typed, closing=typed)
    made = rendering.render_letter(
        MessageKind.SIGN_IN,
        KINDS[MessageKind.SIGN_IN].sample(sample_scene(practice, now)),
        practice,
        spoken="en",
        words=own,
    )
    assert typed not in made.html
    assert typed in made.text


def test_paragraphs_and_lines_stay_what_they_are(app: Flask, make: Make, now: datetime) -> None:
    practice = make.practice()
    own = Words(subject="S", heading="H", opening="One\ntwo\n\n\nThree")
    made = rendering.render_letter(
        MessageKind.SIGN_IN,
        KINDS[MessageKind.SIGN_IN].sample(sample_scene(practice, now)),
        practice,
        spoken="en",
        words=own,
    )
    assert "One\ntwo\n\nThree\n" in made.text
    assert "One<br>two</p>" in made.html


@pytest.mark.parametrize("kind", EDITABLE)
def test_no_words_take_away_what_safety_needs(app: Flask, make: Make, kind: MessageKind) -> None:
    """The link, the facts and the way to reach us stay, whatever the practice says."""
    practice, now = make.practice(), clock.now()
    bare = Words(subject="x", heading="x")
    facts = KINDS[kind].sample(sample_scene(practice, now))
    ours = rendering.render_letter(kind, facts, practice, spoken="en")
    theirs = rendering.render_letter(kind, facts, practice, spoken="en", words=bare)
    links = [line for line in ours.text.splitlines() if line.startswith("http")]
    assert bool(links) == (kind not in WITHOUT_LINK)
    assert [line for line in theirs.text.splitlines() if line.startswith("http")] == links
    if KINDS[kind].recipient is Recipient.CLIENT:
        assert telephone(practice.phone) in theirs.text
    if kind is MessageKind.ADDRESS_REPLACED:
        for part in (theirs.text, theirs.html):
            assert "was replaced" in part
            assert "If you did not ask for this, please tell us." in part


@pytest.mark.parametrize("kind", EDITABLE)
@pytest.mark.parametrize("spoken", LANGUAGES)
def test_every_placeholder_of_a_letter_brings_something(
    app: Flask, make: Make, kind: MessageKind, spoken: str
) -> None:
    practice, now = make.practice(), clock.now()
    known = KINDS[kind].placeholders
    every = Words(subject="x", heading="x", opening="\n\n".join(f"{name}=[{{{name}}}]" for name in known))
    with language.speaking(spoken):
        facts = KINDS[kind].sample(sample_scene(practice, now))
    text = rendering.render_letter(kind, facts, practice, spoken=spoken, words=every).text
    for name in known:
        assert f"{name}=[" in text
        assert f"{name}=[]" not in text
        assert f"{{{name}}}" not in text


@pytest.mark.parametrize("kind", EDITABLE)
def test_after_the_comma_of_the_german_greeting_nothing_begins_with_a_capital_that_it_would_lose(
    app: Flask, make: Make, kind: MessageKind
) -> None:
    """German goes on small after “Guten Tag,”: only a noun, or a word for the reader, is written as at a beginning."""
    practice, now = make.practice(), clock.now()
    with language.speaking("de"):
        facts = KINDS[kind].sample(sample_scene(practice, now))
    _, greeting, said = rendering.render_letter(kind, facts, practice, spoken="de").text.partition(
        "Guten Tag,\n\n"
    )
    assert bool(greeting) == (KINDS[kind].recipient is Recipient.CLIENT)
    is_a_heading = said.split("\n")[0].isupper()
    first = next(iter(said.split()), "").strip(",:")
    assert not greeting or is_a_heading or first.islower() or first in ALWAYS_CAPITAL
