"""The survey: rejects file, limit of rejects, sample."""

import json
import resource
from pathlib import Path

import pytest

from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap, MappingError
from indexer.catalogue.rejects import Reject, RejectLimit, RejectsFile, TooManyRejects
from indexer.catalogue.survey.survey import Survey, survey
from indexer.progress import Silence
from plugin_config.errors import SettingsError


def run(
    path: Path, limit: str, rejects: Path | None = None, sample: int = 10, **map_: str
) -> Survey:
    mapping = ColumnMap.parse([f"{name}={column}" for name, column in map_.items()])
    with CatalogueSource(path, mapping).open() as catalogue:
        return survey(
            catalogue,
            rejects_file=rejects,
            limit=RejectLimit.parse(limit),
            sample_items=sample,
            progress=Silence(),
        )


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    """100 rows, 7 of them without a title."""
    file = tmp_path / "dirty.jsonl"
    rows = [
        {"item_id": str(n), "title": "" if n % 15 == 2 else f"item {n}", "popularity": n}
        for n in range(100)
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


def test_rejects_go_to_the_file(dirty: Path, tmp_path: Path) -> None:
    file = tmp_path / "rejects.jsonl"
    surveyed = run(dirty, "10%", file)
    assert (surveyed.rows, surveyed.items, surveyed.rejects) == (100, 93, 7)
    rejects = [json.loads(line) for line in file.read_text().splitlines()]
    assert [each["line"] for each in rejects] == [3, 18, 33, 48, 63, 78, 93]
    assert rejects[0]["reason"] == "title is missing"
    assert json.loads(rejects[0]["raw"])["item_id"] == "2"
    assert surveyed.statistics.items == 93
    assert surveyed.statistics.max_popularity == 99


def test_a_clean_catalogue_leaves_no_rejects_file(tmp_path: Path) -> None:
    catalogue, file = tmp_path / "clean.jsonl", tmp_path / "rejects.jsonl"
    catalogue.write_text('{"item_id": "1", "title": "one"}\n')
    file.write_text("of an earlier run")
    assert run(catalogue, "0", file).rejects_file is None
    assert not file.exists()


@pytest.mark.parametrize("limit", ["6%", "6", "0", "0%"])
def test_more_rejects_than_the_limit_stop_the_survey(
    dirty: Path, tmp_path: Path, limit: str
) -> None:
    file = tmp_path / "rejects.jsonl"
    with pytest.raises(TooManyRejects, match="nothing was written to the cluster") as caught:
        run(dirty, limit, file)
    assert "line 3: title is missing" in str(caught.value)
    assert str(file) in str(caught.value)
    assert file.read_text()


@pytest.mark.parametrize("limit", ["7%", "7", "100%"])
def test_as_many_rejects_as_the_limit_are_allowed(dirty: Path, limit: str) -> None:
    assert run(dirty, limit).rejects == 7


@pytest.mark.parametrize("limit", ["-1", "101%", "many", "1.5", ""])
def test_a_wrong_limit_is_refused(limit: str) -> None:
    with pytest.raises(SettingsError, match="allowed is a number of rows"):
        RejectLimit.parse(limit)


def test_the_error_of_an_unwritable_rejects_file_names_the_option(tmp_path: Path) -> None:
    with (
        RejectsFile(tmp_path / "none" / "rejects.jsonl") as rejects,
        pytest.raises(SettingsError, match="--rejects"),
    ):
        rejects.add(Reject(1, "reason", "raw"))


def test_the_error_of_a_rejects_file_that_the_disk_does_not_take_names_the_option(
    tmp_path: Path,
) -> None:
    most, ever = resource.getrlimit(resource.RLIMIT_FSIZE)
    rejects = RejectsFile(tmp_path / "rejects.jsonl")
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, ever))
    try:
        with pytest.raises(SettingsError, match="--rejects FILE"), rejects:
            rejects.add(Reject.of_bytes(1, "title is missing", b"{}"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, ever))


def test_a_mapped_column_that_no_row_has_is_refused(dirty: Path) -> None:
    with pytest.raises(MappingError, match=r"no row has 'marke' \(mapped to brand\)"):
        run(dirty, "10%", brand="marke")


def test_the_sample_is_fair_and_repeatable(tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text(
        "\n".join(json.dumps({"item_id": str(n), "title": f"item {n}"}) for n in range(2000))
    )
    first, second = run(file, "0", sample=200), run(file, "0", sample=200)
    assert first.sample == second.sample
    indices = [index for index, _ in first.sample]
    assert indices == sorted(set(indices))
    assert all(item.item_id == str(index) for index, item in first.sample)
    assert 850 < sum(indices) / len(indices) < 1150
