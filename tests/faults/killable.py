"""One step of the product in a process of its own, begun on a word and killed with all that it started.

Started as `python -m tests.faults.killable`; each line on its input is JSON: a step's name, its words, and what
its environment has besides. What answers is the id of the
process, then `begins`, and `ended` with its status once it is gone. The product is imported once, so that what is killed is the step.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from clinic.background import create_background_app
from clinic.backup import nightly
from clinic.cli import main
from clinic.exports import building
from clinic.maintenance import sweeps

STEPS: dict[str, Callable[[], None]] = {
    "backup": nightly.back_up,
    "export": building.build_data_exports,
    "erasure": sweeps.erase_granted,
}


class Killable:
    """Runs steps, and kills them at random moments."""

    def __init__(self, process: subprocess.Popen[str], rolls: random.Random) -> None:
        self._process, self._rolls = process, rolls
        self.seconds: dict[str, float] = {}
        self.killed = 0

    def run(self, step: str, *words: str, **environment: str) -> int:
        """To its end; returns its status."""
        _, begun = self._begin(step, words, environment)
        status = self._ended()
        self.seconds[step] = time.monotonic() - begun
        return status

    def kill(self, step: str, *words: str, **environment: str) -> None:
        """At a random moment of the time that it took when it was last let run, or a little later."""
        pid, _ = self._begin(step, words, environment)
        threading.Event().wait(self._rolls.uniform(0.0, self.seconds[step] * 1.1))
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        self.killed += self._ended() < 0

    def _begin(self, step: str, words: Sequence[str], environment: Mapping[str, str]) -> tuple[int, float]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([step, words, environment]) + "\n")
        self._process.stdin.flush()
        pid = int(self._line())
        assert self._line() == "begins"
        return pid, time.monotonic()

    def _ended(self) -> int:
        word, status = self._line().split()
        assert word == "ended"
        return int(status)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def killable(environment: dict[str, str], seed: int) -> Iterator[Killable]:
    """A process that runs steps with these settings."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.killable"],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield Killable(process, random.Random(seed))
        process.kill()


def _serve() -> None:
    for line in sys.stdin:
        step, words, environment = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os.environ.update(environment)
            _live(step, words)
        _, status = os.waitpid(pid, 0)
        print("ended", os.waitstatus_to_exitcode(status), flush=True)


def _live(step: str, words: list[str]) -> None:
    os.setsid()
    print(os.getpid(), flush=True)
    sys.stdin = open(os.devnull)  # noqa: SIM115 - as long as the process
    status = 1
    try:
        if step in STEPS:
            with create_background_app().app_context():
                print("begins", flush=True)
                sys.stdout = sys.stderr
                STEPS[step]()
            status = 0
        else:
            print("begins", flush=True)
            sys.stdout = sys.stderr
            main([step, *words])
    except SystemExit as ended:
        status = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    _serve()
