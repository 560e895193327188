"""The texts of queries whose ids TREC files name."""

from collections.abc import Mapping
from pathlib import Path

from learning.data.exchange.target_file import write_whole
from learning.data.tables import DatasetError, Remarks, read_text, rows_in

_IDS, _TEXTS = ("query_id", "_id", "id", "qid"), ("query", "text", "title")


def read_query_texts(path: Path) -> dict[str, str]:
    """Texts by id: lines of `id<TAB>text`, or JSON lines of `_id`, `text` and the like.

    Raises DatasetError, which names the line.
    """
    text = read_text(path)
    texts: dict[str, str] = {}
    for number, query_id, query in _pairs(text, path):
        if not (query_id and query):
            raise DatasetError(f"{path}, line {number}: write the id, a tab and the query's text")
        if texts.setdefault(query_id, query) != query:
            raise DatasetError(f"{path}, line {number}: the id {query_id} has another text already")
    return texts


def write_query_texts(path: Path, texts: Mapping[str, str]) -> None:
    """Lines of `id<TAB>text`."""
    lines = (f"{query_id}\t{' '.join(text.split())}\n" for query_id, text in texts.items())
    write_whole(path, lines)


def _pairs(text: str, path: Path) -> list[tuple[int, str, str]]:
    if text.lstrip().startswith("{"):
        remarks = Remarks()
        pairs = [
            (number, _first(row, _IDS), _first(row, _TEXTS))
            for number, row in rows_in(text, path, remarks)
        ]
        if remarks.counts:
            raise DatasetError(f"{path}: {'; '.join(remarks.lines())}")
        return pairs
    lines = [(n, line.partition("\t")) for n, line in enumerate(text.splitlines(), 1) if line]
    return [(number, parts[0].strip(), parts[2].strip()) for number, parts in lines]


def _first(row: Mapping[str, object], names: tuple[str, ...]) -> str:
    values = (row.get(name) for name in names)
    return next((str(value).strip() for value in values if value not in (None, "")), "")
