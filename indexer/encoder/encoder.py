"""The encoder: texts in, unit vectors out. Items and queries go through the same object."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.projections import Projections, unit
from indexer.encoder.number_format import torch_threads
from indexer.encoder.token_batches import TokenBatch, Tokens, token_batches
from indexer.encoder_spec import EncoderSpec

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

    from indexer.encoder.forward import Forward

# Tokens of one forward pass: on a CPU what stays in its caches, on a GPU what fills it.
CPU_BATCH, GPU_BATCH = 2048, 32_768
# Up to this many tokens one thread is quicker than many that wait for each other.
FEW = 256
Vectors = NDArray[np.float32]


class Encoder:
    """A bi-encoder of the BERT family. Safe to use from many threads."""

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
        """`halves` are the learned item halves of a bundle: the item's vector is made with them."""
        self.spec = spec
        self.halves = halves
        self.device = device
        self.dtype = dtype
        self.threads = threads
        self._tokenizer = tokenizer
        self._forward = forward
        self._cache: OrderedDict[str, Vectors] = OrderedDict()
        self._cache_size = cache_size
        self._lock = threading.Lock()
        self._workers: ThreadPoolExecutor | None = None

    def encode_items(self, texts: Sequence[str]) -> Vectors:
        """Embeddings of item texts: float32 [n, D], unit length, in the order given."""
        return self.encode_tokens(self.tokenize_items(texts))

    def tokenize_items(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of item texts; a thread may do this while another is in `encode_tokens`."""
        return self._tokenize([self.spec.item_prefix + text for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embeddings of queries: float32 [n, D], unit length; recent ones come from the cache."""
        found: dict[str, Vectors] = {}
        with self._lock:
            for text in texts:
                if text in self._cache:
                    self._cache.move_to_end(text)
                    found[text] = self._cache[text]
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            tokens = self._tokenize([self.spec.query_prefix + text for text in missing])
            found |= dict(zip(missing, self.encode_tokens(tokens), strict=True))
            self._remember({text: found[text] for text in missing})
        rows = np.zeros((len(texts), self.spec.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = found[text]
        return rows

    def encode_query(self, text: str) -> Vectors:
        """Embedding of one query: float32 [D], unit length."""
        vector: Vectors = self.encode_queries([text])[0]
        return vector

    def encode_tokens(self, tokens: Tokens) -> Vectors:
        """Embeddings of tokenised texts: float32 [n, D], unit length, in the order given.

        On a CPU many texts are shared out to threads, a batch each: they need not wait for each
        other within a layer.
        """
        vectors = np.zeros((len(tokens), self.spec.dimension), dtype=np.float32)
        total = sum(map(len, tokens))
        if self.device != "cpu":
            for batch in token_batches(tokens, GPU_BATCH):
                vectors[batch.places] = self._embed(batch)
        elif total <= FEW or self.threads == 1:
            with torch_threads(1):
                for batch in token_batches(tokens, CPU_BATCH):
                    vectors[batch.places] = self._embed(batch)
        else:
            batches = list(token_batches(tokens, min(CPU_BATCH, -(-total // self.threads))))
            for batch, rows in zip(batches, self._pool().map(self._embed, batches), strict=True):
                vectors[batch.places] = rows
        return unit(vectors) if self.spec.normalize else vectors

    def _embed(self, batch: TokenBatch) -> Vectors:
        """Float32 [n, D], in the order of the batch's places; not yet of unit length."""
        import torch

        with torch.inference_mode():
            groups = [torch.from_numpy(group).to(self.device) for group in batch.groups]
            hidden = self._forward(groups)  # [n, T, D] each
            if self.spec.pooling == "cls":
                pooled = [part[:, 0].float() for part in hidden]
            else:
                pooled = [part.mean(dim=1, dtype=torch.float32) for part in hidden]
            rows: Vectors = torch.cat(pooled).cpu().numpy()
        return rows

    def _tokenize(self, texts: list[str]) -> list[list[int]]:
        # A tokenizer without marks makes nothing of an empty text: token 0 stands for it.
        if len(texts) == 1:
            return [self._tokenizer.encode(texts[0]).ids or [0]]
        return [each.ids or [0] for each in self._tokenizer.encode_batch_fast(texts)]

    def _remember(self, vectors: dict[str, Vectors]) -> None:
        with self._lock:
            for text, vector in vectors.items():
                self._cache[text] = vector.copy()  # a view would keep its whole batch alive
            while len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)

    def _pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._workers is None:
                self._workers = one_threaded_workers(self.threads)
            return self._workers


def one_threaded_workers(count: int) -> ThreadPoolExecutor:
    """Threads in each of which torch computes with that one alone."""
    together = threading.Barrier(count)

    def begin(_: Any) -> None:
        import torch

        together.wait()  # every thread runs this once: none takes two turns
        torch.set_num_threads(1)  # holds for the calling thread, and is the default of new ones

    workers = ThreadPoolExecutor(count, thread_name_prefix="encode")
    with torch_threads(1):  # and so the default of new threads is set back
        list(workers.map(begin, range(count)))
    return workers
