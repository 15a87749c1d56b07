"""A benchmark that is ended leaves nothing behind."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import eventually
from tests.stage import ROOT

SERVERS = ("postgres", "valkey-server")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a name short enough for sockets in it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        yield Path(made)


def test_a_benchmark_that_is_ended_ends_its_servers(folder: Path) -> None:
    bench = subprocess.Popen(
        [sys.executable, "-m", "bench", "frozen-broker"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert eventually(lambda: all(name in " ".join(working_in(folder)) for name in SERVERS), 300)
        bench.send_signal(signal.SIGTERM)
        assert bench.wait(600) == 128 + signal.SIGTERM
        assert working_in(folder) == []
        assert list(folder.iterdir()) == []
    finally:
        bench.kill()
        bench.wait()


def working_in(folder: Path) -> list[str]:
    """The command lines that name a folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # It ended meanwhile.
        if str(folder) in line:
            found.append(line)
    return found
