"""Fills a new index: read, encode and write, all three at the same time."""

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from opensearchpy import OpenSearch

from indexer.bundle.model_bundle import item_vectors
from indexer.bundle.projections import Projections
from indexer.catalogue.catalogue_file import Catalogue, CatalogueError
from indexer.catalogue.column_map import ColumnMap
from indexer.catalogue.items import Item, read_items
from indexer.catalogue.survey import Survey
from indexer.encoder_spec import EncoderSpec
from indexer.index.bulk import Outcome, Write, index_write
from indexer.index.bulk_writer import BulkWriter
from indexer.index.documents import to_document
from indexer.progress import Progress
from indexer.settings import IndexSettings

Vectors = NDArray[np.float32]


class ItemEncoder(Protocol):
    """What a fill needs of an encoder."""

    @property
    def spec(self) -> EncoderSpec: ...

    @property
    def halves(self) -> Projections | None:
        """The learned item halves; None: a rebuild fits its own."""
        ...

    def encode_items(self, texts: Sequence[str]) -> Vectors:
        """Embeddings float32 [n, D], unit length; batches them by length itself."""
        ...

    def tokenize_items(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of texts: the first half of `encode_items`."""
        ...

    def encode_tokens(self, tokens: Sequence[Sequence[int]]) -> Vectors:
        """Embeddings float32 [n, D] of token ids: the second half."""
        ...


@dataclass(frozen=True)
class Window:
    """Some items in the catalogue's order; `tokens` are of those at `fresh` places alone.

    The others' embeddings are known: `row` in the survey's sample, by place.
    """

    items: list[Item]
    rows: dict[int, int]
    fresh: list[int]
    tokens: list[list[int]]


@dataclass(frozen=True)
class Filled:
    """`embeddings` float32 [sample, D]: of the survey's sample, in its order."""

    outcome: Outcome
    embeddings: Vectors


def encode_sample(
    encoder: ItemEncoder, sample: Sequence[tuple[int, Item]], window: int, progress: Progress
) -> Vectors:
    """Embeddings float32 [n, D] of the survey's sample, in its order."""
    progress.start("encode a sample", len(sample))
    parts = []
    for start in range(0, len(sample), window):
        part = sample[start : start + window]
        parts.append(encoder.encode_items([item.text for _, item in part]))
        progress.advance(len(part))
    progress.close()
    return np.concatenate(parts)


def fill(
    client: OpenSearch,
    alias: str,
    catalogue: Catalogue,
    mapping: ColumnMap,
    encoder: ItemEncoder,
    survey: Survey,
    *,
    version: int,
    projections: Projections | None,
    known: Vectors | None,
    settings: IndexSettings,
    progress: Progress,
) -> Filled:
    """Writes every item to the index behind `alias`.

    `known` are embeddings of the survey's sample where they were needed before, so that nothing
    is encoded twice. A thread reads and tokenises ahead, this one encodes, others send bulk
    requests.

    Raises:
        CatalogueError: the file changed since the survey.
        BulkError, ClusterUnavailable, IndexTakenAway: see `bulk` and `bulk_writer`.
    """
    rows = {ordinal: row for row, (ordinal, _) in enumerate(survey.sample)}
    embeddings = known if known is not None else np.zeros(
        (len(rows), encoder.spec.dimension), dtype=np.float32
    )  # fmt: skip

    def make(pair: tuple[Item, Vectors]) -> Write:
        item, vector = pair
        return index_write(item.item_id, to_document(item, vector), version)

    progress.start("encode and index", survey.items)
    writer: BulkWriter[tuple[Item, Vectors]] = BulkWriter(
        client, alias, settings, make, progress.advance
    )
    read = 0
    reader = _ReadAhead(catalogue, mapping, encoder, rows, known is not None, settings.fill_window)
    try:
        for window in reader:
            vectors = _embed(encoder, window, embeddings)
            read += len(window.items)
            ids = [item.item_id for item in window.items]
            placed = item_vectors(vectors, projections, ids)
            writer.put(list(zip(window.items, placed, strict=True)))
        _check_unchanged(catalogue, survey.items, read)
        outcome = writer.finish()
    except BaseException:
        reader.stop()
        writer.abort()
        raise
    progress.close()
    return Filled(outcome, embeddings)


def _check_unchanged(catalogue: Catalogue, surveyed: int, read: int) -> None:
    if read != surveyed:
        raise CatalogueError(
            f"{catalogue.name} changed while it was read: {surveyed} items at first, then {read}. "
            "Run the rebuild again on a file that nobody writes to."
        )


def _embed(encoder: ItemEncoder, window: Window, embeddings: Vectors) -> Vectors:
    """Embeddings of a window; those of the sample are taken from, or kept in, `embeddings`."""
    vectors = np.zeros((len(window.items), embeddings.shape[1]), dtype=np.float32)
    vectors[window.fresh] = encoder.encode_tokens(window.tokens)
    fresh = set(window.fresh)
    for place, row in window.rows.items():
        if place in fresh:
            embeddings[row] = vectors[place]
        else:
            vectors[place] = embeddings[row]
    return vectors


class _ReadAhead:
    """Windows of the catalogue, read and tokenised by a thread while earlier ones are encoded."""

    def __init__(
        self,
        catalogue: Catalogue,
        mapping: ColumnMap,
        encoder: ItemEncoder,
        rows: Mapping[int, int],
        sample_known: bool,
        size: int,
    ) -> None:
        self._encoder, self._rows, self._sample_known = encoder, rows, sample_known
        self._queue: queue.Queue[Window | BaseException | None] = queue.Queue(2)
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(catalogue, mapping, size), name="read-ahead", daemon=True
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

    def _run(self, catalogue: Catalogue, mapping: ColumnMap, size: int) -> None:
        first = 0
        items: list[Item] = []
        try:
            for each in read_items(catalogue, mapping):
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
        places = range(len(items))
        rows = {p: self._rows[first + p] for p in places if first + p in self._rows}
        fresh = [p for p in places if not (self._sample_known and p in rows)]
        tokens = self._encoder.tokenize_items([items[p].text for p in fresh])
        return Window(items, rows, fresh, tokens)

    def _offer(self, window: Window | BaseException | None) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(window, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False
