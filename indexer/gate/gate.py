"""The gate: every check of a filled index, and the verdict."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from indexer.gate.comparison import Comparison, compare
from indexer.gate.counts import check_counts
from indexer.gate.queries import check_ndcg, check_overlap
from indexer.gate.recall import check_recall
from indexer.gate.recent_queries import recent_queries
from indexer.gate.replay import Judged, Replay, SearchTools
from indexer.gate.sample import sample_items
from indexer.gate.settings import GateSettings
from indexer.gate.vectors import check_vectors
from indexer.gate.warm_up import warm_up
from indexer.index.before_swap import Check, FilledIndex, SwapRefused
from plugin_config.errors import ClusterUnavailable, LiveIntentError

STAGE = "check the new index"


@dataclass(frozen=True)
class Gate:
    """Looks at a filled index before the swap. `tools` None: nothing can be searched for.

    `shadow`: recent queries whose answers by both indexes `on_comparison` gets, whatever the
    verdict. `force`: what fails is said, and does not stop the swap.
    """

    settings: GateSettings
    tools: SearchTools | None = None
    judged: Judged | None = None
    shadow: int = 0
    on_comparison: Callable[[Comparison], None] = field(default=lambda _: None)
    force: bool = False

    def __call__(self, filled: FilledIndex) -> Sequence[Check]:
        """Every check, also after one that failed; then the warm-up.

        Raises SwapRefused, and ClusterUnavailable where the cluster stopped answering.
        """
        context, settings = filled.context, self.settings
        context.progress.start(STAGE)
        replay = self.tools.replay(context, filled.vectors.encoder) if self.tools else None
        checks = check_counts(filled, settings.gate_max_drop)
        if settings.gate_sample:
            sample = sample_items(context, filled.generation.index, settings.gate_sample)
            checks.append(check_vectors(sample, filled.vectors, settings.gate_min_cosine))
            index = filled.generation.index
            checks.append(check_recall(context, index, sample, settings.gate_min_recall))
        if replay is not None:
            checks += self._of_queries(filled, replay)
        context.progress.close()
        failed = [check.line for check in checks if check.passed is False]
        if failed and not self.force:
            raise SwapRefused(failed)
        for line in failed:
            context.progress.note(f"{line} (swapped all the same: --force-swap)")
        if replay is not None:
            warm_up(filled, replay)
        return checks

    def _of_queries(self, filled: FilledIndex, replay: Replay) -> list[Check]:
        checks = []
        if self.settings.gate_queries or self.shadow:
            checks.append(self._overlap(filled, replay))
        if self.judged is not None:
            most = self.settings.gate_max_ndcg_drop
            checks.append(check_ndcg(filled, replay, self.judged, most))
        return checks

    def _overlap(self, filled: FilledIndex, replay: Replay) -> Check:
        name, settings = "overlap", self.settings
        if filled.live is None:
            return Check(name, None, "there is no live index to compare with")
        most, days = max(settings.gate_queries, self.shadow), settings.gate_query_days
        queries = recent_queries(filled.context, most, days)
        try:
            compared = compare(replay, filled.live, filled.generation, queries, days)
        except ClusterUnavailable:
            raise
        except LiveIntentError as error:
            return Check(name, None, f"the live index can't be asked: {error}")
        if self.shadow:
            self.on_comparison(compared.first(self.shadow))
        if not settings.gate_queries:
            return Check(name, None, "LIVE_INTENT_GATE_QUERIES=0")
        return check_overlap(compared.first(settings.gate_queries), settings.gate_min_overlap)
