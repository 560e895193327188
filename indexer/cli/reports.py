"""Reports of the commands, as lines of text and as JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from indexer.catalogue.changes.item_changes import ChangesSurvey
    from indexer.catalogue.notes import UnreadValues
    from indexer.catalogue.survey.survey import Survey
    from indexer.cli.status import IndexStatus, Status
    from indexer.index.live.updates import UpdateReport
    from indexer.index.rebuilding.rebuild_report import RebuildReport
    from indexer.settings import IndexSettings
    from indexer.suggestions.build import SuggestionsReport


def output(report: Any, lines: list[str], as_json: bool) -> str:
    """What a command prints: a report dataclass as indented JSON, or its lines."""
    if as_json:
        return orjson.dumps(asdict(report), default=str, option=orjson.OPT_INDENT_2).decode()
    return "\n".join(lines)


def rebuild_lines(report: "RebuildReport", alias: str) -> list[str]:
    """What a rebuild did, and how to undo it."""
    unchanged = ", unchanged: it has every row already, and stays" if report.unchanged else ""
    lines = [
        f"{alias} -> {report.index}{unchanged}",
        f"{report.count} items from {report.rows} rows in {report.seconds:.1f} s "
        f"({report.items_per_s:.0f} items/s)",
    ]
    if report.resumed:
        lines.append(f"{report.resumed} of the items were in it already, from an earlier try")
    if report.reused and not report.unchanged:
        lines.append(
            f"vectors: {report.reused} taken over from {report.previous}, {report.encoded} encoded"
        )
    if report.rejects:
        where = f", see {report.rejects_file}" if report.rejects_file else ""
        lines.append(f"{report.rejects} bad rows left out{where}")
    lines += report.reading.lines()
    lines += value_lines(report.unread, report.overruled)
    if report.carried or report.superseded:
        lines.append(
            f"{report.carried} items written live meanwhile were taken over, {report.superseded} "
            "rows were overtaken by live writes"
        )
    if report.retries:
        lines.append(f"{report.retries} bulk requests were sent again: the cluster was busy")
    if report.checks:
        lines += [
            "checked:" if report.unchanged else "checked before the swap:",
            *(f"  {check.line}" for check in report.checks),
        ]
    if report.removed:
        lines.append("removed: " + ", ".join(report.removed))
    if report.previous and report.previous not in report.removed:
        lines.append(f"back to {report.previous}: live-intent index rollback")
    return lines


def suggestions_lines(report: "SuggestionsReport", alias: str) -> list[str]:
    """What suggestions there are now, and what of the log is none."""
    lines = [
        f"{alias} -> {report.index}",
        f"{report.queries} queries ({report.from_log} of the log), {report.categories} categories "
        f"and {report.brands} brands are suggested ({report.seconds:.1f} s)",
    ]
    left_out = {
        "typed by too few sessions": report.too_few_visitors,
        "that look personal": report.personal,
        "without items": report.without_items,
    }
    counted = [f"{count} {reason}" for reason, count in left_out.items() if count]
    if counted:
        lines.append("queries of the log left out: " + ", ".join(counted))
    return lines


def survey_lines(surveyed: "Survey", settings: "IndexSettings") -> list[str]:
    """What a dry run read, rejected and left out."""
    from indexer.catalogue.survey.attribute_report import AttributeReport
    from indexer.catalogue.words.languages import LanguageChoice, language_lines

    lines = [f"{surveyed.items} items in {surveyed.rows} rows; nothing was written"]
    if surveyed.rejects:
        lines.append(f"{surveyed.rejects} bad rows, see {surveyed.rejects_file}")
    lines += surveyed.reading.lines()
    lines += AttributeReport.of(surveyed).lines()
    chosen = LanguageChoice.parse(settings.languages)
    languages = chosen.languages(surveyed.languages, settings.analyzer)
    lines += language_lines(languages, surveyed.languages.items)
    lines += value_lines(surveyed.notes.unread, surveyed.notes.overruled)
    if surveyed.sample:
        lines.append("one item is embedded as: " + surveyed.sample[0][1].text)
    return lines


def update_lines(report: "UpdateReport", word: str) -> list[str]:
    """What an upsert or a delete did."""
    from indexer.catalogue.survey.attribute_report import first_lines

    lines = [f"{report.written} items {word} in {', '.join(report.indexes) or 'no index'}"]
    lines += first_lines(report.attributes)
    if report.not_found:
        lines.append(f"{len(report.not_found)} were not there: {_some(report.not_found)}")
    if report.superseded:
        lines.append(
            f"{len(report.superseded)} have a newer version already: {_some(report.superseded)}"
        )
    if report.refused:
        lines.append(
            f"{len(report.refused)} were refused by the cluster and are dead letters, to be fed to "
            "live-intent index follow --until-end when that is fixed:"
        )
        first = list(report.refused.items())[:5]
        lines += [f"  item {item_id}: {reason}" for item_id, reason in first]
    if report.vanished:
        lines.append("replaced by rows without some of their fields; what vanished:")
        for name, count in sorted(report.vanished.items()):
            lines.append(f"  {name} of {count} items ({report.examples[name]})")
        lines.append("to change some fields and keep the others: live-intent index update")
    return lines


def changes_lines(report: "UpdateReport", surveyed: "ChangesSurvey") -> list[str]:
    """What an update changed, by field, and the values that it could not read."""
    from indexer.catalogue.survey.attribute_report import private_lines

    lines = update_lines(report, "updated")
    counts = [f"{name} ({count} rows)" for name, count in sorted(surveyed.fields.items())]
    lines.append("given: " + _some(counts, 20))
    lines += surveyed.reading.lines()
    lines += private_lines(surveyed.notes.private)
    return lines + value_lines(surveyed.notes.unread, surveyed.notes.overruled)


def status_lines(status: "Status") -> list[str]:
    """A table, the newest index first."""
    if not status.indexes:
        return [
            f"no items index: the alias {status.alias} points nowhere (LIVE_INTENT_INDEX_PREFIX?)"
        ]
    head = ("INDEX", "ROLE", "ITEMS", "SIZE", "AGE", "ENCODER", "LAYOUT", "ANALYZER", "BUNDLE")
    rows = [head, *(_row(each) for each in status.indexes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [f"{status.alias} -> {status.live or '(nothing)'}"]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
    lines += [
        f"{each.index} is being filled by process {each.process}"
        for each in status.indexes
        if each.role == "building"
    ]
    for each in status.indexes:
        if each.role == "refused":
            lines.append(f"{each.index} was refused by the gate before the swap:")
            lines += [f"  {reason}" for reason in each.reasons]
            lines.append(f"  to use it all the same: live-intent index activate {each.index}")
            lines.append(f"  to delete it: live-intent index discard {each.index}")
    return lines


def _row(each: "IndexStatus") -> tuple[str, ...]:
    return (
        each.index,
        each.role,
        "-" if each.items is None else str(each.items),
        "-" if each.size_bytes is None else f"{each.size_bytes / 1e6:.1f} MB",
        _age(each.age_s),
        f"{each.encoder} {each.fingerprint[:8]}",
        each.layout,
        each.analyzer,
        "here" if each.bundle_here else "missing",
    )


def _age(seconds: float) -> str:
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} s"


def value_lines(unread: Mapping[str, "UnreadValues"], overruled: int) -> list[str]:
    """By field, how many values could not be read; how many rows a later one replaced."""
    lines = [
        f"{each.count} values of {name} could not be read, their items have none: "
        + "; ".join(each.examples)
        for name, each in sorted(unread.items())
    ]
    if unread:
        lines.append("what is understood: docs/catalogues.md; --strict rejects such rows instead")
    if overruled:
        lines.append(f"{overruled} rows were replaced by a later one with the same item_id")
    return lines


def _some(names: "list[str] | tuple[str, ...]", most: int = 5) -> str:
    return ", ".join(names[:most]) + (f", ... ({len(names)})" if len(names) > most else "")
