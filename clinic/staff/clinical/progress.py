"""A client's progress through a course for staff: a chart, with the same in words and as a table."""

from dataclasses import dataclass
from datetime import datetime

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking.models import Appointment
from clinic.guidance.measures import ScoreTrend
from clinic.plans import progress
from clinic.plans.progress import ClientProgress
from clinic.web import charts
from clinic.web.charts import Trend

READINGS: dict[ScoreTrend | None, tuple[str, str | None]] = {
    ScoreTrend.IMPROVED: ("Improved since the start", "ok"),
    ScoreTrend.UNCHANGED: ("Unchanged since the start", None),
    ScoreTrend.WORSE: ("Worse than at the start", "caution"),
    None: ("Not enough scores to compare yet", None),
}
"""What a reading is called, and the kind of its tag."""


@dataclass(frozen=True, kw_only=True)
class ProgressPanel:
    """A client's progress with its chart; the access is recorded."""

    progress: ClientProgress
    chart: Trend

    @property
    def words(self) -> str:
        """The reading in everyday words."""
        return READINGS[self.progress.reading][0]

    @property
    def kind(self) -> str | None:
        """The kind of the reading's tag."""
        return READINGS[self.progress.reading][1]

    @property
    def has_scores(self) -> bool:
        """Whether there is anything to draw."""
        return any(point.average is not None for point in self.progress.points)


def panel(visit: Appointment, *, reader: User, now: datetime) -> ProgressPanel | None:
    """The progress at a visit; None if it is not a session of a course. The access is recorded; the caller commits."""
    found = progress.progress_at(visit)
    if found is None:
        return None
    audit.record(
        audit.by_user(reader.id),
        "read",
        found.course.plan,
        client_id=visit.client_id,
        purpose="progress",
        fields=progress.SHOWN,
        now=now,
    )
    readings = [
        charts.ChartReading(
            label=f"{point.label}, between sessions" if point.between else point.label,
            value=point.average,
            is_gate=point.is_look_back,
            is_aside=point.between is not None,
            remark=f"check-in: {point.check_in}" if point.check_in else "",
        )
        for point in found.points
    ]
    return ProgressPanel(
        progress=found, chart=charts.trend(readings, title="Average pain over the last week, 0 to 10")
    )
