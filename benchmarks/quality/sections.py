"""The tables of docs/quality.md: the steps that each needs, and its rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.quality.steps import Context, Step
from learning.evaluation.variants import ablations
from query_service.ranking.learned.feature_matrix import FEATURE_SET

TO_FIRST, TO_BEFORE = ", to the first row", ", to before"  # suffixes of differences
WEIGHTS, MINUTES = "weights trained", "minutes"  # of a training
METHODS = {"full": "every weight", "lora": "LoRA, r = 16", "ia3": "IA3", "bias": "biases and norms"}


@dataclass(frozen=True)
class TableRow:
    """A line of a table: a row of a step's report, or figures that were published."""

    label: str
    step: Step | None = None
    of_report: str = ""  # the row's label in the report
    published: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """A table, its measures, the steps that it needs, in order, and the folder of their data."""

    title: str
    about: str
    data: Path
    measures: tuple[str, ...]
    steps: Sequence[Step]
    rows: Sequence[TableRow]


def sections(context: Context) -> list[Section]:
    """Return every section in order."""
    return [_homedepot(context), _methods(context), *_games(context), _movielens(context)]


def _judged(context: Context) -> tuple[Path, tuple[str, ...]]:
    """Return the folder homedepot, and the options that name its files."""
    data = context.data / "homedepot"
    return data, ("--items", str(data / "items.jsonl.gz"),
                  "--judgments", str(data / "judgments.jsonl.gz"))  # fmt: skip


def _homedepot(context: Context) -> Section:
    data, files = _judged(context)
    encoder = context.learn("homedepot-encoder", "encoder", *files)
    reranker = context.learn("homedepot-reranker", "reranker", *files, base=encoder)

    def search(name: str, bundle: Step | None) -> Step:
        return context.evaluate(f"homedepot-{name}", "search", *files, "--split", context.split,
                                bundle=bundle)  # fmt: skip

    plain = context.reference("homedepot")
    untrained, tuned = search("untrained", None), search("tuned", encoder)
    reranked = search("reranked", reranker)
    both = "words + meaning"
    return Section(
        "Product search (homedepot)",
        "54,667 titles, graded queries, the whole catalogue searched; a grade of 2.67 or more is "
        f"relevant, an unjudged item is not. Queries of the {context.split} split.",
        data,
        ("NDCG@10", "Recall@10", "Recall@100"),
        [plain, untrained, encoder, tuned, reranker, reranked],
        [
            TableRow("*published reference: BM25*", published={"NDCG@10": ".343"}),
            TableRow("*published reference: tuned encoder + BM25*",
                     published={"NDCG@10": ".374", "Recall@100": ".818"}),
            TableRow("BM25, our few lines", plain, "BM25 (k1 1.2, b 0.75)"),
            TableRow("MiniLM, our few lines", plain, "MiniLM, cosine"),
            TableRow("both, half and half", plain, "half and half, min-max"),
            TableRow("Live Intent, words alone, untrained", untrained, "words"),
            TableRow("Live Intent, untrained", untrained, both),
            TableRow("+ `learn encoder`", tuned, both),
            TableRow("+ `learn reranker`", reranked, both),
            TableRow("**goal**", published={"NDCG@10": "**.45**"}),
        ],
    )  # fmt: skip


def _methods(context: Context) -> Section:
    data, files = _judged(context)
    steps = {
        method: context.learn(f"homedepot-encoder-{method}", "encoder", *files, "--method", method,
                              "--epochs", "0.25")
        for method in METHODS
    }  # fmt: skip
    return Section(
        "Ways to tune an encoder (homedepot)",
        "A quarter of an epoch each. NDCG@10 by meaning alone, of validation queries in a pool of "
        "4,000 items. The written folder has the same size in each case, since adapters are "
        "merged. Minutes include reading, mining hard negatives and validating.",
        data,
        ("NDCG@10", f"NDCG@10{TO_BEFORE}", WEIGHTS, MINUTES),
        list(steps.values()),
        [TableRow(name, steps[method]) for method, name in METHODS.items()],
    )


