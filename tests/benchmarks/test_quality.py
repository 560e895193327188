"""`python -m benchmarks.quality`: training and test users are apart; the page shows the reports."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.__main__ import run
from benchmarks.quality.page import page
from benchmarks.quality.scores import Bm25, CooccurrenceCosine, min_max, standard
from benchmarks.quality.sections import (
    MINUTES,
    TO_BEFORE,
    TO_FIRST,
    WEIGHTS,
    Section,
    TableRow,
    sections,
)
from benchmarks.quality.steps import Context, Step


def steps(context: Context) -> list[Step]:
    return list(dict.fromkeys(step for section in sections(context) for step in section.steps))


def value(step: Step, option: str) -> str:
    return step.arguments[step.arguments.index(option) + 1]


@pytest.mark.parametrize("rehearse", [False, True])
def test_no_training_reads_test_users_or_queries(tmp_path: Path, rehearse: bool) -> None:
    all_steps = steps(Context(tmp_path / "data", tmp_path / "work", 100, rehearse))
    trainings = [step for step in all_steps if step.arguments[1] == "learn"]
    assert len(trainings) == 10
    for step in trainings:
        if "homedepot" in step.makes.name:
            assert "--judgments" in step.arguments  # whose test split a training leaves out
        else:
            left_out = value(step, "--users-not-in")
            assert left_out.endswith(("broad_query.jsonl.gz", "movielens-tags.jsonl"))


def test_a_rehearsal_does_not_read_the_test_split(tmp_path: Path) -> None:
    all_steps = steps(Context(tmp_path / "data", tmp_path / "work", 100, rehearse=True))
    evaluations = [
        step
        for step in all_steps
        if step.arguments[1] == "evaluate" or "references" in step.arguments[0]
    ]
    assert len(evaluations) == 16
    for step in evaluations:
        if "movielens" in step.makes.name:
            continue  # so few users have tags that it asks 27 of the table's 37
        assert "test" not in step.arguments
        assert "--users-from" not in step.arguments
        assert value(step, "--split") == "validation"
        if "--rows" in step.arguments:
            assert "broad_query" not in value(step, "--rows")
    tested = {
        step.makes for step in steps(Context(tmp_path / "data", tmp_path / "work", 100, False))
    }
    # A rehearsal's report is never taken for one of the test.
    assert not {step.makes for step in evaluations} & tested


def test_steps_come_after_the_steps_that_they_need(tmp_path: Path) -> None:
    for section in sections(Context(tmp_path / "data", tmp_path / "work", 100, False)):
        done = set()
        for step in section.steps:
            assert step.bundle is None or step.bundle in done
            if "--from" in step.arguments:
                assert Path(value(step, "--from")) in done
            done.add(step.makes)
        assert {row.step.makes for row in section.rows if row.step} <= done


def test_the_page_shows_figures_commands_and_costs(tmp_path: Path) -> None:
    report, bundle = tmp_path / "asked-test", tmp_path / "learned"
    for folder in (report, bundle):
        folder.mkdir()
    interval = {"mean": 0.4567, "low": 0.4, "high": 0.5, "count": 1234}
    worse = {"mean": -0.0123, "low": -0.02, "high": 0.001, "count": 1234}
    rows = [
        {"label": "both", "measures": {"NDCG@10": interval}},
        {"label": "less", "measures": {"NDCG@10": interval},
         "difference_to_first": {"NDCG@10": worse}},
    ]  # fmt: skip
    (report / "report.json").write_text(json.dumps({"rows": rows}))
    metrics = {"validation": {"NDCG@10": interval}, "gain": {"NDCG@10": worse},
               "trained weights": 9984}  # fmt: skip
    part = {"seconds": 600, "peak_memory_mb": 2048, "seed": 3, "metrics": metrics}
    (bundle / "manifest.json").write_text(json.dumps({"parts": {"user_model": part}}))
    learn = Step(("live_intent.main", "learn", "user-model", "--out", str(bundle)), bundle)
    ask = Step(("live_intent.main", "evaluate", "search"), report, bundle)
    goal = TableRow("goal", published={"NDCG@10": ".5"})
    section = Section("Title", "About.", tmp_path, ("NDCG@10", "MRR"), [learn, ask],
                      [TableRow("ours", ask, "both"), goal])  # fmt: skip
    run(learn)  # its result exists, so it does not run: this command would fail
    context = Context(tmp_path, tmp_path, 10, rehearse=False)
    shown = page(context, [section])
    assert "| ours | .457 [.400, .500] |  | 1,234 |" in shown
    assert "| goal | .5 |  |  |" in shown
    parts = Section("Parts", "", tmp_path, ("NDCG@10", f"NDCG@10{TO_FIRST}"), [ask],
                    [TableRow("whole", ask, "both"), TableRow("without", ask, "less")])  # fmt: skip
    methods = Section("Ways", "", tmp_path, ("NDCG@10", f"NDCG@10{TO_BEFORE}", WEIGHTS, MINUTES),
                      [learn], [TableRow("biases", learn)])  # fmt: skip
    compared = page(context, [parts, methods])
    assert "| biases | .457 [.400, .500] | -.012 [-.020, +.001] | 9,984 | 10 | 1,234 |" in compared
    assert "| whole | .457 [.400, .500] |  | 1,234 |" in compared
    assert "| without | .457 [.400, .500] | -.012 [-.020, +.001] | 1,234 |" in compared
    assert "LIVE_INTENT_BUNDLE=learned live-intent evaluate search" in shown
    assert "- learned: 10 min, 2.0 GB at most, seed 3" in shown
    assert str(tmp_path) not in shown
    assert "rehearsal" not in shown
    rehearsed = page(Context(tmp_path, tmp_path, 10, rehearse=True), [section])
    assert "A rehearsal" in rehearsed
    wrong = Section("Title", "", tmp_path, ("MRR",), [ask], [TableRow("ours", ask, "neither")])
    with pytest.raises(SystemExit, match="has no row 'neither', only"):
        page(context, [wrong])


def test_a_step_that_fails_ends_the_program(tmp_path: Path) -> None:
    step = Step(("live_intent.main", "no-such-command"), tmp_path / "never")
    with pytest.raises(SystemExit, match="failed with status 2"):
        run(step)


def test_bm25_is_the_formula() -> None:
    texts = ["red lamp", "red red garden lamp", "hose"]
    scores = Bm25(texts).scores("RED sofa")
    mean, idf = 7 / 3, np.log1p((3 - 2 + 0.5) / (2 + 0.5))
    expected = [
        idf * tf * 2.2 / (tf + 1.2 * (1 - 0.75 + 0.75 * length / mean))
        for tf, length in ((1, 2), (2, 4), (0, 1))
    ]
    np.testing.assert_allclose(scores, expected)
    assert not Bm25(texts).scores("sofa").any()


def test_cooccurrence_is_the_cosine_of_the_columns() -> None:
    histories = [[0, 1], [0, 1, 2], [2, 3]]
    acted = np.array([[item in history for item in range(5)] for history in histories], float)
    norms = np.maximum(np.linalg.norm(acted, axis=0), 1)
    expected = (acted.T @ acted) / np.outer(norms, norms)
    cooccurrence = CooccurrenceCosine(histories, 5)
    for history in ([0], [1, 3]):
        np.testing.assert_allclose(cooccurrence.scores(history), expected[history].sum(axis=0))


def test_scores_that_are_all_alike_become_zeros() -> None:
    alike = np.full(3, 7.0)
    assert not min_max(alike).any()
    assert not standard(alike).any()
    assert len(standard(alike[:0])) == 0
    np.testing.assert_allclose(min_max(np.array([1.0, 3.0, 2.0])), [0, 1, 0.5])
