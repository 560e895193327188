"""What is trained and evaluated for docs/quality.md, in order, and the rows that come of it."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from learning.evaluation.variants import ablations
from query_service.ranking.feature_matrix import GROUPS

TO_FIRST, TO_BEFORE = ", to the first row", ", to before"  # name differences among measures
WEIGHTS, MINUTES = "weights trained", "minutes"  # of a training
METHODS = {"full": "every weight", "lora": "LoRA, r = 16", "ia3": "IA3", "bias": "biases and norms"}


@dataclass(frozen=True)
class Context:
    """Where data and results are, and whether the test is asked."""

    data: Path
    work: Path
    users: int
    rehearse: bool

    @property
    def split(self) -> str:
        """The part of the judged queries that is asked."""
        return "validation" if self.rehearse else "test"


@dataclass(frozen=True)
class Step:
    """A process; `makes` is the folder or file that tells that it is done."""

    arguments: tuple[str, ...]  # of python -m
    makes: Path
    bundle: Path | None = None
    keeps_output: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """The settings that the step needs."""
        return {"LIVE_INTENT_BUNDLE": str(self.bundle)} if self.bundle else {}

    @property
    def told(self) -> str:
        """The step as a command line, with its folders by their last names."""
        words = list(self.arguments)
        if words[0] == "live_intent.main":
            words[0] = "live-intent"
        else:
            words = ["python", "-m", *words]
        short = [Path(w).name if "/" in w and not w.startswith("-") else w for w in words]
        before = f"LIVE_INTENT_BUNDLE={self.bundle.name} " if self.bundle else ""
        return before + shlex.join(short)


@dataclass(frozen=True)
class Row:
    """A line of a table: a row of a step's report, or figures that were published."""

    label: str
    step: Step | None = None
    of_report: str = ""
    published: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """A table: its data's folder, the measures shown, the steps and the rows."""

    title: str
    about: str
    data: Path
    measures: tuple[str, ...]
    steps: Sequence[Step]
    rows: Sequence[Row]


def sections(context: Context) -> list[Section]:
    """Every section in order."""
    return [_homedepot(context), _methods(context), *_games(context), _movielens(context)]


def _judged(c: Context) -> tuple[Path, tuple[str, ...]]:
    """The folder homedepot, and the options that name its files."""
    data = c.data / "homedepot"
    return data, ("--items", str(data / "items.jsonl.gz"),
                  "--judgments", str(data / "judgments.jsonl.gz"))  # fmt: skip


def _homedepot(c: Context) -> Section:
    data, given = _judged(c)
    encoder = _learn(c, "homedepot-encoder", "encoder", *given)
    reranker = _learn(c, "homedepot-reranker", "reranker", *given, base=encoder)

    def search(name: str, bundle: Step | None) -> Step:
        return _evaluate(c, f"homedepot-{name}", "search", *given, "--split", c.split,
                         bundle=bundle)  # fmt: skip

    plain = _reference(c, "homedepot")
    untrained, tuned = search("untrained", None), search("tuned", encoder)
    ordered = search("reranked", reranker)
    both = "words + meaning"
    return Section(
        "Product search (homedepot)",
        "54,667 titles, graded queries, the whole catalogue searched; a grade of 2.67 or more is "
        f"relevant, what was not judged is not. Queries of the {c.split} split.",
        data,
        ("NDCG@10", "Recall@10", "Recall@100"),
        [plain, untrained, encoder, tuned, reranker, ordered],
        [
            Row("*published reference: BM25*", published={"NDCG@10": ".343"}),
            Row("*published reference: tuned encoder + BM25*",
                published={"NDCG@10": ".374", "Recall@100": ".818"}),
            Row("BM25, our few lines", plain, "BM25 (k1 1.2, b 0.75)"),
            Row("MiniLM, our few lines", plain, "MiniLM, cosine"),
            Row("both, half and half", plain, "half and half, min-max"),
            Row("Live Intent, words alone, untrained", untrained, "words"),
            Row("Live Intent, untrained", untrained, both),
            Row("+ `learn encoder`", tuned, both),
            Row("+ `learn reranker`", ordered, both),
            Row("**goal**", published={"NDCG@10": "**.45**"}),
        ],
    )  # fmt: skip