def _games(context: Context) -> list[Section]:
    data = context.data / "amazon_games"
    items, sequences, broad = (
        str(data / f"{name}.jsonl.gz") for name in ("items", "sequences", "broad_query")
    )
    rows_file = context.work / "games-rows.jsonl"
    rows = Step(("benchmarks.relevance.rows", "amazon", "--out", str(rows_file)), rows_file)
    training = ("--items", items, "--sequences", sequences, "--rows", str(rows_file),
                "--users-not-in", broad)  # fmt: skip
    model = context.learn("games-user-model", "user-model", *training)
    reranker = context.learn(
        "games-reranker", "reranker", *training, "--popularity-from", sequences,
        "--lists", "36000", "--use", "best", base=model,
    )  # fmt: skip
    popularity: tuple[str, ...] = ("--items", items, "--popularity-from", sequences)
    if context.rehearse:
        popularity += ("--split", "validation", "--users-not-in", broad)

    def next_item(name: str, bundle: Step | None) -> Step:
        users = () if context.rehearse else ("--users-from", broad)
        return context.evaluate(
            f"games-next-{name}", "next-item", "--sequences", sequences, *popularity,
            "--users", str(context.users), *users, bundle=bundle,
        )  # fmt: skip

    def broad_query(name: str, bundle: Step | None, share: int = 2, *more: str) -> Step:
        file = str(rows_file) if context.rehearse else broad
        # Fewer users, since each is asked in four ways, or without each of 20 parts.
        return context.evaluate(
            f"games-broad-{name}", "personalised-search", "--rows", file, *popularity,
            "--users", str(context.users // share), *more, bundle=bundle,
        )  # fmt: skip

    stages = (("untrained", None), ("user-model", model), ("reranker", reranker))
    nexts = {name: next_item(name, bundle) for name, bundle in stages}
    broads = {name: broad_query(name, bundle) for name, bundle in stages}
    next_plain, broad_plain = (context.reference(f"amazon-{name}") for name in ("next", "broad"))
    learning = [rows, model, reranker]
    parts = broad_query("parts", reranker, 4, "--ablate")
    variants = ablations(query=True, groups=FEATURE_SET.groups, user_model=True, learned_gates=True)
    both, alone = "query + history", "query alone"
    return [
        Section(
            "Next item (amazon_games)",
            "Users of whom nothing was learned: the last item of a history, ranked among itself "
            "and 99 items drawn by popularity, and among all 16,859.",
            data,
            ("NDCG@10", "all items: Recall@10", "all items: NDCG@10"),
            [next_plain, *learning, *nexts.values()],
            [
                TableRow("*published reference: transformer + learned item halves*",
                         published={"NDCG@10": ".425", "all items: Recall@10": ".111"}),
                TableRow("popularity", nexts["untrained"], "popularity"),
                TableRow("mean of the last 10 vectors, our few lines", next_plain,
                         "mean of the last 10 vectors"),
                TableRow("Live Intent, untrained", nexts["untrained"], "history"),
                TableRow("+ `learn user-model`", nexts["user-model"], "history"),
                TableRow("+ `learn reranker`", nexts["reranker"], "history"),
                TableRow("**goal**", published={"NDCG@10": "**.50**",
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
                TableRow("*published reference: LightGBM on seven features*",
                         published={"NDCG@10": ".471"}),
                TableRow("BM25, our few lines", broad_plain, "BM25"),
                *(TableRow(label, broad_plain, label) for label in (
                    "popularity of the matches", "BM25 + mean history vector",
                    "co-occurrence + history vector + popularity")),
                TableRow("Live Intent, untrained", broads["untrained"], both),
                TableRow("+ `learn user-model`", broads["user-model"], both),
                TableRow("+ `learn reranker`", broads["reranker"], both),
                TableRow("the same, without the history", broads["reranker"], alone),
                TableRow("the same, with another user's history", broads["reranker"],
                         "query + another user's history"),
                TableRow("the same, without the query", broads["reranker"], "history alone"),
                TableRow("**goal**", published={"NDCG@10": "**.56**"}),
            ],
        ),
        Section(
            "What each part is worth (amazon_games, a broad query and a history)",
            "The service with the learned bundle, and with one part of it switched off while the "
            "rest stays as learned; differences are paired. The users are unseen in training, "
            "since counts include the others' last items; nothing was chosen by this table.",
            data,
            ("NDCG@10", f"NDCG@10{TO_FIRST}"),
            [*learning, parts],
            [TableRow(variant.label, parts, variant.label) for variant in variants],
        ),
    ]  # fmt: skip


def _movielens(context: Context) -> Section:
    data = context.data / "movielens"
    items = ("--items", str(data / "items.jsonl.gz"), "--map", "category=genres",
             "--map", "description=overview")  # fmt: skip
    tags, sequences, simulated = (
        context.work / f"movielens-{name}.jsonl" for name in ("tags", "sequences", "simulated")
    )
    rows = Step(("benchmarks.relevance.rows", "movielens",
                 "--out", str(tags), "--sequences", str(sequences),
                 "--simulated", str(simulated)), simulated)  # fmt: skip
    training = (*items, "--sequences", str(sequences), "--users-not-in", str(tags))
    model = context.learn("movielens-user-model", "user-model", *training, "--epochs", "12")
    reranker = context.learn(
        "movielens-reranker", "reranker", *training, "--rows", str(simulated),
        "--popularity-from", str(sequences), "--lists", "4000", base=model,
    )  # fmt: skip

    def tag_query(name: str, bundle: Step | None) -> Step:
        split = ("--split", "train") if context.rehearse else ()
        return context.evaluate(
            f"movielens-{name}", "personalised-search", *items, "--rows", str(tags),
            "--popularity-from", str(sequences), *split, bundle=bundle,
        )  # fmt: skip

    untrained, modelled = tag_query("untrained", None), tag_query("modelled", model)
    reranked = tag_query("reranked", reranker)
    both, alone, other = "query + history", "query alone", "query + another user's history"
    return Section(
        "A tag as the query (movielens)",
        "Tags of 37 users, each as a query for the film it was given to, after the user's earlier "
        "ratings; nothing was learned from these users, and the training queries are simulated. "
        "Intervals are over users, of whom there are few. That the network is served, not trees, "
        "and that the person leg requires the query's words, was chosen with a look at 27 of them: "
        "this is not an untouched test.",
        data,
        ("NDCG@10", "MRR", "Recall@10", "Recall@100"),
        [rows, model, reranker, untrained, modelled, reranked],
        [
            TableRow("Live Intent, untrained, query alone", untrained, alone),
            TableRow("with the history", untrained, both),
            TableRow("+ `learn user-model`, query alone", modelled, alone),
            TableRow("with the history", modelled, both),
            TableRow("+ `learn reranker`, query alone", reranked, alone),
            TableRow("with the history", reranked, both),
            TableRow("with another user's history", reranked, other),
            TableRow("**goal**", published={"NDCG@10": "**15 % above query alone**"}),
        ],
    )
