"""How the benchmarks measure: interleaved rounds, medians, ratios."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What one call took, in milliseconds."""

    p50: float
    p95: float
    samples: int

    def over(self, floor: "Cost") -> str:
        """The ratio of the medians, as it is printed."""
        return f"{self.p50 / floor.p50:.2f} x"

    def __str__(self) -> str:
        return f"p50 {self.p50:8.3f} ms   p95 {self.p95:8.3f} ms   n {self.samples}"


def interleaved(calls: dict[str, Callable[[], object]], rounds: int, warm: int = 3) -> dict[str, Cost]:
    """Time each call `rounds` times, in turn, so that what else the machine does falls on all alike."""
    for call in calls.values():
        for _ in range(warm):
            call()
    seen: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            begun = time.perf_counter()
            call()
            seen[name].append((time.perf_counter() - begun) * 1000)
    return {name: _cost(times) for name, times in seen.items()}


def _cost(times: list[float]) -> Cost:
    ordered = sorted(times)
    return Cost(statistics.median(ordered), ordered[int(len(ordered) * 0.95)], len(ordered))


def show(title: str, costs: dict[str, Cost], floor: str) -> None:
    """Print a table with the ratio of each row to the floor."""
    print(f"\n{title}")
    for name, cost in costs.items():
        print(f"  {name:44} {cost}   {cost.over(costs[floor])}")
