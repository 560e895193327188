"""The first searches of a new index, before anybody waits for them."""

from indexer.gate.replay import Replay
from indexer.gate.sample import sample_items
from indexer.index.rebuilding.before_swap import FilledIndex

QUERIES = 20


def warm_up(filled: FilledIndex, replay: Replay) -> None:
    """Searches the new index by titles of its items."""
    filled.context.progress.start("warm up the new index")
    sample = sample_items(filled.context, filled.generation.index, QUERIES)
    replay.answers(filled.generation, [each.item.title[:100] for each in sample])
    filled.context.progress.close()
