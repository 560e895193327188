"""Runs in TREC's format."""

from pathlib import Path

import pytest

from learning.data.exchange.run_file import write_run
from learning.data.tables import DatasetError


def test_a_run_is_written_with_the_texts_of_its_queries(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    texts = write_run(path, {"words": {"red phone": ["b", "a"], "lamp": []}})
    assert path.read_text() == "1 Q0 b 1 2 words\n1 Q0 a 2 1 words\n"
    assert texts == tmp_path / "run.txt.queries.tsv"
    assert texts.read_text() == "1\tred phone\n2\tlamp\n"


@pytest.mark.parametrize("item_id", ["two words", "half \ud800".replace(" ", "")])
def test_a_run_that_can_not_be_written_whole_leaves_the_file_as_it_was(
    tmp_path: Path, item_id: str
) -> None:
    path = tmp_path / "run.txt"
    path.write_text("before")
    with pytest.raises(DatasetError):
        write_run(path, {"words": {"red phone": ["a"], "lamp": [item_id]}})
    assert [each.name for each in tmp_path.iterdir()] == ["run.txt"]
    assert path.read_text() == "before"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        write_run(tmp_path / "nowhere" / "run.txt", {"words": {"red phone": ["a"]}})
