"""Fills a new index: read, encode and write, all three at the same time."""

import queue
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.catalogue.catalogue_file import Catalogue, CatalogueError
from indexer.catalogue.items import Item, read_items
from indexer.catalogue.survey import Survey
from indexer.index.bulk import ItemWrite, WriteOutcome, index_write
from indexer.index.bulk_writer import BulkWriter
from indexer.index.construction import NewIndex
from indexer.index.context import IndexContext
from indexer.index.documents import to_document
from indexer.index.item_vectors import ItemEncoder, ItemVectors

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Window:
    """Some items in the catalogue's order; `tokens` are of the items at `fresh` alone.

    The others' embeddings are known: `sample_rows` has their row in the survey's sample.
    """

    items: list[Item]
    sample_rows: dict[int, int]
    fresh: list[int]
    tokens: list[list[int]]


@dataclass(frozen=True)
class Filled:
    """`embeddings` float32 [sample, D]: of the survey's sample, in its order."""

    outcome: WriteOutcome
    embeddings: Vectors


def encode_sample(context: IndexContext, encoder: ItemEncoder, survey: Survey) -> Vectors:
    """Embeddings float32 [n, D] of the survey's sample, in its order."""
    items, window = [item for _, item in survey.sample], context.settings.fill_window
    context.progress.start("encode a sample", len(items))
    parts = []
    for start in range(0, len(items), window):
        part = items[start : start + window]
        parts.append(encoder.encode_items([item.text for item in part]))
        context.progress.advance(len(part))
    context.progress.close()
    return np.concatenate(parts)


def fill(
    context: IndexContext,
    new: NewIndex,
    catalogue: Catalogue,
    survey: Survey,
    vectors: ItemVectors,
    *,
    sample_embeddings: Vectors | None = None,
) -> Filled:
    """Writes every item to the new index.

    `sample_embeddings` float32 [sample, D] are those of the survey's sample where they were needed
    before, so that nothing is encoded twice. A thread reads and tokenises ahead, this one encodes,
    others send bulk requests.

    Raises:
        CatalogueError: the file changed since the survey.
        BulkError, ClusterUnavailable, IndexTakenAway: see `bulk` and `bulk_writer`.
    """
    encoder = vectors.encoder
    embeddings = sample_embeddings
    if embeddings is None:
        embeddings = np.zeros((len(survey.sample), encoder.spec.dimension), dtype=np.float32)

    def make(pair: tuple[Item, Vectors]) -> ItemWrite:
        item, vector = pair
        return index_write(item.item_id, to_document(item, vector), new.version)

    context.progress.start("encode and index", survey.items)
    writer: BulkWriter[tuple[Item, Vectors]] = BulkWriter(context, new.alias, make)
    reader = _ReadAhead(
        catalogue,
        encoder,
        sample_rows={ordinal: row for row, (ordinal, _) in enumerate(survey.sample)},
        sample_known=sample_embeddings is not None,
        size=context.settings.fill_window,
    )
    read = 0
    try:
        for window in reader:
            encoded = _embeddings_of(window, encoder, embeddings)
            read += len(window.items)
            rows = vectors.of(window.items, encoded)
            writer.put(list(zip(window.items, rows, strict=True)))
        _check_unchanged(catalogue, survey.items, read)
        outcome = writer.finish()
    except BaseException:
        reader.stop()
        writer.abort()
        raise
    context.progress.close()
    return Filled(outcome, embeddings)


def _check_unchanged(catalogue: Catalogue, surveyed: int, read: int) -> None:
    if read != surveyed:
        raise CatalogueError(
            f"{catalogue.name} changed while it was read: {surveyed} items at first, then {read}. "
            "Run the rebuild again on a file that nobody writes to."
        )


def _embeddings_of(window: Window, encoder: ItemEncoder, sample: Vectors) -> Vectors:
    """Embeddings of a window; those of the sample are taken from, or kept in, `sample`."""
    embeddings = np.zeros((len(window.items), sample.shape[1]), dtype=np.float32)
    embeddings[window.fresh] = encoder.encode_tokens(window.tokens)
    fresh = set(window.fresh)
    for row, sample_row in window.sample_rows.items():
        if row in fresh:
            sample[sample_row] = embeddings[row]
        else:
            embeddings[row] = sample[sample_row]
    return embeddings


class _ReadAhead:
    """Windows of the catalogue, read and tokenised by a thread while earlier ones are encoded."""

    def __init__(
        self,
        catalogue: Catalogue,
        encoder: ItemEncoder,
        *,
        sample_rows: Mapping[int, int],
        sample_known: bool,
        size: int,
    ) -> None:
        """`sample_rows`: the row in the survey's sample, by the item's ordinal."""
        self._encoder = encoder
        self._sample_rows, self._sample_known = sample_rows, sample_known
        self._queue: queue.Queue[Window | BaseException | None] = queue.Queue(2)
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(catalogue, size), name="read-ahead", daemon=True
        )
        self._thread.start()

    def __iter__(self) -> Iterator[Window]:
        while True:
            try:
                window = self._queue.get(timeout=0.2)
            except queue.Empty:
                continue
            if window is None:
                return
            if isinstance(window, BaseException):
                raise window
            yield window

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=2)

    def _run(self, catalogue: Catalogue, size: int) -> None:
        first = 0
        items: list[Item] = []
        try:
            for each in read_items(catalogue):
                if not isinstance(each, Item):
                    continue
                items.append(each)
                if len(items) >= size:
                    if not self._offer(self._window(first, items)):
                        return
                    first, items = first + len(items), []
            if items:
                self._offer(self._window(first, items))
            self._offer(None)
        except BaseException as error:
            self._offer(error)

    def _window(self, first: int, items: list[Item]) -> Window:
        rows = range(len(items))
        sample_rows = {
            row: self._sample_rows[first + row] for row in rows if first + row in self._sample_rows
        }
        fresh = [row for row in rows if not (self._sample_known and row in sample_rows)]
        tokens = self._encoder.tokenize_items([items[row].text for row in fresh])
        return Window(items, sample_rows, fresh, tokens)

    def _offer(self, window: Window | BaseException | None) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(window, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False
