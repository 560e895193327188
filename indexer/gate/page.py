"""A comparison of two indexes as a page: self-contained, without a script."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from importlib import resources
from pathlib import Path

from indexer.gate.comparison import ComparedQuery, Comparison
from indexer.gate.replay import IndexAnswer
from indexer.gate.table import is_different, summary
from plugin_config.errors import SettingsError

MOST_LISTED = 100  # queries whose hits are listed
BANDS = ((0.0, "none"), (0.2, "to 0.2"), (0.4, "to 0.4"), (0.6, "to 0.6"), (0.8, "to 0.8"),
         (0.999, "below 1"), (1.0, "all ten"))  # fmt: skip


def write_page(comparison: Comparison, path: Path) -> None:
    """Writes the page in place of what is there. Raises SettingsError."""
    made_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_text(page_of(comparison, made_at), encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        raise SettingsError(f"--report {path} can't be written: {error.strerror}") from error


def page_of(comparison: Comparison, made_at: str) -> str:
    """The page as HTML. Only queries of enough sessions are on it; texts are shown as text."""
    style = resources.files("indexer.gate").joinpath("page.css").read_text(encoding="utf-8")
    title = "Two indexes, the same queries"
    shown = [row for row in comparison.shown if is_different(row)]
    body = [
        f"<header><h1>{title}</h1><p>before <code>{escape(comparison.before)}</code></p>"
        f"<p>after <code>{escape(comparison.after)}</code></p></header><main>",
        _tiles(comparison),
        _bands(comparison.rows),
        _table(shown),
        _hit_lists(shown[:MOST_LISTED]),
        f"</main><footer>{''.join(f'<p>{escape(line)}</p>' for line in summary(comparison))}"
        f"<p>Made at {escape(made_at)} without merchandisers’ rules and for no visitor.</p>"
        "</footer>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        f'<link rel="icon" href="data:,"><title>{title}</title>'
        f"<style>{style}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _tiles(comparison: Comparison) -> str:
    tiles = (
        (str(len(comparison.rows)), f"queries of the last {comparison.days:g} days"),
        (f"{comparison.overlap:.2f}", "mean overlap of the first ten hits"),
        (str(comparison.other_first), "have another first hit"),
        (str(comparison.newly_empty), "have no hits any more"),
    )
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for value, name in tiles)
    return f'<dl class="tiles">{cells}</dl>'


def _bands(rows: Sequence[ComparedQuery]) -> str:
    """How many queries have how much in common, as bars."""
    counts, below = [], -1.0
    for most, name in BANDS:
        counts.append((name, sum(below < row.overlap <= most for row in rows)))
        below = most
    highest = max((count for _, count in counts), default=0) or 1
    bars = "".join(
        f'<tr><th scope="row">{name}</th><td><span class="bar" style="width:'
        f'{100 * count / highest:.0f}%"></span></td><td>{count}</td></tr>'
        for name, count in counts
    )
    return (
        "<section><h2>How much the answers have in common</h2>"
        '<table class="bands"><caption>Queries by overlap@10: the share of the first ten hits that '
        f'both indexes have</caption><thead><tr><th scope="col">overlap</th><th scope="col">'
        f'<span class="unseen">share</span></th><th scope="col">queries</th></tr></thead><tbody>'
        f"{bars}</tbody></table></section>"
    )


def _table(rows: Sequence[ComparedQuery]) -> str:
    if not rows:
        return "<section><h2>Queries that differ</h2><p>None that may be shown.</p></section>"
    head = ("query", "asked", "overlap", "first hit before", "first hit after", "results before",
            "after")  # fmt: skip
    cells = "".join(f'<th scope="col">{name}</th>' for name in head)
    lines = "".join(_row(number, row) for number, row in enumerate(rows))
    return (
        '<section><h2>Queries that differ</h2><div class="wide" role="region" tabindex="0" '
        'aria-label="Queries that differ"><table class="queries"><caption>The most different '
        f"first</caption><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table></div>"
        "</section>"
    )


def _row(number: int, row: ComparedQuery) -> str:
    query = escape(row.query.text)
    linked = f'<a href="#q{number}">{query}</a>' if number < MOST_LISTED else query
    after = '<span class="quiet">the same</span>'
    if not row.same_first:
        after = escape(row.after.first_title) or '<span class="bad">no hits</span>'
    before = escape(row.before.first_title) or '<span class="quiet">no hits</span>'
    total = f'<strong class="bad">{row.after.total}</strong>'
    return (
        f'<tr><th scope="row">{linked}</th><td class="number">{row.query.times}</td>'
        f'<td class="number">{row.overlap:.1f}</td><td>{before}</td><td>{after}</td>'
        f'<td class="number">{row.before.total}</td>'
        f'<td class="number">{total if row.newly_empty else row.after.total}</td></tr>'
    )


def _hit_lists(rows: Sequence[ComparedQuery]) -> str:
    if not rows:
        return ""
    cards = "".join(
        f'<article id="q{number}"><h3>{escape(row.query.text)}</h3><p class="quiet">asked '
        f"{row.query.times} times, overlap {row.overlap:.1f}</p><div class=pair>"
        f"{_hits('before', row.before, row.after, 'gone')}"
        f"{_hits('after', row.after, row.before, 'new')}</div></article>"
        for number, row in enumerate(rows)
    )
    return f"<section><h2>Their first hits</h2>{cards}</section>"


def _hits(name: str, answer: IndexAnswer, other: IndexAnswer, mark: str) -> str:
    """A list of hits; one that the other list lacks is marked."""
    if not answer.item_ids:
        return f'<div><h4>{name}</h4><p class="bad">no hits</p></div>'
    hits = "".join(
        f'<li class="{mark}">{escape(title or item_id)} <em>{mark}</em></li>'
        if item_id not in other.item_ids
        else f"<li>{escape(title or item_id)}</li>"
        for item_id, title in zip(answer.item_ids, answer.titles, strict=True)
    )
    return f"<div><h4>{name}</h4><ol>{hits}</ol></div>"
