"""The model bundle of an index: what a rebuild fitted on its catalogue.

It holds W_uq, W_ua, the projections of the layout `concat` and the catalogue's statistics. What is
learned from visitors is in a bundle of its own, see `learned_bundle`. Weights are safetensors;
nothing in it can run code.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np

from indexer.bundle.hashed_folder import (
    MANIFEST,
    BundleType,
    atomic_folder,
    read_manifest,
    sha256_of,
)
from indexer.bundle.meaning_cut import fit_meaning_cut
from indexer.bundle.projections import Projections, Vectors, fit_projections, unit
from indexer.bundle.term_map import TermMap
from indexer.catalogue.items import Item
from indexer.catalogue.survey.statistics import Statistics
from indexer.catalogue.words.terms import attribute_terms, terms
from indexer.encoder_spec import EncoderSpec

OF_INDEX = BundleType(
    name="model bundle",
    format=1,
    if_absent=". The rebuild of an index writes it there: copy that folder from the machine that "
    "ran it, or set LIVE_INTENT_BUNDLES_DIR to the folder it is in",
    if_other_format=". Rebuild the index with this version: live-intent index rebuild",
    if_damaged="Copy the bundle again, or rebuild the index: live-intent index rebuild",
)
WEIGHTS, TERMS = "weights.safetensors", "terms.json"


@dataclass(frozen=True)
class ModelBundle:
    """What was fitted for one index. `projections` is None in the layout `sum`."""

    name: str  # of the index it belongs to
    spec: EncoderSpec
    W_uq: TermMap
    W_ua: TermMap
    projections: Projections | None
    statistics: Statistics
    created_at: str = ""
    W_uq_in: Mapping[str, TermMap] = field(default_factory=dict)  # W_uq of terms in a language

    def query_terms(self, language: str) -> TermMap:
        """W_uq of a language's terms; of the items' own texts for "", and where there is none."""
        return self.W_uq_in.get(language, self.W_uq)

    def in_language(self, language: str) -> "ModelBundle":
        """The same, with W_uq of a language's terms: for the live query."""
        return replace(self, W_uq=self.query_terms(language)) if language else self

    @cached_property
    def vector_space(self) -> str:
        """16 hex digits; item vectors are comparable if and only if this is equal."""
        return vector_space(self.spec, self.projections)

    def item_vectors(self, embeddings: Vectors, ids: Sequence[str] = ()) -> Vectors:
        """g_i float32 [n, dims], unit length, of embeddings float32 [n, D] of the items `ids`."""
        return item_vectors(embeddings, self.projections, ids)

    def meaning(self, embeddings: Vectors) -> Vectors:
        """Embeddings [..., D] as demand vectors in R^M, unit length (M = D for `sum`)."""
        return self.projections.meaning(embeddings) if self.projections else unit(embeddings)

    def halves(self, vectors: Vectors) -> tuple[Vectors, Vectors]:
        """The meaning half [..., M] and behaviour half [..., K] of item vectors, unit length.

        In the layout `sum` both are the whole vectors.
        """
        return _halves(vectors, self.projections)

    def save(self, folder: Path) -> None:
        """Writes the bundle beside `folder` and moves it there: it is complete or absent."""
        from safetensors.numpy import save_file

        weights = {
            "W_uq": self.W_uq.W, "idf_uq": self.W_uq.idf,
            "W_ua": self.W_ua.W, "idf_ua": self.W_ua.idf,
        }  # fmt: skip
        if self.projections:
            weights |= {"P_M": self.projections.P_M, "P_K": self.projections.P_K}
        vocabularies = {"W_uq": self.W_uq.vocabulary, "W_ua": self.W_ua.vocabulary}
        for code, terms_map in self.W_uq_in.items():
            weights |= {f"W_uq.{code}": terms_map.W, f"idf_uq.{code}": terms_map.idf}
            vocabularies[f"W_uq.{code}"] = terms_map.vocabulary
        with atomic_folder(folder, replace=True) as new:
            save_file({k: np.ascontiguousarray(v) for k, v in weights.items()}, new / WEIGHTS)
            (new / TERMS).write_text(json.dumps(vocabularies, ensure_ascii=False), "utf-8")
            manifest = {
                "format": OF_INDEX.format,
                "name": self.name,
                "created_at": self.created_at or datetime.now(UTC).isoformat(timespec="seconds"),
                "encoder": self.spec.to_meta(),
                "fingerprint": self.spec.fingerprint,
                "vector_space": self.vector_space,
                "statistics": asdict(self.statistics),
                "sha256": {name: sha256_of(new / name) for name in (WEIGHTS, TERMS)},
            }
            text = json.dumps(manifest, indent=2, ensure_ascii=False)
            (new / MANIFEST).write_text(text, "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "ModelBundle":
        """Reads a bundle and checks it against its manifest.

        Raises BundleError when the folder is missing, of another format, or damaged.
        """
        from safetensors.numpy import load_file

        manifest = read_manifest(folder, OF_INDEX)
        weights = load_file(folder / WEIGHTS)
        vocabularies = json.loads((folder / TERMS).read_text("utf-8"))
        projections = Projections(weights["P_M"], weights["P_K"]) if "P_M" in weights else None
        return cls(
            name=manifest["name"],
            spec=EncoderSpec.from_meta(manifest["encoder"]),
            W_uq=TermMap(tuple(vocabularies["W_uq"]), weights["idf_uq"], weights["W_uq"]),
            W_ua=TermMap(tuple(vocabularies["W_ua"]), weights["idf_ua"], weights["W_ua"]),
            projections=projections,
            statistics=Statistics(**manifest["statistics"]),
            created_at=manifest["created_at"],
            W_uq_in={
                code: TermMap(tuple(terms_), weights[f"idf_uq.{code}"], weights[f"W_uq.{code}"])
                for name, terms_ in vocabularies.items()
                if (code := name.partition("W_uq.")[2])
            },
        )


def item_vectors(
    embeddings: Vectors, projections: Projections | None, ids: Sequence[str] = ()
) -> Vectors:
    """g_i of embeddings [n, D]: their unit vectors in the layout `sum`, two halves in `concat`."""
    return unit(embeddings) if projections is None else projections.item_vectors(embeddings, ids)


def vector_space(spec: EncoderSpec, projections: Projections | None) -> str:
    """The name of a vector space: 16 hex digits of a hash of encoder and projections.

    Learned residuals are in the encoder's fingerprint.
    """
    digest = hashlib.sha256(spec.fingerprint.encode())
    if projections:
        digest.update(projections.P_M.astype("<f2").tobytes())
        digest.update(projections.P_K.astype("<f2").tobytes())
    return digest.hexdigest()[:16]


def fit_space(spec: EncoderSpec, embeddings: Vectors) -> Projections | None:
    """The projections of the layout `concat`, fitted on embeddings [n, D]; None for `sum`."""
    if spec.layout == "sum":
        return None
    return fit_projections(embeddings, spec.meaning_dims, spec.behaviour_dims)


def fit_bundle(
    name: str,
    spec: EncoderSpec,
    items: Sequence[Item],
    embeddings: Vectors,
    *,
    projections: Projections | None,
    statistics: Statistics,
    meaningless: Vectors | None = None,
    languages: Sequence[str] = (),
) -> ModelBundle:
    """A bundle with W_uq and W_ua fitted on items and their `embeddings` float32 [n, D].

    `meaningless` and `languages` as for `fit_bundle_on_vectors`.
    """
    return fit_bundle_on_vectors(
        name,
        spec,
        items,
        item_vectors(embeddings, projections, [item.item_id for item in items]),
        projections=projections,
        statistics=statistics,
        meaningless=meaningless,
        languages=languages,
    )


def fit_bundle_on_vectors(
    name: str,
    spec: EncoderSpec,
    items: Sequence[Item],
    vectors: Vectors,
    *,
    projections: Projections | None,
    statistics: Statistics,
    meaningless: Vectors | None = None,
    languages: Sequence[str] = (),
) -> ModelBundle:
    """A bundle with W_uq and W_ua fitted on items and their `vectors` g_i, float32 [n, dims].

    `meaningless` float32 [q, D]: embeddings of `meaningless_texts` as queries, to fit the meaning
    cut; None: without a cut. `languages`: the terms of the items' texts in each get a W_uq too.
    """
    meaning, behaviour = _halves(vectors, projections)
    if meaningless is not None:
        queries = projections.meaning(meaningless) if projections else unit(meaningless)
        beside_words, alone = fit_meaning_cut(queries, meaning)
        statistics = replace(statistics, meaning_cut=beside_words, meaning_cut_alone=alone)
    return ModelBundle(
        name=name,
        spec=spec,
        W_uq=TermMap.fit(items, lambda item: terms(item.text), meaning),
        W_ua=TermMap.fit(items, attribute_terms, behaviour),
        projections=projections,
        statistics=statistics,
        W_uq_in={code: TermMap.fit(items, _terms_in(code), meaning) for code in languages},
    )


def _terms_in(language: str) -> Callable[[Item], list[str]]:
    return lambda item: terms(item.in_language(language).text)


def _halves(vectors: Vectors, projections: Projections | None) -> tuple[Vectors, Vectors]:
    if projections is None:
        return vectors, vectors
    M = len(projections.P_M)
    return unit(vectors[..., :M]), unit(vectors[..., M:])
