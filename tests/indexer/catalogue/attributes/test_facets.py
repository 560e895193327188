"""Which attributes are facets: named ones, or those of low cardinality."""

import pytest

from indexer.catalogue.attributes.facets import LONGEST_VALUE, MOST_VALUES, FacetChoice, FacetSurvey
from plugin_config.attribute_fields import AttributeFields
from plugin_config.errors import SettingsError

FIELDS = AttributeFields(
    {"colour": "text", "serial": "text", "note": "text", "watts": "number", "new": "boolean"}
)


def facets(*names: str) -> tuple[str, ...]:
    survey = FacetSurvey()
    for n in range(MOST_VALUES + 1):
        note = "x" * (LONGEST_VALUE + 1) if n == 7 else "short"
        colour = ["Red", "RED"] if n else "blue"
        survey.add({"colour": colour, "serial": f"no {n}", "note": note, "watts": n, "new": True})
    return survey.facets(FIELDS, FacetChoice.of(names))


def test_texts_with_few_short_values_numbers_and_booleans_are_facets_by_default() -> None:
    assert facets() == ("colour", "watts", "new")


def test_exactly_the_named_ones_are_facets() -> None:
    assert facets("attributes.serial", " attributes.w*", "brand") == ("serial", "watts")
    assert facets("brand") == ()
    assert facets("attributes.*") == tuple(FIELDS.types)
    assert FacetChoice.parse("") == FacetChoice() == FacetChoice.parse(" , ")


@pytest.mark.parametrize("name", ["colour", "attributes.", "attributes"])
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f"facet '{name}': write"):
        FacetChoice.of([name])
