"""What the tests of this folder run as a separate process, to be killed: `python -m tests.embedded.script VERB FOLDER`.

It says on standard output when it is ready, and then waits for its end.
"""

import signal
import subprocess
import sys
from pathlib import Path

from clinic.embedded.leash import Leash
from clinic.embedded.servers import servers


def hold_servers(folder: Path) -> None:
    """Run both servers, and wait."""
    with servers(folder, durable=True) as urls:
        print(urls.superuser, flush=True)
        signal.pause()


def hold_a_group(folder: Path) -> None:
    """Keep a stubborn shell with a child on a leash, tied to us by nothing else, and wait."""
    with Leash() as leash:
        stubborn = subprocess.Popen(
            ["sh", "-c", "trap '' TERM; sleep 300 & echo $!; wait"], process_group=0, stdout=subprocess.PIPE
        )
        leash.hold(stubborn.pid, by=signal.SIGTERM)
        assert stubborn.stdout is not None
        child = stubborn.stdout.readline().decode().strip()
        print(leash.watcher.pid, stubborn.pid, child, flush=True)
        signal.pause()


if __name__ == "__main__":
    {"servers": hold_servers, "group": hold_a_group}[sys.argv[1]](Path(sys.argv[2]))
