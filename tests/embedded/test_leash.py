"""Nothing outlives the one that started it."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from clinic.embedded import leash
from clinic.embedded.leash import Leash
from tests.embedded.processes import PATIENCE_SECONDS, eventually, lives, started

SCRIPT = ("-m", "tests.embedded.script")


def waiting() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "300"], process_group=0)


def test_a_held_group_ends_with_a_killed_holder_even_when_it_will_not_listen(tmp_path: Path) -> None:
    with started(*SCRIPT, "group", str(tmp_path)) as holder:
        assert holder.stdout is not None
        watcher, stubborn, child = map(int, holder.stdout.readline().split())
        assert all(map(lives, (watcher, stubborn, child)))
        holder.kill()
        assert eventually(lambda: not any(map(lives, (watcher, stubborn, child))))


def test_closing_the_leash_ends_what_it_holds() -> None:
    held, process = Leash(), waiting()
    held.hold(process.pid, by=signal.SIGTERM)
    closing = threading.Thread(target=held.close)
    closing.start()
    assert process.wait(PATIENCE_SECONDS) == -signal.SIGTERM
    closing.join()


def test_a_released_group_is_left_alone() -> None:
    process = waiting()
    try:
        with Leash() as held:
            held.hold(process.pid, by=signal.SIGTERM)
            held.release(process.pid)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_a_killed_watcher_does_not_break_its_owner() -> None:
    process = waiting()
    with Leash() as held:
        held.watcher.kill()
        held.watcher.wait()
        held.hold(process.pid, by=signal.SIGTERM)
        held.release(process.pid)
    assert process.poll() is None
    process.kill()
    process.wait()


def test_a_tied_command_runs_under_its_own_name_and_number() -> None:
    with subprocess.Popen(
        leash.tied(["sh", "-c", "echo $$"], by=signal.SIGTERM), stdout=subprocess.PIPE
    ) as process:
        out, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert int(out) == process.pid


def test_a_command_whose_parent_died_first_is_not_run() -> None:
    stranger = str(os.getppid())
    answer = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            leash.__file__,
            "tie",
            str(int(signal.SIGTERM)),
            stranger,
            "echo",
            "ran",
        ],
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )
    assert answer.stdout == b""
