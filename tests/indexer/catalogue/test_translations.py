"""Texts by language: what is read, what is refused, what a change does, what an index has."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indexer.catalogue.changes.item_changes import ItemChange, read_changes
from indexer.catalogue.items import Item, items_of_file, to_item
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap
from indexer.catalogue.reading_rules import ReadingRules
from indexer.catalogue.translations import Translation, read_translations
from indexer.catalogue.values.text import ValueProblem
from indexer.catalogue.words.languages import LanguageChoice, LanguageSurvey, language_lines
from plugin_config.analysis.index_languages import IndexLanguages, analyzer_of, language_code
from plugin_config.errors import SettingsError

RULES = ReadingRules()
LAMP = to_item({
    "item_id": "1", "title": "lamp",
    "translations": {"de": {"title": "Lampe", "description": "hell"}, "fr": {"title": "lampe"}},
})  # fmt: skip


@pytest.mark.parametrize(
    ("value", "translations"),
    [
        ({"de": {"title": " Lampe  rot "}}, {"de": Translation("Lampe rot")}),
        ({"pt_br": {"title": "x"}}, {"pt-BR": Translation("x")}),
        ('{"de": {"title": "Lampe"}}', {"de": Translation("Lampe")}),  # of a CSV file
        ({"de": "Lampe"}, {"de": Translation("Lampe")}),
        ([{"locale": "de-DE", "title": "Lampe"}], {"de-DE": Translation("Lampe")}),
        ({"de": {"category": "Haus > Licht"}}, {"de": Translation(category=(("Haus", "Licht"),))}),
        ({"de": {"title": "Lampe", "slug": "lampe"}}, {"de": Translation("Lampe")}),
        ({"de": {"title": ""}, "fr": None}, {}),
        ("", {}),
        (None, {}),
    ],
)
def test_texts_are_read_by_language(value: Any, translations: dict[str, Translation]) -> None:
    assert read_translations(value, RULES) == translations


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("Lampe", "not an object"),
        (7, "not an object"),
        ({"german": {"title": "Lampe"}}, "no code of a language"),
        ({"": {"title": "Lampe"}}, "no code of a language"),
        ({"de": {"name": "Lampe"}}, "none of title, description, category"),
        ({"de": ["Lampe"]}, "none of title, description, category"),
        ({"de": {"title": {"text": "Lampe"}}}, "is an object"),
        ({f"a{chr(97 + n // 26)}-{n:03}": "x" for n in range(101)}, "at most 100"),
    ],
)
def test_what_are_no_translations_is_said(value: Any, message: str) -> None:
    with pytest.raises(ValueProblem, match=message):
        read_translations(value, RULES)


def test_a_title_by_language_is_that_of_the_items_language_and_translations() -> None:
    row = {
        "item_id": "1", "title": {"en": "lamp", "de-DE": "Lampe"},
        "description": {"en": "bright", "de-DE": "hell"},
    }  # fmt: skip
    item = to_item(row)
    assert (item.title, item.description, item.language) == ("lamp", "bright", "en")
    assert item.translations == {"de-DE": Translation("Lampe", "hell")}
    german = to_item(row | {"language": "de-DE"})
    assert (german.title, german.translations["en"].title) == ("Lampe", "lamp")
    with pytest.raises(ValueProblem, match="is an object"):
        to_item({"item_id": "1", "title": {"text": "lamp"}})


def test_columns_name_the_language(tmp_path: Path) -> None:
    file = tmp_path / "lamps.csv"
    file.write_text(
        "item_id,title,title.de,description.de,translations.fr.title,name_it,title.raw\n"
        "1,lamp,Lampe,hell,lampe,lampada,x\n2,chair,,,,,\n"
    )
    mapping = ColumnMap.parse(["translations.it.title=name_it"])
    lamp, chair = items_of_file(file, mapping)
    assert lamp.translations == {
        "de": Translation("Lampe", "hell"), "fr": Translation("lampe"),
        "it": Translation("lampada"),
    }  # fmt: skip
    assert chair.translations == {}
    assert lamp.attributes == {}  # a column that is no text of a language stays private


@pytest.mark.parametrize(
    "content",
    [
        "item_id,title,description\n1,Lampe,hell\n",
        "id\ttitle\tdescription\tlink\tavailability\n1\tLampe\thell\thttp://x\tin stock\n",
    ],
    ids=["csv", "google"],
)
def test_a_file_of_another_language_changes_the_translations(tmp_path: Path, content: str) -> None:
    file = tmp_path / "german"
    file.write_text(content)
    mapping = ColumnMap.parse(
        ["translations.de.title=title", "translations.de.description=description"]
    )
    with CatalogueSource(file, replace(mapping, partial=True)).open() as catalogue:
        [change] = read_changes(catalogue)
    assert isinstance(change, ItemChange)
    after = change.of_item(to_item({"item_id": "1", "title": "lamp"}))
    assert (after.title, after.description) == ("lamp", "")
    assert after.translations == {"de": Translation("Lampe", "hell")}


def test_a_mapping_file_names_the_language(tmp_path: Path) -> None:
    file, mapping = tmp_path / "lamps.jsonl", tmp_path / "map.toml"
    file.write_text(json.dumps({"item_id": "1", "title": "lamp", "name": {"de": "Lampe"}}))
    mapping.write_text('[fields]\ntranslations.de.title = "name.de"\n')
    [lamp] = items_of_file(file, ColumnMap.parse((), mapping))
    assert lamp.translations == {"de": Translation("Lampe")}


@pytest.mark.parametrize(
    ("changes", "translations"),
    [
        ([{"de": {"title": "Licht"}}], {"de": ("Licht", "hell"), "fr": ("lampe", "")}),
        ([{"de": {"description": None}}], {"de": ("Lampe", ""), "fr": ("lampe", "")}),
        ([{"de": None}], {"fr": ("lampe", "")}),
        ([{"de": {"title": None, "description": ""}}], {"fr": ("lampe", "")}),
        ([None], {}),
        ([None, {"it": {"title": "lampada"}}], {"it": ("lampada", "")}),
        ([{"de": None}, {"de": {"title": "Licht"}}], {"de": ("Licht", ""), "fr": ("lampe", "")}),
        ([{"de": {"title": "Licht"}}, None], {}),
    ],
)
def test_a_change_merges(changes: list[Any], translations: dict[str, tuple[str, str]]) -> None:
    first, *rest = [
        ItemChange.of({"item_id": "1", "translations": change}, RULES) for change in changes
    ]
    for change in rest:
        first = first.then(change)
    after = first.of_item(LAMP).translations
    assert {code: (t.title, t.description) for code, t in after.items()} == translations


def test_a_change_names_a_text_by_its_language_alone() -> None:
    with pytest.raises(ValueProblem, match="translations"):
        ItemChange.of({"item_id": "1", "title": {"de": "Licht"}}, RULES)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "de"), ("pt_br", "pt-BR"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419"),
        ("german", ""), ("", ""), ("d", ""), ("de--AT", ""), ("de AT", ""),
    ],
)  # fmt: skip
def test_codes_are_written_alike(text: str, code: str) -> None:
    assert language_code(text) == code


def test_every_language_has_an_analyzer() -> None:
    assert [analyzer_of(code) for code in ("pt-BR", "pt-PT", "zh-Hant", "he")] == [
        "brazilian", "portuguese", "cjk", "standard",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "matched"),
    [
        (["de"], "de"), (["de-AT"], "de"), (["de_at"], "de"), (["zh-Hant-TW"], "zh-CN"),
        (["fr", "de"], "de"), (["fr"], ""), ([], ""), (["nonsense"], ""), (["zh-CN"], "zh-CN"),
    ],
)  # fmt: skip
def test_a_wanted_language_is_matched_by_its_parts(wanted: list[str], matched: str) -> None:
    languages = IndexLanguages({"en": "", "de": "german", "zh-CN": "cjk"})
    assert languages.match(wanted) == matched


def _surveyed(*rows: dict[str, Any]) -> LanguageSurvey:
    surveyed = LanguageSurvey()
    for number, row in enumerate(rows):
        surveyed.add(to_item({"item_id": str(number), "title": "lamp", **row}))
    return surveyed


GERMAN = {"translations": {"de": {"title": "Lampe"}}}


@pytest.mark.parametrize(
    ("setting", "rows", "languages"),
    [
        ("auto", [{}], {}),
        ("auto", [{"language": "en"}, {"language": "zh"}], {}),  # none is translated
        ("auto", [GERMAN], {"de": "german", "en": ""}),  # own texts: those of the analyzer
        ("auto", [{**GERMAN, "language": "it"}], {"de": "german", "it": "italian"}),
        ("auto", [{**GERMAN, "language": "en"}, {"language": "zh"}], {"de": "german", "en": ""}),
        (
            "auto",
            [{"language": "de", "translations": {"en": {"title": "x"}}}],
            {"en": "english", "de": "german"},
        ),
        ("none", [GERMAN], {}),
        ("de,zh=smartcn,en", [GERMAN], {"de": "german", "zh": "smartcn", "en": ""}),
    ],
)
def test_the_languages_of_an_index(
    setting: str, rows: list[dict[str, Any]], languages: dict[str, str]
) -> None:
    chosen = LanguageChoice.parse(setting).languages(_surveyed(*rows), "english")
    assert chosen.analyzers == languages


@pytest.mark.parametrize("setting", ["german", "de=", "de=ger man", "auto,de", "de;fr"])
def test_a_setting_that_names_no_language_is_refused(setting: str) -> None:
    with pytest.raises(SettingsError, match="write a code such as de"):
        LanguageChoice.parse(setting)


def test_what_was_found_is_said() -> None:
    surveyed = _surveyed(GERMAN, {"language": "zh"}, {"language": "en"})
    languages = LanguageChoice().languages(surveyed, "english")
    named, others = language_lines(languages, surveyed.items)
    assert "de (german, 1 items)" in named
    assert "zh (1)" in others
    assert language_lines(LanguageChoice.parse("none").languages(surveyed, "english"), {}) == []


def test_an_item_in_a_language_keeps_what_is_not_translated() -> None:
    german = LAMP.in_language("de")
    assert (german.title, german.description) == ("Lampe", "hell")
    assert LAMP.in_language("es") is LAMP
    assert isinstance(LAMP.in_language("fr"), Item)
    assert LAMP.text == "lamp"  # the own text alone is embedded
