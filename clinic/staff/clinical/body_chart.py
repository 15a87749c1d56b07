"""The body chart of a note: its rows in the form, the same in words, and where their numbers stand on the figure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from wtforms import SelectField, StringField
from wtforms.validators import Length, Optional

from clinic.guidance.rules.kinds import REGIONS
from clinic.plans.note_content import PRESSURES, SIDES, WORST_PAIN, Finding
from clinic.web.forms import Form

POINTS = {
    "back": {
        "head": (110, 40, 10),
        "neck": (110, 84, 9),
        "shoulders": (110, 108, 44),
        "upper_back": (110, 145, 26),
        "lower_back": (110, 208, 26),
        "hip_buttock": (110, 250, 27),
        "leg_left": (88, 350, 0),
        "leg_right": (132, 350, 0),
        "foot_left": (92, 458, 0),
        "foot_right": (128, 458, 0),
        "arm_left": (34, 200, 0),
        "arm_right": (186, 200, 0),
    },
    "front": {
        "head": (110, 40, 10),
        "neck": (110, 86, 9),
        "shoulders": (110, 108, 44),
        "chest": (110, 140, 26),
        "abdomen": (110, 205, 25),
        "hip_buttock": (110, 262, 28),
        "leg_left": (132, 350, 0),
        "leg_right": (88, 350, 0),
        "foot_left": (128, 458, 0),
        "foot_right": (92, 458, 0),
        "arm_left": (186, 200, 0),
        "arm_right": (34, 200, 0),
    },
}
"""Where a number stands on the figure of 220 by 488: the middle of an area, and how far its left and right lie from there."""
NAMED_VIEWS = {"back": "behind", "front": "front"}
APART = 22


def _label(view: str, area: str) -> str:
    name = REGIONS[area]
    return f"{name[0].upper()}{name[1:]}, {NAMED_VIEWS[view]}"


PLACES = [(f"{view}:{area}", _label(view, area)) for view, areas in POINTS.items() for area in areas]


class FindingForm(Form):
    """One row of the chart."""

    class Meta(Form.Meta):
        """The token stands once, in the note's form."""

        csrf = False

    place = SelectField("Area", choices=PLACES)
    side = SelectField(
        "Side",
        choices=[("", "Not said"), *((side, side.capitalize()) for side in SIDES)],
        validators=[Optional()],
    )
    words = StringField("Finding", validators=[Optional(), Length(max=200)])
    pressure = SelectField(
        "Pressure",
        choices=[("", "Not said"), *((each, each.capitalize()) for each in PRESSURES)],
        validators=[Optional()],
    )
    pain = SelectField(
        "Pain",
        choices=[("", "Not said"), *((str(level), str(level)) for level in range(WORST_PAIN + 1))],
        validators=[Optional()],
    )

    @property
    def finding(self) -> Finding:
        """What the row says. Only for a form that is valid."""
        view, area = self.place.data.split(":")
        return Finding(
            view=view,
            area=area,
            side=self.side.data or "",
            words=self.words.data or "",
            pressure=self.pressure.data or "",
            pain=int(self.pain.data) if self.pain.data else None,
        )


def row_of(finding: Finding) -> dict[str, str]:
    """A finding as the form's row."""
    return {
        "place": f"{finding.view}:{finding.area}",
        "side": finding.side,
        "words": finding.words,
        "pressure": finding.pressure,
        "pain": "" if finding.pain is None else str(finding.pain),
    }


def said(finding: Finding) -> str:
    """A finding in words: `Lower back, behind, left: tight band. Pressure medium. Pain 4.`"""
    place = _label(finding.view, finding.area) + (f", {finding.side}" if finding.side else "")
    told = [finding.words.rstrip(".")] if finding.words else []
    told += [f"Pressure {finding.pressure}"] if finding.pressure else []
    told += [f"Pain {finding.pain}"] if finding.pain is not None else []
    return f"{place}: {'. '.join(told)}." if told else f"{place}."


@dataclass(frozen=True)
class Marker:
    """The number of a finding on one view of the figure."""

    number: int
    x: int
    y: int


def markers(findings: Iterable[Finding]) -> dict[str, list[Marker]]:
    """The numbers for each view, counted over both; several at one place stand below each other."""
    found: dict[str, list[Marker]] = {view: [] for view in POINTS}
    taken: Counter[tuple[str, int, int]] = Counter()
    for number, finding in enumerate(findings, 1):
        middle, y, aside = POINTS[finding.view].get(finding.area, (110, 145, 0))
        left = -aside if finding.view == "back" else aside
        shifts = {"left": (left,), "right": (-left,), "both": (left, -left)}.get(finding.side, (0,))
        for x in dict.fromkeys(middle + shift for shift in shifts):
            found[finding.view].append(Marker(number, x, y + APART * taken[finding.view, x, y]))
            taken[finding.view, x, y] += 1
    return found
