"""Positions of a chart's lines, dots and bars, as numbers that the macros in `macros/chart.html` draw as SVG.

`summary` says the same values in words, and a table beside the picture lists them. A chart shows one series and nothing
else: no percentages, no arrows, no judgement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

LEFT, TOP, BOTTOM_MARGIN, RIGHT_MARGIN = 44, 14, 40, 12
STEPS = 5
INSET = 16
"""How far the first point stands from the axis, so that a dot does not sit on it."""


@dataclass(frozen=True, slots=True)
class ChartReading:
    """One reading: where it was taken, its value (None if not given), and whether there is a look back.

    Future readings also have the value None and only take their place on the axis. `is_aside` is one between two places of the
    axis, which has no room for its label. `remark` is said beside the value, and marked on the chart.
    """

    label: str
    value: float | None
    is_gate: bool = False
    is_aside: bool = False
    remark: str = ""


@dataclass(frozen=True, slots=True)
class GridLine:
    """A horizontal line and what is written at its left."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class AxisLabel:
    """A word under the chart; bold at a look back."""

    x: float
    text: str
    strong: bool


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of the line. Only the first and the last are numbered; the number stands clear of the line."""

    x: float
    y: float
    last: bool
    text: str
    text_y: float
    is_aside: bool = False


@dataclass(frozen=True, slots=True)
class Trend:
    """One line from 0 to a fixed top. `path` is empty without two readings in a row; `rows` is the table beside it."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    grid: tuple[GridLine, ...]
    gates: tuple[float, ...]
    labels: tuple[AxisLabel, ...]
    path: str
    dots: tuple[Dot, ...]
    marks: tuple[float, ...]
    """Where on the axis something is remarked."""
    rows: tuple[tuple[str, float | None], ...]
    remarks: tuple[str, ...]
    """What is remarked on each row, empty for most; none at all without a mark."""
    has_asides: bool
    summary: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, its number above it and its label below; the height is 0 where there is nothing."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars from 0 to a round number at or above the highest; `rows` is the table beside them."""

    width: int
    height: int
    left: int
    right: int
    grid: tuple[GridLine, ...]
    bars: tuple[Bar, ...]
    rows: tuple[tuple[str, int | None], ...]
    summary: str


def trend(
    readings: Sequence[ChartReading], *, title: str, top: int = 10, width: int = 560, height: int = 290
) -> Trend:
    """The line through the readings, in their order, on a scale from 0 to `top`, a multiple of five.

    The line breaks where a value is missing, which is never drawn as zero.
    """
    right, bottom = width - RIGHT_MARGIN, height - BOTTOM_MARGIN
    xs = _spread(len(readings), LEFT + INSET, right)

    def level(value: float) -> float:
        return round(bottom - (bottom - TOP) * value / top, 1)

    on_axis = list(zip(xs, readings, strict=True))
    points = [None if reading.value is None else (x, level(reading.value)) for x, reading in on_axis]
    given = [(x, reading.value, reading.is_aside) for x, reading in on_axis if reading.value is not None]
    dots = tuple(
        _dot(x, level(value), value, first=index == 0, last=index == len(given) - 1, is_aside=is_aside)
        for index, (x, value, is_aside) in enumerate(given)
    )
    marks = tuple(x for x, reading in on_axis if reading.remark)
    rows = tuple((reading.label, reading.value) for reading in readings)
    return Trend(
        width=width,
        height=height,
        left=LEFT,
        right=right,
        top=TOP,
        bottom=bottom,
        grid=tuple(GridLine(level(value), _number(value)) for value in _steps(top)),
        gates=tuple(x for x, reading in on_axis if reading.is_gate),
        labels=tuple(
            AxisLabel(x, reading.label, reading.is_gate) for x, reading in on_axis if not reading.is_aside
        ),
        path=_path(points),
        dots=dots,
        marks=marks,
        rows=rows,
        remarks=tuple(reading.remark for reading in readings) if marks else (),
        has_asides=any(reading.is_aside for reading in readings),
        summary=_trend_spoken(title, readings),
    )


def bars(
    counts: Sequence[tuple[str, int | None]], *, title: str, width: int = 640, height: int = 260
) -> Bars:
    """One bar for each labelled count, in their order. None is a group too small to be shown: it has no bar."""
    right, bottom = width - RIGHT_MARGIN, height - BOTTOM_MARGIN
    top = _round_top(max((count for _, count in counts if count is not None), default=0))
    step = (right - LEFT) / max(len(counts), 1)
    thick = round(min(step * 0.64, 56), 1)

    def level(value: float) -> float:
        return round(bottom - (bottom - TOP - 12) * value / top, 1)

    drawn = []
    for index, (label, count) in enumerate(counts):
        middle = round(LEFT + step * (index + 0.5), 1)
        y = level(count or 0)
        drawn.append(
            Bar(
                x=round(middle - thick / 2, 1),
                y=y,
                width=thick,
                height=round(bottom - y, 1),
                middle=middle,
                label=label,
                text="" if count is None else _number(count),
            )
        )
    return Bars(
        width=width,
        height=height,
        left=LEFT,
        right=right,
        grid=tuple(GridLine(level(value), _number(value)) for value in _steps(top)),
        bars=tuple(drawn),
        rows=tuple(counts),
        summary=_spoken(title, counts),
    )


def _spread(count: int, first: float, last: float) -> list[float]:
    """Equal places from first to last; a single one stands first."""
    gap = (last - first) / (count - 1) if count > 1 else 0
    return [round(first + gap * index, 1) for index in range(count)]


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """An SVG path through the points that lifts the pen at every gap."""
    strokes = []
    for is_gap, run in groupby(points, key=lambda point: point is None):
        places = [f"{_number(point[0])} {_number(point[1])}" for point in run if point is not None]
        if not is_gap and len(places) > 1:
            strokes.append("M" + "L".join(places))
    return "".join(strokes)


def _dot(x: float, y: float, value: float, *, first: bool, last: bool, is_aside: bool = False) -> Dot:
    # Near the top edge the number goes below its dot.
    text_y = y - 14 if y > TOP + 20 else y + 24
    return Dot(x, y, last, _number(value) if first or last else "", round(text_y, 1), is_aside)


def _steps(top: int) -> list[int]:
    return [top * index // STEPS for index in range(STEPS + 1)]


def _round_top(highest: int) -> int:
    """The next number at or above the highest that divides into round steps."""
    unit = int(10 ** (len(str(highest)) - 1))
    return next(max(unit * factor, STEPS) for factor in (1, 2, 4, 5, 10) if unit * factor >= highest)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _spoken(title: str, values: Sequence[tuple[str, float | None]]) -> str:
    spoken = [f"{label} {_number(value)}" for label, value in values if value is not None]
    return f"{title}: {', '.join(spoken) or 'nothing yet'}"


def _trend_spoken(title: str, readings: Sequence[ChartReading]) -> str:
    """As `_spoken`, with what is remarked, also where no number was given."""
    said = []
    for reading in readings:
        parts = [] if reading.value is None else [_number(reading.value)]
        parts += [f"({reading.remark})"] if reading.remark else []
        if parts:
            said.append(" ".join((reading.label, *parts)))
    return f"{title}: {', '.join(said) or 'nothing yet'}"
