"""Measures of this process in the Prometheus text format (exposition format 0.0.4): counters, gauges, histograms."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

Labels = tuple[tuple[str, str], ...]
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_lock = threading.Lock()


class Metric:
    """A named family of samples. Make one at module level; the name says the unit (`_seconds`, `_bytes`, `_total`)."""

    def __init__(self, name: str, help_text: str, kind: str) -> None:
        self.name, self.help, self.kind = name, help_text, kind
        self.samples: dict[tuple[str, Labels], float] = {}
        REGISTRY.append(self)

    def _add(self, suffix: str, labels: dict[str, str], amount: float) -> None:
        key = (suffix, tuple(sorted(labels.items())))
        self.samples[key] = self.samples.get(key, 0.0) + amount

    def lines(self) -> Iterable[str]:
        """The family in the text format."""
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} {self.kind}"
        with _lock:
            samples = list(self.samples.items())
        for (suffix, labels), value in samples:
            yield f"{self.name}{suffix}{_written(labels)} {value:.12g}"


REGISTRY: list[Metric] = []


class Counter(Metric):
    """Only goes up."""

    def __init__(self, name: str, help_text: str) -> None:
        super().__init__(name, help_text, "counter")

    def add(self, amount: float = 1, **labels: str) -> None:
        """Count `amount` more."""
        with _lock:
            self._add("", labels, amount)


class Gauge(Metric):
    """Goes up and down; set it, or give `read`, which is called when somebody looks."""

    def __init__(self, name: str, help_text: str, read: Callable[[], float] | None = None) -> None:
        super().__init__(name, help_text, "gauge")
        self.read = read

    def set(self, value: float, **labels: str) -> None:
        """The value now."""
        with _lock:
            self.samples["", tuple(sorted(labels.items()))] = value

    def lines(self) -> Iterable[str]:
        """The family in the text format."""
        if self.read is not None:
            self.set(self.read())
        yield from super().lines()


class Histogram(Metric):
    """How values spread: seconds by default."""

    def __init__(self, name: str, help_text: str, buckets: tuple[float, ...] = _BUCKETS) -> None:
        super().__init__(name, help_text, "histogram")
        self.buckets = buckets

    def observe(self, value: float, **labels: str) -> None:
        """Count one value."""
        with _lock:
            for bound in self.buckets:
                self._add("_bucket", {**labels, "le": f"{bound:g}"}, float(value <= bound))
            self._add("_bucket", {**labels, "le": "+Inf"}, 1)
            self._add("_sum", labels, value)
            self._add("_count", labels, 1)


def exposition() -> str:
    """All families as one text."""
    return "\n".join(line for metric in REGISTRY for line in metric.lines()) + "\n"


def _written(labels: Labels) -> str:
    if not labels:
        return ""
    escaped = (f'{name}="{_escape(value)}"' for name, value in labels)
    return "{" + ",".join(escaped) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
