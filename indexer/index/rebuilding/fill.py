"""Fills a new index: reads, encodes and writes at the same time."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from indexer.bundle.projections import Vectors
from indexer.catalogue.items import Item, item_windows
from indexer.catalogue.reading.catalogue_file import Catalogue
from indexer.catalogue.survey.survey import Survey, check_unchanged
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.bulk.bulk_request import ItemWrite, WriteOutcome, index_write
from indexer.index.bulk.bulk_writer import BulkWriter
from indexer.index.carry_over.earlier_items import Earlier, EarlierItems
from indexer.index.context import IndexContext
from indexer.index.documents import to_document
from indexer.index.generations import NewIndex
from indexer.index.item_vectors import ItemEncoder, ItemVectors


@dataclass(frozen=True)
class FillWindow:
    """Successive items of the catalogue."""

    items: list[Item]
    sample_rows: dict[int, int]  # index in `items` -> row in the survey's sample
    earlier: list[Earlier]  # of the items
    to_encode: list[int]  # indices in `items` whose vectors are not known yet
    embeddings: Callable[[], Vectors]  # of the items at `to_encode`


@dataclass(frozen=True)
class Filled:
    """`vectors` float32 [sample, dims] are those of the survey's sample, in its order."""

    outcome: WriteOutcome
    vectors: Vectors
    reused: int  # items whose vectors the earlier index had
    encoded: int
    resumed: int  # items that the index had already


def encode_sample(context: IndexContext, encoder: ItemEncoder, survey: Survey) -> Vectors:
    """Embeddings float32 [n, D] of the survey's sample, in its order."""
    texts, size = [item.text for _, item in survey.sample], context.settings.fill_window
    context.progress.start("encode a sample", len(texts))
    waiting = deque(texts[start : start + size] for start in range(0, len(texts), size))
    begun, windows = deque[Callable[[], Vectors]](), list[Vectors]()
    while waiting or begun:
        while waiting and len(begun) <= encoder.windows_ahead:
            begun.append(encoder.begin_items(waiting.popleft()))
        windows.append(begun.popleft()())
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
    sample_vectors: Vectors | None = None,
) -> Filled:
    """Writes every item to the new index that has no newer write already.

    `sample_vectors` float32 [sample, dims] of the survey's sample are used where they are known
    already, and those of `earlier` where it has them. A background thread reads and begins to
    encode ahead, this one takes the embeddings, others send bulk requests.

    Raises:
        CatalogueError: the file changed since the survey.
        BulkError, ClusterUnavailable, IndexDeleted: see `bulk` and `bulk_writer`.
    """
    sample = sample_vectors
    if sample is None:
        dims = vectors.encoder.spec.vector_dims
        sample = np.zeros((len(survey.sample), dims), dtype=np.float32)

    def make(entry: tuple[Item, Vectors, int]) -> ItemWrite:
        item, vector, version = entry
        document = to_document(item, vector, attributes)
        return index_write(item.item_id, document, version, only_newer=True)

    context.progress.start("encode and index", survey.items)
    writer: BulkWriter[tuple[Item, Vectors, int]] = BulkWriter(context, new.alias, make)
    reader = _ReadAhead(
        catalogue,
        vectors.encoder,
        earlier,
        sample_rows={index: row for row, (index, _) in enumerate(survey.sample)},
        sample_known=sample_vectors is not None,
        size=context.settings.fill_window,
    )
    read = reused = encoded = resumed = 0
    try:
        for window in reader:
            read += len(window.items)
            encoded += len(window.to_encode)
            rows = _vectors_of(window, vectors, sample)
            entries = [
                (item, row, earlier.version)
                for item, row, earlier in zip(window.items, rows, window.earlier, strict=True)
                if not earlier.done
            ]
            reused += sum(each.vector is not None and not each.done for each in window.earlier)
            resumed += len(window.items) - len(entries)
            context.progress.advance(len(window.items) - len(entries))
            writer.put(entries)
        again = "Run the rebuild again on a file that nobody writes to."
        check_unchanged(catalogue, survey.items, read, again)
        outcome = writer.finish()
    except BaseException:
        reader.stop()
        writer.abort()
        raise
    context.progress.close()
    encoded += len(sample) if sample_vectors is not None else 0
    return Filled(outcome, sample, reused, encoded, resumed)


def _vectors_of(window: FillWindow, vectors: ItemVectors, sample: Vectors) -> Vectors:
    """Vectors of a window's items; known ones are read from `sample`, new ones stored there."""
    rows = np.zeros((len(window.items), sample.shape[1]), dtype=np.float32)
    if window.to_encode:
        embeddings = window.embeddings()
        items = [window.items[row] for row in window.to_encode]
        rows[window.to_encode] = vectors.of(items, embeddings)
    new = set(window.to_encode)
    for row, earlier in enumerate(window.earlier):
        if earlier.vector is not None:
            rows[row] = earlier.vector
            new.add(row)
    for row, sample_row in window.sample_rows.items():
        if row in new:
            sample[sample_row] = rows[row]
        else:
            rows[row] = sample[sample_row]
    return rows


class _ReadAhead:
    """Windows of the catalogue that a thread reads and begins while earlier ones are encoded."""

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
        self._queue: queue.Queue[FillWindow | BaseException | None] = queue.Queue(
            encoder.windows_ahead
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(catalogue, size), name="read-ahead", daemon=True
        )
        self._thread.start()

    def __iter__(self) -> Iterator[FillWindow]:
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

    def _window(self, first: int, items: list[Item]) -> FillWindow:
        rows = range(len(items))
        sample_rows = {
            row: self._sample_rows[first + row] for row in rows if first + row in self._sample_rows
        }
        earlier = self._earlier.of(items)
        to_encode = [
            row
            for row in rows
            if earlier[row].vector is None
            and not (self._sample_known and row in sample_rows)
            and not (earlier[row].done and row not in sample_rows)
        ]
        embeddings = self._encoder.begin_items([items[row].text for row in to_encode])
        return FillWindow(items, sample_rows, earlier, to_encode, embeddings)

    def _offer(self, window: FillWindow | BaseException | None) -> bool:
        """Queues a window, an error, or None for the end; False when stopped."""
        while not self._stop.is_set():
            try:
                self._queue.put(window, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False