def _methods(c: Context) -> Section:
    data, given = _judged(c)
    steps = {
        method: _learn(c, f"homedepot-encoder-{method}", "encoder", *given, "--method", method,
                       "--epochs", "0.25")
        for method in METHODS
    }  # fmt: skip
    return Section(
        "Ways to tune an encoder (homedepot)",
        "The same quarter of an epoch each. NDCG@10 by meaning alone, of validation queries in a "
        "pool of 4,000 items; the folder that is written is as large in each case, since adapters "
        "are merged. Minutes with reading, mining hard negatives and validating.",
        data,
        ("NDCG@10", f"NDCG@10{TO_BEFORE}", WEIGHTS, MINUTES),
        list(steps.values()),
        [Row(name, steps[method]) for method, name in METHODS.items()],
    )


def _games(c: Context) -> list[Section]:
    data = c.data / "amazon_games"
    items, sequences, broad = (
        str(data / f"{name}.jsonl.gz") for name in ("items", "sequences", "broad_query")
    )
    rows = _rows(c, "games-rows.jsonl", "amazon")
    taught = ("--items", items, "--sequences", sequences, "--rows", str(rows.makes),
              "--users-not-in", broad)  # fmt: skip
    model = _learn(c, "games-user-model", "user-model", *taught)
    reranker = _learn(
        c, "games-reranker", "reranker", *taught, "--popularity-from", sequences,
        "--lists", "36000", "--use", "best", base=model,
    )  # fmt: skip
    popularity = ("--items", items, "--popularity-from", sequences)
    if c.rehearse:
        popularity += ("--split", "validation", "--users-not-in", broad)

    def next_item(name: str, bundle: Step | None) -> Step:
        which = () if c.rehearse else ("--users-from", broad)
        return _evaluate(c, f"games-next-{name}", "next-item", "--sequences", sequences,
                         *popularity, "--users", str(c.users), *which, bundle=bundle)  # fmt: skip

    def asked(name: str, bundle: Step | None, part: int = 2, *more: str) -> Step:
        file = str(rows.makes) if c.rehearse else broad
        # Each is asked in four ways, or without each of 20 parts: of fewer users.
        return _evaluate(c, f"games-broad-{name}", "personalised-search", "--rows", file,
                         *popularity, "--users", str(c.users // part), *more,
                         bundle=bundle)  # fmt: skip

    stages = (("untrained", None), ("user-model", model), ("reranker", reranker))
    nexts, broads = ({name: make(name, b) for name, b in stages} for make in (next_item, asked))
    next_plain, broad_plain = (_reference(c, f"amazon-{name}") for name in ("next", "broad"))
    learning = [rows, model, reranker]
    parts = asked("parts", reranker, 4, "--ablate")
    without = [each.label for each in ablations(
        query=True, groups=GROUPS, user_model=True, learned_gates=True)]  # fmt: skip
    both, alone = "query + history", "query alone"
    return [
        Section(
            "Next item (amazon_games)",
            "Users of whom nothing was learned: the last item of a history, told from "
            "99 items drawn by popularity, and found among all 16,859.",
            data,
            ("NDCG@10", "all items: Recall@10", "all items: NDCG@10"),
            [next_plain, *learning, *nexts.values()],
            [
                Row("*published reference: transformer + learned item halves*",
                    published={"NDCG@10": ".425", "all items: Recall@10": ".111"}),
                Row("popularity", nexts["untrained"], "popularity"),
                Row("mean of the last 10 vectors, our few lines", next_plain, MEAN),
                Row("Live Intent, untrained", nexts["untrained"], "history"),
                Row("+ `learn user-model`", nexts["user-model"], "history"),
                Row("+ `learn reranker`", nexts["reranker"], "history"),
                Row("**goal**", published={"NDCG@10": "**.50**",
                                           "all items: Recall@10": "**.14**"}),
            ],
        ),
        Section(
            "A broad query and a history (amazon_games)",
            "Users of whom nothing was learned; one word of the target's title is the "
            "query (a construction, not logged searches), all items are searched.",
            data,
            ("NDCG@10", "MRR", "Recall@10", "Recall@100"),
            [broad_plain, *learning, *broads.values()],
            [
                Row("*published reference: LightGBM on seven features*",
                    published={"NDCG@10": ".471"}),
                Row("BM25, our few lines", broad_plain, "BM25"),
                Row("popularity of the matches", broad_plain, "popularity of the matches"),
                Row("BM25 + mean history vector", broad_plain, "BM25 + mean history vector"),
                Row("co-occurrence + history vector + popularity", broad_plain,
                    "co-occurrence + history vector + popularity"),
                Row("Live Intent, untrained", broads["untrained"], both),
                Row("+ `learn user-model`", broads["user-model"], both),
                Row("+ `learn reranker`", broads["reranker"], both),
                Row("the same, without the history", broads["reranker"], alone),
                Row("the same, with another user's history", broads["reranker"],
                    "query + another user's history"),
                Row("the same, without the query", broads["reranker"], "history alone"),
                Row("**goal**", published={"NDCG@10": "**.56**"}),
            ],
        ),
        Section(
            "What each part is worth (amazon_games, a broad query and a history)",
            "The service with the learned bundle, and with one part of it switched off while the "
            "rest stays as it was learned; differences are paired. Of users of whom nothing was "
            "learned, since counts have seen the others' last items; nothing was chosen by it.",
            data,
            ("NDCG@10", f"NDCG@10{TO_FIRST}"),
            [*learning, parts],
            [Row(label, parts, label) for label in without],
        ),
    ]  # fmt: skip


def _movielens(c: Context) -> Section:
    data = c.data / "movielens"
    items = ("--items", str(data / "items.jsonl.gz"), "--map", "category=genres",
             "--map", "description=overview")  # fmt: skip
    tags, sequences, simulated = (
        c.work / f"movielens-{name}.jsonl" for name in ("tags", "sequences", "simulated")
    )
    rows = Step(("benchmarks.rows", "movielens", "--out", str(tags), "--sequences", str(sequences),
                 "--simulated", str(simulated)), simulated)  # fmt: skip
    apart = ("--sequences", str(sequences), "--users-not-in", str(tags))
    model = _learn(c, "movielens-user-model", "user-model", *items, *apart, "--epochs", "12")
    reranker = _learn(
        c, "movielens-reranker", "reranker", *items, *apart, "--rows", str(simulated),
        "--popularity-from", str(sequences), "--lists", "4000", base=model,
    )  # fmt: skip

    def asked(name: str, bundle: Step | None) -> Step:
        which = ("--split", "train") if c.rehearse else ()
        return _evaluate(
            c, f"movielens-{name}", "personalised-search", *items, "--rows", str(tags),
            "--popularity-from", str(sequences), *which, bundle=bundle,
        )  # fmt: skip

    untrained, modelled = asked("untrained", None), asked("modelled", model)
    ordered = asked("reranked", reranker)
    both, alone, other = "query + history", "query alone", "query + another user's history"
    return Section(
        "A tag as the query (movielens)",
        "Tags of 37 users, each as a query for the film it was given to, after what the user rated "
        "before; nothing was learned from these users, and the queries learned from are simulated. "
        "Intervals are over users, whose number is small; that the network is served, not trees, "
        "and that the person leg asks for the query's words was chosen with a look at 27 of them, "
        "so this is no untouched test.",
        data,
        ("NDCG@10", "MRR", "Recall@10", "Recall@100"),
        [rows, model, reranker, untrained, modelled, ordered],
        [
            Row("Live Intent, untrained, query alone", untrained, alone),
            Row("with the history", untrained, both),
            Row("+ `learn user-model`, query alone", modelled, alone),
            Row("with the history", modelled, both),
            Row("+ `learn reranker`, query alone", ordered, alone),
            Row("with the history", ordered, both),
            Row("with another user's history", ordered, other),
            Row("**goal**", published={"NDCG@10": "**15 % above query alone**"}),
        ],
    )


MEAN = "mean of the last 10 vectors"


def _learn(c: Context, name: str, what: str, *arguments: str, base: Step | None = None) -> Step:
    out = c.work / name
    start = ("--from", str(base.makes)) if base else ()
    return Step(
        ("live_intent.main", "learn", what, *arguments, *start, "--out", str(out),
         "--checkpoints", str(c.work / "checkpoints" / name)),
        out,
        keeps_output=True,
    )  # fmt: skip


def _evaluate(c: Context, name: str, task: str, *arguments: str, bundle: Step | None) -> Step:
    out = c.work / f"{name}-{'rehearsal' if c.rehearse else 'test'}"
    return Step(
        ("live_intent.main", "evaluate", task, *arguments, "--report", str(out)),
        out,
        bundle.makes if bundle else None,
    )


def _reference(c: Context, task: str) -> Step:
    out = c.work / f"reference-{task}-{c.split}"
    asked = {"homedepot": 0, "amazon-next": c.users, "amazon-broad": c.users // 2}[task]
    users = ("--users", str(asked)) if asked else ()
    rows = ("--rows", str(c.work / "games-rows.jsonl")) if c.rehearse else ()
    return Step(
        ("benchmarks.quality.references", task, "--report", str(out), "--data", str(c.data),
         "--split", c.split, *users, *rows),
        out,
    )  # fmt: skip


def _rows(c: Context, name: str, task: str) -> Step:
    out = c.work / name
    return Step(("benchmarks.rows", task, "--out", str(out)), out)
