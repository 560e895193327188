"""Writes what a system answered as a TREC run: `query_id Q0 doc_id rank score tag`."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from learning.data.exchange.query_texts import write_query_texts
from learning.data.exchange.target_file import write_whole
from learning.data.tables import DatasetError

Answers = Mapping[str, Sequence[str]]  # item ids by query, best first


def write_run(
    path: Path,
    answers: Mapping[str, Answers],
    query_ids: Mapping[str, str] | None = None,
) -> Path | None:
    """Writes the answers of one or more systems, by name, a tag each; several make several files.

    Each file is written whole or not at all. Scores fall by rank, so that ties of the real scores
    do not change the order. The path of the queries' texts, which it writes too unless `query_ids`
    by text are given.
    """
    queries = list(dict.fromkeys(query for each in answers.values() for query in each))
    ids = query_ids or {query: str(number) for number, query in enumerate(queries, 1)}
    for name, of_system in answers.items():
        tag = re.sub(r"\W+", "_", name).strip("_") or "run"
        file = path if len(answers) == 1 else path.with_name(f"{path.stem}.{tag}{path.suffix}")
        write_whole(file, _lines(of_system, ids, tag))
    if query_ids is not None:
        return None
    texts = path.with_name(f"{path.name}.queries.tsv")
    write_query_texts(texts, {ids[query]: query for query in queries})
    return texts


def _lines(answers: Answers, ids: Mapping[str, str], tag: str) -> list[str]:
    lines = []
    for query, item_ids in answers.items():
        for rank, item_id in enumerate(item_ids, 1):
            if len(item_id.split()) != 1:
                raise DatasetError(f"the item id {item_id!r} has a space, which no run can say")
            score = len(item_ids) - rank + 1
            lines.append(f"{ids[query]} Q0 {item_id} {rank} {score} {tag}\n")
    return lines
