"""The items index that a rebuild makes: claimed or resumed by this process, with its `_meta`."""

from typing import Any

from indexer.catalogue.reading.catalogue_file import Catalogue
from indexer.catalogue.survey.popularity_pivot import popularity_pivot
from indexer.catalogue.survey.survey import Survey
from indexer.catalogue.words.languages import LanguageChoice
from indexer.index.attribute_schema import AttributeSchema
from indexer.index.carry_over.beginning import Beginning
from indexer.index.carry_over.earlier_items import SharedSpace
from indexer.index.carry_over.live_writes_since import LiveWritesSince
from indexer.index.construction import claim, compound_parts, discard, index_body
from indexer.index.context import IndexContext
from indexer.index.generations import Generation, NewIndex
from indexer.index.item_vectors import ItemEncoder
from indexer.index.rebuilding.fitted_bundle import FittedBundle
from indexer.index.rebuilding.half_made import INPUT, input_fingerprint, resumable, take_over
from indexer.index.swap import set_meta
from plugin_config.schema import META, VectorField


class NewGeneration:
    """A new index, or the half-made one of a dead rebuild from the same input.

    `bundle` and `live_writes` are those of its index; `resumed`: the half-made one, if it is one.
    """

    def __init__(
        self,
        context: IndexContext,
        encoder: ItemEncoder,
        field: VectorField,
        catalogue: Catalogue,
        surveyed: Survey,
        beginning: Beginning,
    ) -> None:
        self._context, self._encoder, self._survey = context, encoder, surveyed
        self.beginning = beginning
        taken = context.client.indices.get(index=context.names.items_pattern, ignore=[404])
        index = context.names.new_items_index(beginning.time, taken)
        languages = LanguageChoice.parse(context.settings.languages)
        self.attributes = AttributeSchema(
            surveyed.attributes.fields,
            catalogue.mapping.public,
            facets=surveyed.facets,
            languages=languages.languages(surveyed.languages, context.settings.analyzer),
        )
        self._body = index_body(
            field, encoder.spec, context.settings, index, self.attributes,
            beginning=beginning,
            popularity_pivot=popularity_pivot([item.popularity for _, item in surveyed.sample]),
            compound_parts=compound_parts(context, surveyed, self.attributes),
        )  # fmt: skip
        self._meta: dict[str, Any] = self._body["mappings"]["_meta"][META]
        self._meta[INPUT] = input_fingerprint(self._body, surveyed)
        self.resumed: Generation | None = None
        self._set_index(index)

    @property
    def input(self) -> str:
        """The fingerprint of what the index is made from."""
        return str(self._meta[INPUT])

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the index, without those of the fill."""
        settings: dict[str, Any] = self._body["settings"]
        return settings

    def resume(self, dead: list[Generation], *, fresh: bool) -> None:
        """Goes on with the index of a dead rebuild from the same input, discards the others."""
        half_made = resumable(self._context, dead, "" if fresh else self.input)
        if half_made is None:
            return
        if half_made.vector_space and not SharedSpace.of(self._context, half_made, self._encoder):
            discard(self._context, half_made.index)  # its projections are lost
            return
        self._meta = take_over(self._context, half_made)
        self.beginning = Beginning.of_meta(self._meta["beginning"])
        self.resumed = half_made
        self._set_index(half_made.index)
        self.set_meta()

    def claim(self) -> None:
        """Creates the index for this process; a resumed one is there. Raises RebuildUnderWay."""
        if self.resumed is None:
            claim(self._context, self.new.name, self._body)

    def set_meta(self, **changes: Any) -> None:
        """Changes entries of the index's `_meta`."""
        self._meta = {**self._meta, **changes}
        set_meta(self._context.client, self.new.name, self._meta)

    def _set_index(self, index: str) -> None:
        context, codes = self._context, tuple(self.attributes.languages.localized)
        self.new = NewIndex(index, context.names.items_building)
        self.bundle = FittedBundle(context, index, self._encoder, self._survey, codes)
        self.live_writes = LiveWritesSince(context, self.new, self.beginning)
