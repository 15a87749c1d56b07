"""How long processors worked for a server, which other programs on the machine change less than how long a call took."""

import subprocess
from pathlib import Path


def seconds(program: "subprocess.Popen[bytes]") -> float:
    """The processor time of a server's processes until now: the program itself and those it started."""
    pids = [str(program.pid), *Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()]
    threads = [thread for pid in pids for thread in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
