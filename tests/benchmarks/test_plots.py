"""The validation curves of a bundle's trainings."""

import json
from pathlib import Path
from xml.etree import ElementTree

from click.testing import CliRunner

from benchmarks.plots import main

EPOCHS = [
    {"epoch": n, "NDCG@10": value, "Recall@10": 2 * value}
    for n, value in enumerate((0.1, 0.3, 0.2))
]
PARTS = {
    "encoder": {"metrics": {}},
    "user_model": {"metrics": {"epochs": EPOCHS}},
    "reranker": {
        "metrics": {
            "history": {"pairwise": EPOCHS, "pairwise+listwise": EPOCHS[:2]},
            "NDCG@10, lightgbm": [0.25, 0.2, 0.3],
        }
    },
}


def run(folder: Path, parts: dict, *more: str):
    (folder / "manifest.json").write_text(json.dumps({"parts": parts}))
    out = folder / "out.svg"
    result = CliRunner().invoke(main, [str(folder / "manifest.json"), str(out), *more])
    return result, out


def test_a_panel_and_a_sentence_for_each_part(tmp_path: Path) -> None:
    result, out = run(tmp_path, PARTS, "--data", "a <shop>")
    assert result.exit_code == 0, result.output
    svg = ElementTree.parse(out).getroot()
    alt = svg.attrib["aria-label"]
    assert alt == result.output.strip()
    assert alt.startswith("a <shop>: The user model's NDCG@10 goes from 0.100")
    assert "to 0.300, its best, after epoch 1 of 2." in alt
    assert "LightGBM on the same lists: 0.250." in alt
    text = " ".join(part.text or "" for part in svg.iter() if part.tag.endswith("text"))
    for word in ("user model, a <shop>", "re-ranker, a <shop>", "Recall@10", "LightGBM"):
        assert word in text
    first = out.read_text()
    run(tmp_path, PARTS, "--data", "a <shop>")
    assert out.read_text() == first


def test_one_part_alone_and_none(tmp_path: Path) -> None:
    result, _ = run(tmp_path, {"user_model": PARTS["user_model"]})
    assert "re-ranker" not in result.output
    none, _ = run(tmp_path, {"encoder": PARTS["encoder"]})
    assert none.exit_code == 1
    assert "no user model and no re-ranker" in none.output
