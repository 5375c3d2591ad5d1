"""What the user asked the benchmark to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    providers: list[str]
    workloads: list[str]
    rounds: int = 7
    scale: float = 1.0  # multiplies the steps of a timed block
    timeout: float = 180.0

    def turn(self, number: int) -> list[str]:
        """The order of round ``number``: each provider comes first in turns."""
        k = number % len(self.providers)
        return self.providers[k:] + self.providers[:k]

    def repeats(self, share: float, least: int = 1) -> int:
        return max(least, int(self.rounds * share))
