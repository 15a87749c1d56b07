"""The settings of a command: from the environment, and from the `up` that runs on the same data folder."""

import os
from pathlib import Path

from clinic.embedded import running
from config import InvalidSettings, Settings, ask_for_passphrase, judge


def command_settings() -> Settings:
    """The settings of the environment; where it names no servers, those of the `up` that runs on this data folder.

    Raises InvalidSettings, also if there are no servers at all.
    """
    ask_for_passphrase()
    data = Path(os.environ.get("LUMBAR_DATA") or "var").resolve()
    told = running.running_environment(data)
    if os.environ.get("DATABASE_URL"):
        told = {name: value for name, value in told.items() if not name.startswith("DATABASE_")}
    given = {name.lower(): value for name, value in told.items() if not os.environ.get(name)}
    if os.environ.get("DATABASE_URL") or "database_url" in given:
        return Settings.read(**given)
    judge(**given)
    raise InvalidSettings(
        f"There is no database: Lumbar is not running on the data folder {data}. Start it with `python -m clinic up`, "
        "or set DATABASE_URL and REDIS_URL."
    )
