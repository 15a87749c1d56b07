"""The colours can be read: contrast after WCAG 2.2 (1.4.3 text 4.5, 1.4.11 boundaries and marks 3), in both themes."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOKENS = (ROOT / "assets/css/tokens.css").read_text()
PAIR = re.compile(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);")
COLOURS = {name: {"light": light, "dark": dark} for name, light, dark in PAIR.findall(TOKENS)}
THEMES = ("light", "dark")

TEXT = [
    *[("ink", ground) for ground in ("paper", "surface", "raised", "sunk", "clay-wash", "brand-wash")],
    *[("ink", f"{kind}-wash") for kind in ("ok", "caution", "urgent")],
    *[("ink-2", ground) for ground in ("paper", "surface", "sunk", "clay-wash", "brand-wash")],
    *[("brand", ground) for ground in ("paper", "surface", "brand-wash", "clay-wash")],
    *[(kind, f"{kind}-wash") for kind in ("ok", "caution", "urgent")],
    *[(kind, ground) for kind in ("ok", "caution", "urgent") for ground in ("paper", "surface")],
    ("brand-strong", "brand-wash"),
    ("on-brand", "brand"),
    ("on-brand", "brand-strong"),
    ("on-urgent-solid", "urgent-solid"),
    ("paper", "ink"),
    *[("on-pain-low", f"pain-{level}") for level in range(6)],
    ("on-pain-6", "pain-6"),
    *[("on-pain-high", f"pain-{level}") for level in range(7, 11)],
]
MARKS = [
    *[("line-strong", ground) for ground in ("paper", "surface")],
    *[("focus", ground) for ground in ("paper", "surface", "brand-wash", "clay-wash")],
    *[(f"cal-{number}", "surface") for number in range(1, 7)],
]


def luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB, 0 to 1."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Between 1 (equal) and 21 (black on white)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_worked_out_as_the_standard_says() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read_on_its_ground(ink: str, ground: str, theme: str) -> None:
    assert contrast(COLOURS[ink][theme], COLOURS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_an_edge_or_mark_can_be_seen_on_its_ground(mark: str, ground: str, theme: str) -> None:
    assert contrast(COLOURS[mark][theme], COLOURS[ground][theme]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_pain_reads_in_grey_because_each_step_differs_in_lightness(theme: str) -> None:
    steps = [luminance(COLOURS[f"pain-{level}"][theme]) for level in range(11)]
    assert steps == sorted(steps, reverse=theme == "light")
    assert len(set(steps)) == 11


def test_letters_use_the_colours_of_the_tokens() -> None:
    letter = (ROOT / "templates/messages/_letter.html").read_text()
    known = {shade for pair in COLOURS.values() for shade in pair.values()}
    used = set(re.findall(r"#[0-9A-F]{6}", letter))
    assert used
    assert used <= known


def test_no_stylesheet_but_the_tokens_names_a_colour() -> None:
    for sheet in (ROOT / "assets/css").glob("*.css"):
        if sheet.name != "tokens.css":
            assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;,) ])", sheet.read_text()) == [], sheet.name


def test_every_property_a_stylesheet_uses_is_declared() -> None:
    sheets = [sheet.read_text() for sheet in (ROOT / "assets/css").glob("*.css")]
    declared = set(re.findall(r"(--[\w-]+):", "".join(sheets)))
    used = set(re.findall(r"var\((--[\w-]+)\)", "".join(sheets)))
    assert used <= declared
