"""Queries encoded as one batch: the same vectors, fewer calls, each error to its caller."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from indexer.encoder.kept_queries import KeptQueries
from query_service.serving.batching import BatchingEncoder, EncoderClosed
from tests.query_service.fixtures import spec


class Letters:
    """An encoder of two numbers, length and first letter; it waits while `go` is cleared."""

    def __init__(self, kept: int = 0) -> None:
        self._kept = KeptQueries(kept)
        self.calls: list[list[str]] = []
        self.go = threading.Event()
        self.go.set()
        self.entered = threading.Event()
        self.spec = spec()

    def encode_query(self, text: str) -> np.ndarray:
        return self.encode_queries([text])[0]

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        self.calls.append(list(texts))
        self.entered.set()
        assert self.go.wait(10)
        if "bad" in texts:
            raise ValueError("bad text")
        rows = np.array([[len(text), ord(text[0])] for text in texts], np.float32)
        self._kept.add(dict(zip(texts, rows, strict=True)))
        return rows

    def kept_query(self, text: str) -> np.ndarray | None:
        return self._kept.get(text)


def wait_until_waiting(encoder: BatchingEncoder, count: int) -> None:
    with encoder._changed:
        for _ in range(1000):
            if len(encoder._waiting) == count:
                return
            encoder._changed.wait(0.01)
    raise AssertionError(f"{len(encoder._waiting)} wait, not {count}")


def test_one_query_is_encoded_at_once() -> None:
    letters = Letters()
    encoder = BatchingEncoder(letters)
    assert encoder.encode_query("abc").tolist() == [3, ord("a")]
    assert encoder.encode_queries(["x", "yy"]).shape == (2, 2)
    assert encoder.spec == letters.spec
    encoder.close()


def test_queries_that_arrive_during_an_encode_are_one_batch() -> None:
    letters = Letters()
    encoder = BatchingEncoder(letters)
    letters.go.clear()
    texts = [f"{chr(98 + i)}{'x' * i}" for i in range(8)]
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(encoder.encode_query, "a")
        assert letters.entered.wait(10)
        others = [pool.submit(encoder.encode_query, text) for text in texts]
        wait_until_waiting(encoder, 8)
        letters.go.set()
        assert first.result(10).tolist() == [1, ord("a")]
        for text, other in zip(texts, others, strict=True):
            assert other.result(10).tolist() == [len(text), ord(text[0])]
    assert [len(call) for call in letters.calls] == [1, 8]
    encoder.close()


def test_an_error_reaches_only_its_caller() -> None:
    letters = Letters()
    encoder = BatchingEncoder(letters)
    letters.go.clear()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(encoder.encode_query, "a")
        assert letters.entered.wait(10)
        bad = pool.submit(encoder.encode_query, "bad")
        good = pool.submit(encoder.encode_query, "good")
        wait_until_waiting(encoder, 2)
        letters.go.set()
        first.result(10)
        with pytest.raises(ValueError, match="bad text"):
            bad.result(10)
        assert good.result(10).tolist() == [4, ord("g")]
    assert encoder.encode_query("after").tolist() == [5, ord("a")]
    encoder.close()


def test_a_closed_encoder_raises() -> None:
    encoder = BatchingEncoder(Letters())
    encoder.close()
    with pytest.raises(EncoderClosed):
        encoder.encode_query("late")


def test_a_repeated_query_is_not_encoded_again_and_the_oldest_are_forgotten() -> None:
    letters = Letters(kept=2)
    encoder = BatchingEncoder(letters)
    for text in ("a", "b", "a", "c", "a", "b"):
        assert encoder.encode_query(text).tolist() == [1, ord(text)]
    assert letters.calls == [["a"], ["b"], ["c"], ["b"]]
    encoder.close()
    assert encoder.encode_query("a").tolist() == [1, ord("a")]
    with pytest.raises(EncoderClosed):
        encoder.encode_query("d")
