"""The one table of everything that happens by the clock: each step, how often it runs, and when it is too late to begin."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import Final

from celery.schedules import crontab

from clinic.backup import downtime_sheet, nightly
from clinic.exports import building
from clinic.maintenance import retention, sweeps
from clinic.messaging import tasks

STEP_LIMIT: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledStep:
    """A step, and its seconds between two runs or its times of day (UTC)."""

    step: Callable[[], None]
    schedule: float | crontab
    expires: int
    """Seconds. A tick that was not taken up in time is worth nothing: the next one finds the same work."""
    limit: int = STEP_LIMIT
    """Seconds after which the step is ended."""
    needs: str | None = None
    """The setting without which there is never anything to do, so that the step does not run."""

    @property
    def name(self) -> str:
        """The name of its task: the function's own."""
        return self.step.__name__


def _daily(at: time) -> crontab:
    return crontab(hour=str(at.hour), minute=str(at.minute))


TIMETABLE: Final = (
    ScheduledStep(step=tasks.timed_message_pass, schedule=30.0, expires=30),
    ScheduledStep(step=tasks.fetch_from_sns, schedule=10.0, expires=10, needs="SES_TOPIC_ARN"),
    ScheduledStep(step=sweeps.sweep_often, schedule=30.0, expires=30, limit=300),
    ScheduledStep(step=building.build_data_exports, schedule=30.0, expires=30, limit=600),
    ScheduledStep(step=sweeps.find_unusual_reading, schedule=300.0, expires=300),
    ScheduledStep(step=sweeps.erase_granted, schedule=60.0, expires=60),
    ScheduledStep(step=sweeps.tidy, schedule=crontab(minute=str(retention.MINUTE)), expires=1800),
    ScheduledStep(step=downtime_sheet.make_downtime_sheet, schedule=crontab(minute="5,35"), expires=1500),
    ScheduledStep(step=nightly.back_up, schedule=crontab(hour="2", minute="30"), expires=3600, limit=14_400),
    ScheduledStep(step=nightly.send_backup, schedule=crontab(minute="50"), expires=1800, limit=14_400),
    ScheduledStep(step=sweeps.delete_old_drafts, schedule=_daily(retention.NIGHT), expires=3600),
    ScheduledStep(
        step=sweeps.erase_unseen_clients, schedule=_daily(retention.UNSEEN_NIGHT), expires=3600, limit=3600
    ),
    ScheduledStep(step=sweeps.count_overrides, schedule=crontab(hour="3", minute="40"), expires=3600),
    ScheduledStep(step=sweeps.count_experiences, schedule=crontab(hour="3", minute="50"), expires=3600),
)
