"""Attributes keep their names, lists and types; filters use the type that all values have."""

from typing import Any

import pytest

from indexer.catalogue.attributes.attributes import AttributeSurvey, as_type, read_attributes
from plugin_config import attribute_fields
from plugin_config.attribute_fields import AttributeFields, field_name


def types(*rows: dict[str, Any]) -> dict[str, str]:
    survey = AttributeSurvey()
    for row in rows:
        survey.add(row)
    return dict(survey.fields.types)


def test_lists_numbers_and_booleans_stay_what_they_are() -> None:
    given = {"colour": ["Red", "Blue"], "weight.kg": 1.5, "size": 8, "new": False, "made": "2024"}
    assert read_attributes(given) == (given, [])


def test_texts_lose_entities_and_blank_values_are_missing() -> None:
    given = {"care": "Wash &amp; dry", "tags": ["a", None, " "], "gone": "", "none": None, " ": 1}
    assert read_attributes(given) == ({"care": "Wash & dry", "tags": ["a"]}, [])


def test_the_parts_of_an_object_are_attributes() -> None:
    given = {"size": {"width": 3, "unit": {"short": "cm"}}}
    assert read_attributes(given)[0] == {"size.width": 3, "size.unit.short": "cm"}


def test_the_parts_of_a_list_of_objects_are_lists() -> None:
    given = {
        "tags": [{"id": 1, "label": "new"}, {"id": 2, "label": "sale", "dates": ["a", "b"]}],
        "specs": [{"name": "Colour", "value": "Red"}, {"name": "Fits", "values": ["S", "M"]}],
        "size": {"parts": [{"cm": 3}, {"cm": 4}]},
    }
    assert read_attributes(given) == (
        {
            "tags.id": [1, 2], "tags.label": ["new", "sale"], "tags.dates": ["a", "b"],
            "specs.Colour": "Red", "specs.Fits": ["S", "M"],
            "size.parts.cm": [3, 4],
        },
        [],
    )  # fmt: skip


def test_lists_of_lists_are_counted_with_the_way_out() -> None:
    attributes, problems = read_attributes({"sizes": [[1, 2], [3]], "mixed": ["a", {"b": 1}]})
    assert attributes == {"mixed": ["a"]}
    assert [name for name, _ in problems] == ["sizes", "sizes", "mixed"]


def test_a_value_that_is_left_out_costs_that_value_only() -> None:
    given = {"html": "x" * 9000, "parts": [{"a": 1}, "b"], "n" * 600: 1, "big": 10**30}
    attributes, problems = read_attributes(given)
    assert attributes == {"parts": ["b"], "big": 1e30}
    assert [problem.split(" is ")[1] for _, problem in problems] == [
        "longer than 8000 bytes",
        "an object or a list, inside a list",
        "longer than 512 characters",
    ]
    assert [name for name, _ in problems] == ["html", "parts", "n" * 40 + "..."]


def test_names_in_two_unicode_forms_are_one() -> None:
    assert read_attributes({"Gro\u0308ße": 8})[0] == {"Größe": 8}


def test_a_type_for_each_attribute() -> None:
    chosen = types(
        {"colour": ["Red", "8"], "kg": 1.5, "new": True, "made": "2024-01-05", "ean": "0012"},
        {"colour": "Blue", "kg": "2", "new": "FALSE", "made": "2024-01-05T10:00:00+02:00"},
    )
    assert chosen == {
        "colour": "text", "kg": "number", "new": "boolean", "made": "date", "ean": "text",
    }  # fmt: skip


def test_mixed_types_are_texts_and_said_so() -> None:
    survey = AttributeSurvey()
    survey.add({"size": [42, 43]})
    survey.add({"size": "M"})
    assert survey.fields.types == {"size": "text"}
    assert survey.mixed == {"size": "number 2 times ('42'), text 1 times ('M')"}


def test_what_stands_for_no_value_decides_no_type() -> None:
    survey = AttributeSurvey()
    for value in (-20, "NaN", 5.5, "n/a", "-"):
        survey.add({"temperature": value, "plugged": value == -20, "note": "n/a"})
    assert survey.fields.types == {"temperature": "number", "plugged": "boolean", "note": "text"}
    assert survey.mixed == {}


@pytest.mark.parametrize(
    "text",
    ["2024-13-01", "9999-12-31T23:59:59-05:00", "20240105", "2024-1-5", "5 May", "0000-01-01", ""],
)
def test_what_is_no_date_is_a_text(text: str) -> None:
    assert as_type(text, "date") is None


def test_times_are_in_utc() -> None:
    assert as_type("2024-01-05T10:00:00+02:00", "date") == "2024-01-05T08:00:00.000Z"
    assert as_type("2024-01-05", "date") == "2024-01-05"


@pytest.mark.parametrize("text", ["007", "1e5", "1,5", "12345678901234567", "٣", "nan", "1."])
def test_what_is_no_plain_number_is_a_text(text: str) -> None:
    assert types({"a": text}) == {"a": "text"}


def test_attributes_beyond_the_limit_are_only_shown() -> None:
    survey = AttributeSurvey()
    most = attribute_fields.MAX_INDEXED
    survey.add({f"a{n}": n for n in range(most + 1)})
    survey.add({f"a{n}": n for n in range(most)})
    assert len(survey.fields.types) == most
    assert survey.shown_only == [f"a{most}"]


def test_any_name_is_the_name_of_a_field() -> None:
    names = ["a.b", "Größe (cm)", "50%", "*", "_id", "a b", "..", "色", "a/b"]
    fields = AttributeFields(dict.fromkeys(names, "number"))
    assert AttributeFields.of_mapping({"properties": fields.properties()}) == fields
    assert not any("." in field_name(name) or "*" in field_name(name) for name in names)
