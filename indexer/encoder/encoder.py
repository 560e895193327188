"""The encoder of items and queries: texts in, unit vectors out."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.bundle.projections import Projections, Vectors, unit
from indexer.encoder.kept_queries import KeptQueries
from indexer.encoder.number_format import torch_threads
from indexer.encoder.token_batches import TokenBatch, Tokens, token_batches
from indexer.encoder_spec import EncoderSpec

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

    from indexer.encoder.forward import Forward

# Tokens of one forward pass: on a CPU its activations fit the caches, on a GPU it is kept busy.
CPU_BATCH, GPU_BATCH = 2048, 32_768
# Up to this many tokens one thread is faster than several that wait for each other.
SINGLE_THREAD_TOKENS = 256


class Encoder:
    """A bi-encoder of the BERT family. Thread-safe."""

    windows_ahead = 2  # windows of items that are begun before the first of them is encoded

    def __init__(
        self,
        spec: EncoderSpec,
        tokenizer: "Tokenizer",
        forward: "Forward",
        device: str,
        dtype: "torch.dtype",
        *,
        threads: int = 1,
        cache_size: int = 10_000,
        halves: Projections | None = None,
    ) -> None:
        """`halves`: learned projections and residuals that item vectors are made with."""
        self.spec, self.halves = spec, halves
        self.device, self.dtype, self.threads = device, dtype, threads
        self._tokenizer, self._forward = tokenizer, forward
        self._kept = KeptQueries(cache_size)
        self._lock = threading.Lock()
        self._workers: ThreadPoolExecutor | None = None

    def encode_items(self, texts: Sequence[str]) -> Vectors:
        """Embeddings of item texts: float32 [n, D], unit length, in the order given."""
        return self.encode_tokens(self._tokenize_items(texts))

    def begin_items(self, texts: Sequence[str]) -> Callable[[], Vectors]:
        """Tokenise item texts; the function that it returns encodes them, float32 [n, D].

        One thread may begin texts while another encodes those before them.
        """
        return partial(self.encode_tokens, self._tokenize_items(texts))

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embeddings of queries: float32 [n, D], unit length; recent ones come from the cache."""
        vectors = {text: kept for text in texts if (kept := self._kept.get(text)) is not None}
        missing = [text for text in dict.fromkeys(texts) if text not in vectors]
        if missing:
            tokens = self._tokenize([self.spec.query_prefix + text for text in missing])
            encoded = dict(zip(missing, self.encode_tokens(tokens), strict=True))
            vectors |= encoded
            self._kept.add(encoded)
        rows = np.zeros((len(texts), self.spec.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = vectors[text]
        return rows

    def encode_query(self, text: str) -> Vectors:
        """Embedding of one query: float32 [D], unit length."""
        vector: Vectors = self.encode_queries([text])[0]
        return vector

    def kept_query(self, text: str) -> Vectors | None:
        """The embedding of a recent query, float32 [D]; None for one that has to be encoded."""
        return self._kept.get(text)

    def encode_tokens(self, tokens: Tokens) -> Vectors:
        """Embeddings of tokenised texts: float32 [n, D], unit length, in the order given.

        On a CPU many texts are distributed over threads, a batch each, which need not wait for
        each other within a layer.
        """
        vectors = np.zeros((len(tokens), self.spec.dimension), dtype=np.float32)
        total = sum(map(len, tokens))
        if self.device != "cpu":
            for batch in token_batches(tokens, GPU_BATCH):
                vectors[batch.rows] = self._embed(batch)
        elif total <= SINGLE_THREAD_TOKENS or self.threads == 1:
            with torch_threads(1):
                for batch in token_batches(tokens, CPU_BATCH):
                    vectors[batch.rows] = self._embed(batch)
        else:
            batches = list(token_batches(tokens, min(CPU_BATCH, -(-total // self.threads))))
            for batch, rows in zip(batches, self._pool().map(self._embed, batches), strict=True):
                vectors[batch.rows] = rows
        return unit(vectors) if self.spec.normalize else vectors

    def _embed(self, batch: TokenBatch) -> Vectors:
        """Float32 [n, D], in the order of `batch.rows`; not yet of unit length."""
        import torch

        with torch.inference_mode():
            groups = [torch.from_numpy(group).to(self.device) for group in batch.groups]
            hidden = self._forward(groups)  # [n, T, D] each
            if self.spec.pooling == "cls":
                pooled = [group[:, 0].float() for group in hidden]
            else:
                pooled = [group.mean(dim=1, dtype=torch.float32) for group in hidden]
            rows: Vectors = torch.cat(pooled).cpu().numpy()
        return rows

    def _tokenize_items(self, texts: Sequence[str]) -> list[list[int]]:
        return self._tokenize([self.spec.item_prefix + text for text in texts])

    def _tokenize(self, texts: list[str]) -> list[list[int]]:
        # A tokenizer without special tokens makes no token of an empty text: token 0 stands for it.
        if len(texts) == 1:
            return [self._tokenizer.encode(texts[0]).ids or [0]]
        return [each.ids or [0] for each in self._tokenizer.encode_batch_fast(texts)]

    def _pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._workers is None:
                self._workers = one_threaded_workers(self.threads)
            return self._workers


def one_threaded_workers(count: int) -> ThreadPoolExecutor:
    """A pool of threads in each of which torch computes with one thread."""
    barrier = threading.Barrier(count)

    def begin(_: Any) -> None:
        import torch

        barrier.wait()  # so that every thread runs this exactly once
        torch.set_num_threads(1)  # sets it for this thread, and the default of new ones

    workers = ThreadPoolExecutor(count, thread_name_prefix="encode")
    with torch_threads(1):  # restores the default of new threads at its end
        list(workers.map(begin, range(count)))
    return workers
