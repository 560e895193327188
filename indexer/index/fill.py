"""Fills a new index: reads, encodes and writes at the same time."""

import queue
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from indexer.bundle.projections import Vectors
from indexer.catalogue.catalogue_file import Catalogue
from indexer.catalogue.files.rows import CatalogueError
from indexer.catalogue.items import Item, item_windows
from indexer.catalogue.survey import Survey
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.bulk import ItemWrite, WriteOutcome, index_write
from indexer.index.bulk_writer import BulkWriter
from indexer.index.carry_over.earlier_items import EarlierItems
from indexer.index.context import IndexContext
from indexer.index.documents import to_document
from indexer.index.generations import NewIndex
from indexer.index.item_vectors import ItemEncoder, ItemVectors


@dataclass(frozen=True)
class Window:
    """Successive items of the catalogue."""

    items: list[Item]
    sample_rows: dict[int, int]  # index in `items` -> row in the survey's sample
    to_encode: list[int]  # indices in `items`; the embeddings of the others are in the sample
    tokens: list[list[int]]  # of the items at `to_encode`
    versions: list[int]  # of the items


@dataclass(frozen=True)
class Filled:
    """`embeddings` float32 [sample, D] are those of the survey's sample, in its order."""

    outcome: WriteOutcome
    embeddings: Vectors


def encode_sample(context: IndexContext, encoder: ItemEncoder, survey: Survey) -> Vectors:
    """Embeddings float32 [n, D] of the survey's sample, in its order."""
    texts, size = [item.text for _, item in survey.sample], context.settings.fill_window
    context.progress.start("encode a sample", len(texts))
    windows = []
    for start in range(0, len(texts), size):
        windows.append(encoder.encode_items(texts[start : start + size]))
        context.progress.advance(len(windows[-1]))
    context.progress.close()
    return np.concatenate(windows)


def fill(
    context: IndexContext,
    new: NewIndex,
    catalogue: Catalogue,
    survey: Survey,
    vectors: ItemVectors,
    *,
    attributes: AttributeSchema,
    earlier: EarlierItems,
    sample_embeddings: Vectors | None = None,
) -> Filled:
    """Writes every item to the new index that has no newer write already.

    `sample_embeddings` float32 [sample, D] of the survey's sample are used where they are known
    already. A background thread reads and tokenises ahead, this one encodes, others send bulk
    requests.

    Raises:
        CatalogueError: the file changed since the survey.
        BulkError, ClusterUnavailable, IndexDeleted: see `bulk` and `bulk_writer`.
    """
    encoder = vectors.encoder
    embeddings = sample_embeddings
    if embeddings is None:
        embeddings = np.zeros((len(survey.sample), encoder.spec.dimension), dtype=np.float32)

    def make(entry: tuple[Item, Vectors, int]) -> ItemWrite:
        item, vector, version = entry
        document = to_document(item, vector, attributes)
        return index_write(item.item_id, document, version, only_newer=True)

    context.progress.start("encode and index", survey.items)
    writer: BulkWriter[tuple[Item, Vectors, int]] = BulkWriter(context, new.alias, make)
    reader = _ReadAhead(
        catalogue,
        encoder,
        earlier,
        sample_rows={index: row for row, (index, _) in enumerate(survey.sample)},
        sample_known=sample_embeddings is not None,
        size=context.settings.fill_window,
    )
    read = 0
    try:
        for window in reader:
            read += len(window.items)
            rows = vectors.of(window.items, _embeddings_of(window, encoder, embeddings))
            writer.put(list(zip(window.items, rows, window.versions, strict=True)))
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
    """Embeddings of a window's items; known ones are read from `sample`, new ones stored there."""
    embeddings = np.zeros((len(window.items), sample.shape[1]), dtype=np.float32)
    embeddings[window.to_encode] = encoder.encode_tokens(window.tokens)
    encoded = set(window.to_encode)
    for row, sample_row in window.sample_rows.items():
        if row in encoded:
            sample[sample_row] = embeddings[row]
        else:
            embeddings[row] = sample[sample_row]
    return embeddings


class _ReadAhead:
    """Windows of the catalogue that a thread reads and tokenises while earlier ones are encoded."""

    def __init__(
        self,
        catalogue: Catalogue,
        encoder: ItemEncoder,
        earlier: EarlierItems,
        *,
        sample_rows: Mapping[int, int],
        sample_known: bool,
        size: int,
    ) -> None:
        """`sample_rows`: the row in the survey's sample, by index among the good items."""
        self._encoder, self._earlier = encoder, earlier
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
        try:
            for items in item_windows(catalogue, size):
                if not self._offer(self._window(first, items)):
                    return
                first += len(items)
            self._offer(None)
        except BaseException as error:
            self._offer(error)

    def _window(self, first: int, items: list[Item]) -> Window:
        rows = range(len(items))
        sample_rows = {
            row: self._sample_rows[first + row] for row in rows if first + row in self._sample_rows
        }
        to_encode = [row for row in rows if not (self._sample_known and row in sample_rows)]
        tokens = self._encoder.tokenize_items([items[row].text for row in to_encode])
        return Window(items, sample_rows, to_encode, tokens, self._earlier.versions(items))

    def _offer(self, window: Window | BaseException | None) -> bool:
        """Queues a window, an error, or None for the end; False when stopped."""
        while not self._stop.is_set():
            try:
                self._queue.put(window, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False
