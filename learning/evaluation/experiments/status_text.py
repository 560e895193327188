"""The result of an experiment as lines for a terminal."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

_PERCENT = {"click_through", "conversion", "zero_results", "degraded"}


def status_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """The lines, from the JSON of `ExperimentResult`, so that a record reads like a status."""
    for name, settings in result["variants"].items():
        changed = ", ".join(f"{key}={value}" for key, value in settings.items())
        yield f"{name}: {changed or 'as set'}"
    yield ""
    visitors, queries = result["visitors"], result["queries"]
    for name, count in visitors.items():
        yield f"{name}: {count} visitors, {queries[name]} queries"
    if result["waiting"]:
        yield f"not yet counted: {result['waiting']} visitors whose window is open"
    for reason, count in result["left_out"].items():
        yield f"left out: {count} visitors, {reason}"
    if ratio := result["sample_ratio"]:
        state = "MISMATCH" if ratio["mismatch"] else "ok"
        yield f"sample ratio: {state} (p = {ratio['p_value']:.2g})"
    yield ""
    yield f"{'metric':<16}{'a':>10}{'b':>10}{'b - a':>10}   95 % at any time"
    for metric in result["metrics"]:
        name = metric["name"]
        cells = [_number(name, metric[key]) for key in ("a", "b", "difference")]
        bounds = f"{_number(name, metric['low'])} to {_number(name, metric['high'])}"
        mark = "*" if metric["primary"] else " "
        yield (
            f"{mark} {name:<14}{cells[0]:>10}{cells[1]:>10}{cells[2]:>10}   {bounds}: "
            + (metric["verdict"])
        )
    yield ""
    for each in result["guardrails"]:
        name = each["name"]
        yield (
            f"{name:<16}{_number(name, each['a']):>10}{_number(name, each['b']):>10}   "
            + (each["state"])
        )
    yield ""
    yield result["verdict"]


def _number(name: str, value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    if name in _PERCENT:
        return f"{100 * value:.2f} %"
    return f"{value:.1f}" if name.endswith("_ms") else f"{value:.4g}"
