"""Queries of concurrent requests, encoded as one batch: eight cost little more than one."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from plugin_config.errors import LiveIntentError
from query_service.context import QueryEncoder

Vectors = NDArray[np.float32]
MAX_BATCH = 64  # texts


class EncoderClosed(LiveIntentError):
    """The service is about to end."""


class KeepingEncoder(QueryEncoder, Protocol):
    """Keeps the embeddings of recent queries: `Encoder`."""

    def kept_query(self, text: str) -> Vectors | None: ...


class BatchingEncoder:
    """An encoder that encodes concurrent `encode_query` calls as one batch.

    One thread encodes. It takes all waiting queries and never waits for more: a query that comes
    alone is encoded at once; those that come meanwhile are the next batch. A query whose
    embedding is kept waits for none: most searches of a shop repeat a query.
    """

    def __init__(self, encoder: KeepingEncoder) -> None:
        self.spec = encoder.spec
        self.encoder = encoder
        self.on_batch: Callable[[int], None] = lambda texts: None
        self._waiting: list[tuple[str, Future[Vectors]]] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="encoder", daemon=True)
        self._thread.start()

    def start_query(self, text: str) -> "Future[Vectors]":
        """The query's embedding, float32 [D], as soon as it is there.

        The future raises EncoderClosed, and the encoder's errors.
        """
        future: Future[Vectors] = Future()
        if (kept := self.encoder.kept_query(text)) is not None:
            future.set_result(kept)
            return future
        with self._changed:
            if self._closed:
                future.set_exception(EncoderClosed("the encoder is closed: the service ends"))
                return future
            self._waiting.append((text, future))
            self._changed.notify()
        return future

    def encode_query(self, text: str) -> Vectors:
        """The query's embedding, float32 [D]. Raises EncoderClosed, and the encoder's errors."""
        return self.start_query(text).result()

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embeddings float32 [n, D] of texts that are already a batch."""
        return self.encoder.encode_queries(texts)

    def close(self, timeout_s: float = 5.0) -> None:
        """Encode all waiting queries, then stop the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout_s)
        with self._changed:
            unanswered, self._waiting = self._waiting, []
        for _, future in unanswered:
            future.set_exception(EncoderClosed("the encoder was closed before it could answer"))

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                batch = self._waiting[:MAX_BATCH]
                del self._waiting[:MAX_BATCH]
            self.on_batch(len(batch))
            self._encode(batch)

    def _encode(self, batch: Sequence[tuple[str, Future[Vectors]]]) -> None:
        try:
            rows = self.encoder.encode_queries([text for text, _ in batch])
            for (_, future), row in zip(batch, rows, strict=True):
                future.set_result(row)
        except Exception as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for query in batch:  # one bad text must not fail the others of its batch
                if not query[1].done():
                    self._encode([query])
