"""The suggestion for a thousand clients, beside starting Python at all."""

import json
import subprocess
import sys
from pathlib import Path

from bench.timing import interleaved, show

CLIENTS = Path(__file__).parents[1] / "tests" / "guidance" / "clients.json"


def run() -> None:
    """Print what `python -m clinic suggest` costs for none and for a thousand clients."""
    written = [client["facts"] for client in json.loads(CLIENTS.read_text())]
    many = json.dumps([written[number % len(written)] for number in range(1000)])

    def suggest(facts: str) -> None:
        subprocess.run(
            [sys.executable, "-m", "clinic", "suggest", "-"],
            input=facts,
            text=True,
            check=True,
            capture_output=True,
        )

    costs = interleaved({"no client": lambda: suggest("[]"), "1,000 clients": lambda: suggest(many)}, 7, 1)
    show("python -m clinic suggest", costs, "no client")
    beyond = costs["1,000 clients"].p50 - costs["no client"].p50
    print(f"  beyond process start: {beyond:.0f} ms for 1,000 clients")
