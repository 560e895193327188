"""Writes judgments in the forms of other tools."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

from learning.data.exchange.query_texts import write_query_texts
from learning.data.exchange.target_file import write_whole
from learning.data.tables import DatasetError

Grades = Mapping[str, Mapping[str, float]]  # by query and item


def write_judgments(
    path: Path, grades: Grades, wanted: str, query_ids: Mapping[str, str] | None = None
) -> Path | None:
    """Writes them as one of `judgment_rows.FORMATS`.

    Of qrels the path of the queries' texts, which it writes too unless `query_ids` by text are
    given; else None. Raises DatasetError for what the format can't say, or where it can't write.
    """
    if wanted == "qrels":
        return _write_qrels(path, grades, query_ids)
    writers = {"rows": _rows, "quepid": _quepid, "workbench": _workbench}
    write_whole(path, [writers[wanted](grades)])
    return None


def _write_qrels(path: Path, grades: Grades, query_ids: Mapping[str, str] | None) -> Path | None:
    ids = query_ids
    if ids is None:
        ids = {query: str(number) for number, query in enumerate(grades, 1)}
    lines = []
    for query, of_query in grades.items():
        if query not in ids:
            raise DatasetError(f"the query {query!r} has no id in the file of queries")
        for item_id, grade in of_query.items():
            if len(item_id.split()) != 1:
                raise DatasetError(
                    f"the item id {item_id!r} has a space, which qrels can't say: use --to rows, "
                    "quepid or workbench"
                )
            if grade != int(grade):
                raise DatasetError(
                    f"the grade {grade:g} of {item_id} for {query!r} is no whole number, which "
                    "qrels are made of: use --to rows, quepid or workbench"
                )
            lines.append(f"{ids[query]} 0 {item_id} {int(grade)}\n")
    write_whole(path, lines)
    if query_ids is not None:
        return None
    texts = path.with_name(f"{path.name}.queries.tsv")
    write_query_texts(texts, {number: query for query, number in ids.items()})
    return texts


def _rows(grades: Grades) -> str:
    return "".join(
        json.dumps({"query": query, "item_id": item_id, "grade": grade}, ensure_ascii=False) + "\n"
        for query, of_query in grades.items()
        for item_id, grade in of_query.items()
    )


def _quepid(grades: Grades) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["query", "docid", "rating"])
    for query, of_query in grades.items():
        writer.writerows([query, item_id, f"{grade:g}"] for item_id, grade in of_query.items())
    return text.getvalue()


def _workbench(grades: Grades) -> str:
    """The body of `PUT _plugins/_search_relevance/judgments`; it takes ratings as texts."""
    entries = [
        {
            "query": query,
            "ratings": [{"docId": item, "rating": f"{grade:g}"} for item, grade in rated.items()],
        }
        for query, rated in grades.items()
    ]
    body = {
        "name": "Live Intent judgments",
        "description": "Made by live-intent judgments convert",
        "type": "IMPORT_JUDGMENT",
        "judgmentRatings": entries,
    }
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"
