"""Reads judgments in any of the forms that tools exchange.

`rows` our own: JSON lines or CSV of query, item_id, grade. `qrels`: TREC's `query_id 0 doc_id
grade`, or BEIR's three columns with a header. `quepid`: CSV of query, docid, rating. `workbench`:
JSON of the OpenSearch Search Relevance Workbench, `{"query", "ratings": [{"docId", "rating"}]}` in
a list, by itself, or below `judgmentRatings`.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from learning.data.tables import DatasetError, Remarks, read_text, rows_in

JudgmentFormat = Literal["rows", "qrels", "quepid", "workbench"]
FORMATS: tuple[str, ...] = get_args(JudgmentFormat)
LIST_KEY = "judgmentRatings"
_BEIR = ["query-id", "corpus-id", "score"]
_QUEPID = {"docid": "item_id", "rating": "grade"}
Row = tuple[str, dict[str, Any]]  # where it stands, and {query, item_id, grade}


def judgment_rows(
    path: Path,
    remarks: Remarks,
    wanted: str | None = None,
    query_texts: Mapping[str, str] | None = None,
) -> Iterator[Row]:
    """Yields what stands where; counts what is no row in `remarks`.

    `wanted` None: the format is seen by the content. `query_texts`: of qrels, by id; without them
    the ids are the texts. Raises DatasetError.
    """
    text = read_text(path)
    name = wanted or format_of(text)
    if name == "qrels":
        yield from _qrels(text, remarks, query_texts)
    elif name == "workbench":
        yield from _workbench(text, path, remarks)
    else:
        for number, fields in rows_in(text, path, remarks):
            row = fields
            if name == "quepid":
                lower = {str(key).strip().lower(): value for key, value in row.items()}
                row = {_QUEPID.get(key, key): value for key, value in lower.items()}
                if not str(row.get("grade") or "").strip():
                    remarks.add("not rated", f"line {number}: {str(row.get('item_id'))[:60]}")
                    continue
            yield f"line {number}", row


def format_of(text: str) -> str:
    """Which of FORMATS a file's text looks like; `rows` where it looks like none."""
    start = text.lstrip()
    first = start.partition("\n")[0].strip()
    if start.startswith(("{", "[")):
        head = start[:100_000]
        return "workbench" if f'"{LIST_KEY}"' in head or '"ratings"' in head else "rows"
    columns = first.split()
    if columns == _BEIR or (len(columns) == 4 and "," not in first):
        return "qrels"
    names = {name.strip().strip('"').lower() for name in first.split(",")}
    return "quepid" if {"docid", "rating"} <= names else "rows"


def _qrels(text: str, remarks: Remarks, query_texts: Mapping[str, str] | None) -> Iterator[Row]:
    lines = text.splitlines()
    is_beir = bool(lines) and lines[0].split() == _BEIR
    columns = 3 if is_beir else 4
    for number, line in enumerate(lines, 1):
        parts = line.split("\t") if is_beir else line.split()
        if not line.strip() or (is_beir and number == 1):
            continue
        if len(parts) != columns:
            remarks.add(f"not {columns} columns", f"line {number}: {line[:60]!r}")
            continue
        query, item_id, grade = parts[0].strip(), parts[-2].strip(), parts[-1].strip()
        if query_texts is not None:
            if query not in query_texts:
                remarks.add("the query's text is missing", f"line {number}: {query}")
                continue
            query = query_texts[query]
        # TREC's -1 and -2 are junk: as little worth as what is not relevant.
        grade = "0" if grade in ("-1", "-2") else grade
        yield f"line {number}", {"query": query, "item_id": item_id, "grade": grade}


def _workbench(text: str, path: Path, remarks: Remarks) -> Iterator[Row]:
    for where, entry in _entries(text, path, remarks):
        ratings = entry.get("ratings") if isinstance(entry, dict) else None
        if not isinstance(ratings, list) or not isinstance(entry, dict):
            remarks.add("no query with ratings", f"{where}: {str(entry)[:60]}")
            continue
        for number, rating in enumerate(ratings, 1):
            origin = f"{where}, rating {number}"
            if not isinstance(rating, dict):
                remarks.add("no rating", f"{origin}: {str(rating)[:60]}", "rating")
                continue
            fields = {"item_id": rating.get("docId"), "grade": rating.get("rating")}
            yield origin, {"query": entry.get("query"), **fields}


def _entries(text: str, path: Path, remarks: Remarks) -> Iterator[tuple[str, Any]]:
    """The queries with their ratings, and the line on which each begins."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        if text.lstrip().startswith("{") and error.msg == "Extra data":  # JSON lines
            yield from ((f"line {n}", row) for n, row in rows_in(text, path, remarks))
            return
        raise DatasetError(
            f"{path}, line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    if isinstance(document, dict) and "ratings" in document:
        document = [document]
    for entry in document if isinstance(document, list) else [document]:
        if isinstance(entry, dict) and LIST_KEY in entry:
            document = entry[LIST_KEY]
    if not isinstance(document, list):
        raise DatasetError(f"{path} has no list of queries with ratings (`{LIST_KEY}`)")
    lines = _lines_of(text)
    for number, entry in enumerate(document):
        yield (f"line {lines[number]}" if number < len(lines) else f"query {number + 1}"), entry


def _lines_of(text: str) -> list[int]:
    """The lines on which the elements of the list of queries begin."""
    key = text.find(f'"{LIST_KEY}"')
    start = text.find("[", max(key, 0))
    if key < 0 and text.lstrip().startswith("{"):
        return [1]
    lines: list[int] = []
    decoder, position = json.JSONDecoder(), start + 1
    while True:
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        if position >= len(text) or text[position] == "]":
            return lines
        lines.append(text.count("\n", 0, position) + 1)
        try:
            _, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError:
            return lines
