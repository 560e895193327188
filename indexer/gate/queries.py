"""What searchers see: overlap on recent queries, and NDCG on judgments."""

from indexer.gate.comparison import Comparison
from indexer.gate.replay import DEPTH, Judged, Replay
from indexer.index.rebuilding.before_swap import Check, FilledIndex

LEAST_QUERIES = 10  # with fewer a few changed items decide


def check_overlap(compared: Comparison, least: float) -> Check:
    """Whether the new index gives recent queries hits that the live one gives too."""
    rows, mean = compared.rows, compared.overlap
    name = "overlap"
    if len(rows) < LEAST_QUERIES:
        text = f"{len(rows)} recent queries in the log, at least {LEAST_QUERIES} are needed"
        return Check(name, None, text)
    text = (
        f"mean overlap@10 {mean:.3f} with {compared.before}, of {len(rows)} recent queries "
        f"(allowed: {least:g}, LIVE_INTENT_GATE_MIN_OVERLAP); {compared.newly_empty} have no hits "
        f"any more"
    )
    return Check(name, mean >= least, text, mean, least)


def check_ndcg(filled: FilledIndex, replay: Replay, judged: Judged, most: float) -> Check:
    """Whether the new index answers judged queries as well as the live one."""
    name, count = "ndcg", len(judged.queries)
    new = float(judged.ndcg(replay.answers(filled.generation, judged.queries)).mean())
    if filled.live is None:
        text = f"NDCG@10 {new:.3f} on {count} judged queries; no live index to compare with"
        return Check(name, None, text, new)
    old = float(judged.ndcg(replay.answers(filled.live, judged.queries)).mean())
    if not old and not new:
        text = (
            f"of {count} judged queries no relevant item is among the first {DEPTH} hits of either "
            "index: are these judgments of this catalogue?"
        )
        return Check(name, None, text, new)
    drop = old - new
    text = (
        f"NDCG@10 {new:.3f} on {count} judged queries, {old:.3f} with the live index (allowed: "
        f"{most:g} less, LIVE_INTENT_GATE_MAX_NDCG_DROP)"
    )
    return Check(name, drop <= most, text, drop, most)
