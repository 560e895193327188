"""The model bundle of a rebuild: fitted on the survey's sample, or taken over if that is equal."""

import hashlib
from dataclasses import dataclass, replace

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.meaning_cut import meaningless_texts
from indexer.bundle.model_bundle import ModelBundle, fit_bundle_on_vectors
from indexer.bundle.projections import Projections, Vectors
from indexer.catalogue.survey.survey import Survey
from indexer.index.context import IndexContext
from indexer.index.generations import Generation
from indexer.index.item_vectors import ItemEncoder

FITTED_ON = "bundle_input"  # in `_meta`


@dataclass(frozen=True)
class FittedBundle:
    """What the bundle of the index `name` is fitted on. `languages`: whose texts get a W_uq too."""

    context: IndexContext
    name: str
    encoder: ItemEncoder
    survey: Survey
    languages: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """A hash of the sample and the languages: two fits with the same one agree."""
        digest = hashlib.sha256(repr(self.languages).encode())
        for _, item in self.survey.sample:
            digest.update(repr(item).encode())
        return digest.hexdigest()[:32]

    def save(self, projections: Projections | None, vectors: Vectors) -> None:
        """Fits the bundle on the sample's `vectors` float32 [sample, dims], and writes it."""
        self.context.progress.start("learn the model bundle")
        items = [item for _, item in self.survey.sample]
        bundle = fit_bundle_on_vectors(
            self.name,
            self.encoder.spec,
            items,
            vectors,
            projections=projections,
            statistics=self.survey.statistics,
            meaningless=self.encoder.encode_queries(meaningless_texts()),
            languages=self.languages,
        )
        bundle.save(self.context.bundles_dir / self.name)
        self.context.progress.close()

    def take_over(self, live: Generation) -> bool:
        """Writes the live index's bundle under the new name, if a fit would give the same.

        The vector spaces have to be the same. False where it has to be fitted.
        """
        if live.meta.get(FITTED_ON) != self.fingerprint():
            return False
        try:
            bundle = ModelBundle.load(self.context.bundles_dir / live.bundle)
        except BundleError:
            return False
        if bundle.vector_space != live.meta.get("vector_space"):
            return False
        statistics = replace(
            self.survey.statistics,
            meaning_cut=bundle.statistics.meaning_cut,
            meaning_cut_alone=bundle.statistics.meaning_cut_alone,
        )
        copy = replace(bundle, name=self.name, statistics=statistics, created_at="")
        copy.save(self.context.bundles_dir / self.name)
        return True
