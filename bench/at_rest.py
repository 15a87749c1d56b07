"""What an installation costs in which nothing happens: the processor time of everything that `python -m clinic up` starts.

The demo is started as in life and left alone. Processor time of other programs does not count, but a busy machine makes each of
ours dearer; so the load is printed, and a program that only wakes and sleeps again as often as the worker looks is the floor.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.embedded.test_supervisor import house

SETTLE_SECONDS = 90
WATCHED_SECONDS = float(os.environ.get("AT_REST_SECONDS", "300"))
TICKS = os.sysconf("SC_CLK_TCK")
WAKES = "import time\nwhile True: time.sleep(1)"
PARTS = (
    ("worker:celery worker", "worker"),
    ("worker:celery beat", "timetable"),
    ("gunicorn", "web"),
    ("postgres", "database"),
    ("valkey", "broker"),
    ("clinic up", "supervisor"),
    ("time.sleep(1)", "floor: wakes each second and does nothing"),
)


def run() -> None:
    """Print the share of one core that each part takes."""
    with tempfile.TemporaryDirectory(prefix="lumbar-") as folder:
        Path(folder).chmod(0o711)
        with house(Path(folder) / "var") as up, subprocess.Popen([sys.executable, "-c", WAKES]) as floor:
            try:
                time.sleep(SETTLE_SECONDS)
                before = _ticks(up.process.pid, floor.pid)
                time.sleep(WATCHED_SECONDS)
                spent = _ticks(up.process.pid, floor.pid)
            finally:
                floor.terminate()
    spent.subtract(before)
    load = " ".join(f"{one:.2f}" for one in os.getloadavg())
    print(f"\nAt rest for {WATCHED_SECONDS:.0f} s, load {load}\n\n| part | of one core |\n|---|---|")
    for _, part in PARTS:
        print(f"| {part} | {_share(spent[part])} |")
    print(f"| all but the floor | {_share(spent.total() - spent[PARTS[-1][1]])} |")


def _share(ticks: int) -> str:
    return f"{ticks / TICKS / WATCHED_SECONDS:.2%}"


def _ticks(*roots: int) -> Counter[str]:
    """Clock ticks that each part has used, by these processes and all that came of them."""
    parents, used = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # It ended meanwhile.
            continue
        pid = int(folder.name)
        parents[pid] = int(words[1])
        used[pid] = command, int(words[11]) + int(words[12])
    found: Counter[str] = Counter()
    for pid, (command, ticks) in used.items():
        above = pid
        while above and above not in roots:
            above = parents.get(above, 0)
        if above:
            found[next((part for mark, part in PARTS if mark in command), "supervisor")] += ticks
    return found
