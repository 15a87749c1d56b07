"""Whoever reads a letter by day or by night can read it: the contrast of every text in it, in both schemes."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from html.parser import HTMLParser

import pytest
from flask import Flask

from clinic import language
from clinic.messaging.kinds import KINDS
from clinic.messaging.kinds.sample import EXAMPLE, sample_scene
from clinic.messaging.letters import rendering
from clinic.messaging.models import MessageKind
from tests.make import Make

ENOUGH = 4.5
"""WCAG 2.2, 1.4.3, for text of any size."""
DARK = re.compile(r"@media \(prefers-color-scheme: dark\)\s*\{((?:[^{}]*\{[^{}]*\})*)\s*\}")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
ENDLESS = ("meta", "link", "br")
Colours = Mapping[str, str]


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, from 0 to 1."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """How much two colours differ, from 1 to 21."""
    dim, bright = sorted(map(luminance, (one, other)))
    return (bright + 0.05) / (dim + 0.05)


def declared(style: str) -> Colours:
    """Text and background of some declarations, as `#rrggbb`."""
    found = dict(re.findall(r"(?:^|;)\s*(color|background)\s*:\s*(#[0-9A-Fa-f]{6})", style))
    assert "color:" not in re.sub(r"[\w-]+color:|color:\s*#[0-9A-Fa-f]{6}", "", style), style
    return found


class Painted(HTMLParser):
    """Texts of a letter with their colour and the one behind them; of the dark scheme the rules in the head win."""

    def __init__(self, letter: str, *, dark: bool) -> None:
        super().__init__()
        self.rules = dict(dark_rules(letter)) if dark else {}
        self.stack: list[tuple[str, dict[str, str], bool]] = []
        self.texts: list[tuple[str, str, str]] = []
        self.feed(letter)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ENDLESS:
            return
        given = {name: value or "" for name, value in attrs}
        _, inherited, is_hidden = self.stack[-1] if self.stack else ("", {}, False)
        own = {**inherited, **declared(given.get("style", "")), **self.rules.get(tag, {})}
        for name in given.get("class", "").split():
            own |= self.rules.get(f".{name}", {})
        hidden = is_hidden or given.get("aria-hidden") == "true" or tag in ("head", "style", "title")
        self.stack.append((tag, own, hidden))

    def handle_endtag(self, tag: str) -> None:
        if tag not in ENDLESS:
            assert self.stack.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self.stack and not self.stack[-1][2]:
            own = self.stack[-1][1]
            self.texts.append((data.strip(), own["color"], own["background"]))


def dark_rules(letter: str) -> Iterator[tuple[str, Colours]]:
    """Selectors of the dark scheme with what they paint."""
    (block,) = DARK.findall(letter)
    for selectors, style in RULE.findall(block):
        for selector in selectors.split(","):
            assert re.fullmatch(r"\.?\w+", selector.strip()), selector
            yield selector.strip(), declared(style.replace(" !important", ""))


@pytest.fixture
def letters(app: Flask, make: Make, now: datetime) -> Mapping[MessageKind, str]:
    """The sheet of every kind, on invented facts."""
    practice = make.practice()
    with language.speaking("de"):
        facts = {kind: declared.sample(sample_scene(practice, now)) for kind, declared in KINDS.items()}
    return {
        kind: rendering.render_letter(kind, {**found, "stop_link": EXAMPLE}, practice, spoken="de").html
        for kind, found in facts.items()
    }


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_of_every_letter_stands_out_from_what_is_behind_it(
    letters: Mapping[MessageKind, str], *, dark: bool
) -> None:
    pairs = {
        (colour, behind): (kind, text)
        for kind, letter in letters.items()
        for text, colour, behind in Painted(letter, dark=dark).texts
    }
    assert len(pairs) >= 6
    faint = {pair: where for pair, where in pairs.items() if contrast(*pair) < ENOUGH}
    assert faint == {}


def test_the_dark_scheme_repaints_everything_the_light_one_paints(letters: Mapping[MessageKind, str]) -> None:
    for letter in letters.values():
        light, dark = (Painted(letter, dark=each).texts for each in (False, True))
        assert [text for text, _, _ in light] == [text for text, _, _ in dark]
        for (text, colour, behind), (_, by_night, behind_by_night) in zip(light, dark, strict=True):
            assert colour != by_night, text
            assert behind != behind_by_night, text


def test_contrast_is_what_the_guidelines_say() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
