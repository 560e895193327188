"""A live index that a rebuild would make again, as it is."""

from opensearchpy.exceptions import NotFoundError

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.model_bundle import ModelBundle
from indexer.index.carry_over.beginning import checkpoints
from indexer.index.carry_over.earlier_items import SharedSpace
from indexer.index.context import IndexContext
from indexer.index.generations import Generation, live_generation
from indexer.index.item_vectors import ItemEncoder, ItemVectors
from indexer.index.rebuilding.before_swap import BeforeSwap, Check, FilledIndex, SwapRefused
from indexer.index.rebuilding.fitted_bundle import FITTED_ON
from indexer.index.rebuilding.half_made import INPUT
from indexer.index.rebuilding.new_generation import NewGeneration


def unchanged_index(
    context: IndexContext, encoder: ItemEncoder, made: NewGeneration, items: int
) -> tuple[Generation, ItemVectors] | None:
    """The live index and what makes its vectors, if a rebuild of `items` would make the same.

    It is the same if it was made from the same rows, mapping, settings and encoder, by the engine's
    version of now, and if nothing was written to it but each item once: a write has a sequence
    number of its own, so that as many numbers as items leave room for no change and no deletion.
    """
    live = live_generation(context.client, context.names)
    if live is None or live.meta.get(INPUT) != made.input:
        return None
    shared = SharedSpace.of(context, live, encoder)
    if shared is None or live.meta.get(FITTED_ON) != made.bundle.fingerprint():
        return None
    try:
        bundle = ModelBundle.load(context.bundles_dir / live.bundle)
        alone = _only_filled(context, live.index, items)
    except (BundleError, NotFoundError):
        return None
    if bundle.vector_space != live.vector_space or not alone:
        return None
    return live, ItemVectors(encoder, shared.projections)


def _only_filled(context: IndexContext, index: str, items: int) -> bool:
    """Whether each of so many items was written once, by the engine of now, and nothing else."""
    client = context.client
    params = {"request_timeout": context.settings.bulk_timeout_s}
    writes = sum(number + 1 for number in checkpoints(context, index).values())
    client.indices.refresh(index=index, params=params)
    count = int(client.count(index=index, params=params)["count"])
    [body] = client.indices.get_settings(index=index, params={"human": "true"}).values()
    made_by = body["settings"]["index"]["version"].get("created_string")
    engine = client.info()["version"]["number"]
    return writes == count == items and made_by == engine


def still_good(
    context: IndexContext,
    unchanged: tuple[Generation, ItemVectors],
    items: int,
    before_swap: BeforeSwap | None,
) -> tuple[Check, ...] | None:
    """What `before_swap` says of the unchanged index; None if it refuses it: it is made again."""
    live, vectors = unchanged
    if before_swap is None:
        return ()
    try:
        checks = tuple(before_swap(FilledIndex(context, live, live, items, items, vectors)))
    except SwapRefused as refusal:
        context.progress.note(
            f"{live.index} has every row, and is made again all the same: {refusal}"
        )
        return None
    return checks
