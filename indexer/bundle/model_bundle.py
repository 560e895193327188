"""The bundle of an index: what was learned of its catalogue, and the manifest that says of what.

A rebuild writes one for its index: W_uq, W_ua, the projections of the `concat` layout and the
catalogue's statistics. What is learned of visitors lies in a bundle of its own, see `learned`.
Weights are safetensors; nothing in it can run code.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.bundle.hashed_folder import (
    MANIFEST,
    BundleError,
    check_files,
    read_manifest,
    sha256_of,
    written_beside,
)
from indexer.bundle.projections import Projections, fit_projections, unit
from indexer.bundle.term_map import TermMap
from indexer.catalogue.items import Item
from indexer.catalogue.statistics import Statistics
from indexer.catalogue.terms import attribute_features, terms
from indexer.encoder_spec import EncoderSpec

FORMAT = 1
WEIGHTS, TERMS = "weights.safetensors", "terms.json"


@dataclass(frozen=True)
class ModelBundle:
    """What was learned for one index. `projections` is None in the layout `sum`."""

    name: str  # of the index it belongs to
    spec: EncoderSpec
    W_uq: TermMap
    W_ua: TermMap
    projections: Projections | None
    statistics: Statistics
    created_at: str = ""

    @cached_property
    def vector_space(self) -> str:
        """16 hex digits; item vectors can be compared exactly when this is equal."""
        return vector_space(self.spec, self.projections)

    def item_vectors(
        self, embeddings: NDArray[np.float32], ids: Sequence[str] = ()
    ) -> NDArray[np.float32]:
        """g_i of embeddings float32 [n, D] of the items `ids`: float32 [n, dims], unit length."""
        return item_vectors(embeddings, self.projections, ids)

    def meaning(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embeddings [..., D] as demand vectors in R^M, unit length (M = D for `sum`)."""
        return self.projections.meaning(embeddings) if self.projections else unit(embeddings)

    def halves(
        self, vectors: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The meaning half [..., M] and behaviour half [..., K] of item vectors, unit length."""
        if self.projections is None:
            return vectors, vectors
        M = len(self.projections.P_M)
        return unit(vectors[..., :M]), unit(vectors[..., M:])

    def save(self, folder: Path) -> None:
        """Writes the bundle beside `folder` and moves it there, so that it is whole or absent."""
        from safetensors.numpy import save_file

        weights = {
            "W_uq": self.W_uq.W, "idf_uq": self.W_uq.idf,
            "W_ua": self.W_ua.W, "idf_ua": self.W_ua.idf,
        }  # fmt: skip
        if self.projections:
            weights |= {"P_M": self.projections.P_M, "P_K": self.projections.P_K}
        vocabularies = {"W_uq": self.W_uq.vocabulary, "W_ua": self.W_ua.vocabulary}
        with written_beside(folder, replaces=True) as part:
            save_file({k: np.ascontiguousarray(v) for k, v in weights.items()}, part / WEIGHTS)
            (part / TERMS).write_text(json.dumps(vocabularies, ensure_ascii=False), "utf-8")
            manifest = {
                "format": FORMAT,
                "name": self.name,
                "created_at": self.created_at or datetime.now(UTC).isoformat(timespec="seconds"),
                "encoder": self.spec.to_meta(),
                "fingerprint": self.spec.fingerprint,
                "vector_space": self.vector_space,
                "statistics": asdict(self.statistics),
                "sha256": {name: sha256_of(part / name) for name in (WEIGHTS, TERMS)},
            }
            (part / MANIFEST).write_text(
                json.dumps(manifest, indent=2, ensure_ascii=False), "utf-8"
            )

    @classmethod
    def load(cls, folder: Path) -> "ModelBundle":
        """Reads a bundle and checks it against its own manifest.

        Raises BundleError when the folder is missing, of another format, or damaged.
        """
        from safetensors.numpy import load_file

        manifest = _read_manifest(folder)
        check_files(
            folder,
            manifest["sha256"],
            "the model bundle",
            "Copy the bundle again, or rebuild the index: live-intent index rebuild",
        )
        weights = load_file(folder / WEIGHTS)
        vocabularies = json.loads((folder / TERMS).read_text("utf-8"))
        maps = {
            name: TermMap(tuple(vocabularies[name]), weights[idf], weights[name])
            for name, idf in (("W_uq", "idf_uq"), ("W_ua", "idf_ua"))
        }
        has_halves = "P_M" in weights
        return cls(
            name=manifest["name"],
            spec=EncoderSpec.from_meta(manifest["encoder"]),
            W_uq=maps["W_uq"],
            W_ua=maps["W_ua"],
            projections=Projections(weights["P_M"], weights["P_K"]) if has_halves else None,
            statistics=Statistics(**manifest["statistics"]),
            created_at=manifest["created_at"],
        )


def item_vectors(
    embeddings: NDArray[np.float32], projections: Projections | None, ids: Sequence[str] = ()
) -> NDArray[np.float32]:
    """g_i of embeddings [n, D]: themselves in the layout `sum`, two halves in `concat`."""
    return unit(embeddings) if projections is None else projections.item_vectors(embeddings, ids)


def vector_space(spec: EncoderSpec, projections: Projections | None) -> str:
    """Names the space that item vectors live in: 16 hex digits of encoder and projections.

    Learned item halves are in the encoder's fingerprint.
    """
    digest = hashlib.sha256(spec.fingerprint.encode())
    if projections:
        digest.update(projections.P_M.astype("<f2").tobytes())
        digest.update(projections.P_K.astype("<f2").tobytes())
    return digest.hexdigest()[:16]


def fit_space(spec: EncoderSpec, embeddings: NDArray[np.float32]) -> Projections | None:
    """The projections that the layout asks for, fitted on embeddings [n, D]; None for `sum`."""
    if spec.layout == "sum":
        return None
    return fit_projections(embeddings, spec.meaning_dims, spec.behaviour_dims)


def fit_bundle(
    name: str,
    spec: EncoderSpec,
    items: Sequence[Item],
    embeddings: NDArray[np.float32],
    *,
    projections: Projections | None,
    statistics: Statistics,
) -> ModelBundle:
    """Learns W_uq and W_ua from (a sample of) the catalogue; `embeddings` float32 [n, D]."""
    meaning = projections.meaning(embeddings) if projections else embeddings
    ids = [item.item_id for item in items]
    behaviour = projections.behaviour(embeddings, ids) if projections else embeddings
    return ModelBundle(
        name=name,
        spec=spec,
        W_uq=TermMap.fit([terms(item.text) for item in items], meaning),
        W_ua=TermMap.fit([attribute_features(item) for item in items], behaviour),
        projections=projections,
        statistics=statistics,
    )


def _read_manifest(folder: Path) -> dict[str, Any]:
    manifest = read_manifest(
        folder,
        f"there is no model bundle in {folder}. The rebuild of an index writes it there: copy "
        "that folder from the machine that ran it, or set LIVE_INTENT_BUNDLES_DIR to its place",
    )
    if manifest.get("format") != FORMAT:
        raise BundleError(
            f"the model bundle {folder} has format {manifest.get('format')!r}; this version reads "
            f"{FORMAT}. Rebuild the index with this version: live-intent index rebuild"
        )
    return manifest
