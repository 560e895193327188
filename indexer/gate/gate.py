"""The gate: every check of a filled index, and the verdict."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import OpenSearchException

from indexer.gate.comparison import Comparison, compare
from indexer.gate.counts import check_count
from indexer.gate.queries import check_ndcg, check_overlap
from indexer.gate.recall import check_recall
from indexer.gate.recent_queries import recent_queries
from indexer.gate.replay import Judged, Replay, SearchTools
from indexer.gate.sample import sample_items
from indexer.gate.settings import GateSettings
from indexer.gate.vectors import check_vectors
from indexer.gate.warm_up import warm_up
from indexer.index.rebuilding.before_swap import Check, FilledIndex, SwapRefused
from plugin_config.errors import ClusterUnavailable, LiveIntentError

STAGE = "check the new index"
Look = Callable[[], Check | None]


def tried(name: str, look: Look) -> Check | None:
    """What `look` finds; a skipped check where it can't be done: nothing is known to be wrong.

    Raises ClusterUnavailable and ConnectionError: the cluster stopped answering.
    """
    try:
        return look()
    except (ClusterUnavailable, NoConnection):
        raise
    except (LiveIntentError, OpenSearchException) as error:
        return Check(name, None, f"it could not be done: {error}")


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
        context = filled.context
        context.progress.start(STAGE)
        replay = self.tools.replay(context, filled.vectors.encoder) if self.tools else None
        checks = [
            check for name, look in self._looks(filled, replay) if (check := tried(name, look))
        ]
        context.progress.close()
        failed = [check.line for check in checks if check.passed is False]
        if failed and not self.force:
            raise SwapRefused(failed)
        for line in failed:
            context.progress.note(f"{line} (swapped all the same: --force-swap)")
        if replay is not None and not filled.is_live:
            tried("warm-up", lambda: warm_up(filled, replay))
        return checks

    def _looks(self, filled: FilledIndex, replay: Replay | None) -> Iterator[tuple[str, Look]]:
        """The checks that the settings ask for, by name."""
        context, settings, index = filled.context, self.settings, filled.generation.index
        if self.tools is not None:
            yield "model of the plugin", lambda: self._write_model(filled)
        if not filled.is_live:
            yield "count", lambda: check_count(filled, settings.gate_max_drop)
        if settings.gate_sample:
            sample = sample_items(context, index, settings.gate_sample)
            least = settings.gate_min_cosine
            yield "vectors", lambda: check_vectors(sample, filled.vectors, least)
            recall = settings.gate_min_recall
            if not filled.is_live:  # whose graph was checked when it was new
                yield "recall", lambda: check_recall(context, index, sample, recall)
        if filled.is_live:
            return
        if replay is not None and (settings.gate_queries or self.shadow):
            yield "overlap", lambda: self._overlap(filled, replay)
        if replay is not None and (judged := self.judged) is not None:
            drop = settings.gate_max_ndcg_drop
            yield "ndcg", lambda: check_ndcg(filled, replay, judged, drop)

    def _write_model(self, filled: FilledIndex) -> None:
        """No check: the plugin inside OpenSearch ranks nothing before it has the model."""
        assert self.tools is not None
        self.tools.write_model(filled.context, filled.generation)

    def _overlap(self, filled: FilledIndex, replay: Replay) -> Check:
        name, settings = "overlap", self.settings
        if filled.live is None:
            return Check(name, None, "there is no live index to compare with")
        most, days = max(settings.gate_queries, self.shadow), settings.gate_query_days
        queries = recent_queries(filled.context, most, days)
        compared = compare(replay, filled.live, filled.generation, queries, days)
        if self.shadow:
            self.on_comparison(compared.first(self.shadow))
        if not settings.gate_queries:
            return Check(name, None, "LIVE_INTENT_GATE_QUERIES=0")
        return check_overlap(compared.first(settings.gate_queries), settings.gate_min_overlap)
