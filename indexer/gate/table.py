"""A comparison of two indexes as a table of text."""

from indexer.gate.comparison import ComparedQuery, Comparison

WIDEST = 40  # characters of a query or a title
HEAD = ("QUERY", "ASKED", "OVERLAP@10", "FIRST HIT BEFORE", "AFTER", "RESULTS", "AFTER")
RIGHT = {1, 2, 5, 6}  # columns of numbers


def table_lines(comparison: Comparison) -> list[str]:
    """The whole comparison in words, then each query that differs, the most different first."""
    if not comparison.rows:
        return [f"no queries in the log of the last {comparison.days:g} days: nothing to compare"]
    different = [row for row in comparison.shown if is_different(row)]
    lines = [f"{comparison.before} -> {comparison.after}", *summary(comparison)]
    if different:
        rows = [HEAD, *map(_cells, different)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
        lines += ["", *(_line(row, widths) for row in rows)]
    return lines


def summary(comparison: Comparison) -> list[str]:
    """What there is to say of all queries together."""
    rows, hidden = comparison.rows, comparison.hidden
    same = sum(not is_different(row) for row in rows)
    lines = [
        f"{len(rows)} queries of the last {comparison.days:g} days: mean overlap@10 "
        f"{comparison.overlap:.3f}; {same} have the same hits in the same order",
        f"{comparison.other_first} have another first hit, {comparison.newly_empty} no hits any "
        "more",
    ]
    if hidden:
        mean = sum(row.overlap for row in hidden) / len(hidden)
        lines.append(
            f"{len(hidden)} of them were typed by too few sessions to be shown "
            f"(LIVE_INTENT_SUGGEST_MIN_SESSIONS): their mean overlap@10 is {mean:.3f}"
        )
    return lines


def is_different(row: ComparedQuery) -> bool:
    """Whether the first ten hits or the number of results differ."""
    return row.before.item_ids != row.after.item_ids or row.before.total != row.after.total


def _cells(row: ComparedQuery) -> tuple[str, ...]:
    empty = " (none now)" if row.newly_empty else ""
    return (
        _cut(row.query.text),
        str(row.query.times),
        f"{row.overlap:.2f}",
        _cut(row.before.first_title),
        "the same" if row.same_first else _cut(row.after.first_title),
        str(row.before.total),
        f"{row.after.total}{empty}",
    )


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = (
        cell.rjust(width) if column in RIGHT else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(padded).rstrip()


def _cut(text: str) -> str:
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= WIDEST else plain[: WIDEST - 1] + "…"
