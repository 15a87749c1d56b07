"""A practice of 200,000 visits and 20,000 clients: how long a backup of it takes, and how long until it is back.

The commands are run as somebody types them, on servers that are removed afterwards. What they print is printed here too.
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.goals import Goal, tell
from bench.grown_practice import grown
from clinic.backup import archive
from tests.stage import ROOT, Stage, staged

RECOVERED_WITHIN_SECONDS = 15 * 60


def run() -> None:
    """Print the size of a backup and what making it and drilling it takes."""
    with tempfile.TemporaryDirectory() as folder, staged(Path(folder), statement_timeout_ms=600_000) as stage:
        grown(stage)
        private, public = archive.fresh_identity()
        key = Path(folder) / "backup.key"
        key.write_text(f"{private}\n")
        backups = Path(folder) / "backups"
        variables = {
            **stage.environment(),
            "LUMBAR_KEYS": stage.settings.keys.dumped(),
            "BACKUP_FOLDER": str(backups),
            "BACKUP_RECIPIENTS": public,
        }
        load = " ".join(f"{one:.2f}" for one in os.getloadavg())
        print(f"\nBackup and drill of a grown practice, {datetime.now(UTC):%F %H:%M} UTC, load {load}")
        made = _command(stage, variables, "backup")
        size = sum(each.stat().st_size for each in backups.glob("*.backup"))
        drilled = _command(stage, variables, "drill", "--key", str(key))
    print(f"The backup took {made:.0f} s and is {size / 1e6:.1f} MB.")
    tell(
        Goal(
            "the drill, from the file to the last look",
            f"{drilled:.0f} s",
            f"at most {RECOVERED_WITHIN_SECONDS} s",
            drilled <= RECOVERED_WITHIN_SECONDS,
        )
    )


def _command(stage: Stage, variables: dict[str, str], *words: str) -> float:
    """The seconds that a command took. Raises CalledProcessError if it failed."""
    begun = time.monotonic()
    answer = subprocess.run(
        [sys.executable, "-m", "clinic", *words], cwd=ROOT, env=variables, text=True, capture_output=True
    )
    print(f"$ python -m clinic {words[0]}\n{answer.stdout}{answer.stderr}", end="")
    answer.check_returncode()
    return time.monotonic() - begun
