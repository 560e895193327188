"""What is wrong with a file of rules: each problem with its line and the rule's name."""

from pathlib import Path

import pytest

from query_service.rules.contradictions import contradictions
from query_service.rules.rule_problem import RulesRefused, errors_among
from query_service.rules.rules_file import RulesFile, RulesFileUnreadable
from query_service.schemas.administration.rules import RuleSet


def problems(path: Path, text: str) -> list[str]:
    """The problems of a file, as `line: severity: message`."""
    path.write_text(text, encoding="utf-8")
    try:
        file = RulesFile.read(path)
        lines = file.texts(contradictions(file.rules))
    except RulesRefused as error:
        lines = str(error).splitlines()
    return [line.removeprefix(f"{path}:") for line in lines]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rules.toml"


def test_each_malformed_field_is_named_with_its_line(path: Path) -> None:
    text = '''\
# [[rules]] in a comment
[[rules]]
id = "a"
name = """[[rules]] in a
"""
when.query.is = "lamp"
then.banner = { text = """
[[rules]]
id = "no"
""" }
[[rules]]
id = "b"
[rules.when]
window = { from = 2026-11-27T09:00:00 }
[[rules.then.pin]]
item_id = "x"
position = 3
[[rules.then.pin]]
item_id = "y"
position = 300
[[rules]]
id = "c"
when = { scenario = "nope" }
then.redirect = "javascript:alert(1)"
then.boost = [ { filters = {}, by = 1 },
               { filters = {}, by = 2 } ]
then.wrong = 1
'''
    found = problems(path, text)
    numbers = [int(line.split(":")[0]) for line in found]
    assert numbers == [4, 14, 20, 23, 24, 26, 27]
    assert "rule “b”: window: 2026-11-27T09:00:00 has no zone" in found[1]
    assert "rule “c”" in found[3]


CLASHES = """
[[rules]]
id = "first"
when.{one}
then.pin = [{{ item_id = "a", position = 1 }}]
[[rules]]
id = "second"
when.{other}
then.pin = [{{ item_id = "b", position = 1 }}]
"""


@pytest.mark.parametrize(
    ("one", "other", "severity"),
    [
        ('query.is = "lamp"', 'query.is = ["Lamp", "x"]', "error"),
        ('query.is = "lamp"', 'query.is = "hose"', ""),
        ('query.is = "desk lamp"', 'query.contains = "lamp"', "error"),
        ('query.contains = "desk lamp"', 'query.contains = "lamp"', "error"),
        ('query.contains = "desk"', 'query.contains = "lamp"', "warning"),
        ('query.is = "desk lamp"', 'query.matches = "^desk"', "error"),
        ('query.is = "desk lamp"', 'query.matches = "^lamp"', ""),
        ('query.contains = "lamp"', 'query.matches = "^desk"', "warning"),
        ('query.is = "lamp"', 'scenario = "shop"', "error"),
        ('query.is = "lamp"', 'request = "recommend"', ""),
        ('scenario = "shop"', 'scenario = "feed"', ""),
        ('scenario = "shop"', 'category = "Home"', "error"),
        ('category = "Home"', 'category = "Home > Light"', "error"),
        ('category = "Home"', 'category = "Garden"', ""),
        ("visitor.new = true", "visitor.new = false", ""),
        ("visitor.new = true", "visitor.did.click = {}", ""),
        ("visitor.known = true", "visitor.new = true", "error"),
        ("window = { until = 2099-01-31, zone = 'UTC' }",
         "window = { from = 2099-02-01, zone = 'UTC' }", ""),
        ("window = { until = 2099-01-31, zone = 'UTC' }",
         "window = { from = 2099-01-31, zone = 'UTC' }", "error"),
    ],
)  # fmt: skip
def test_two_rules_that_pin_at_one_position_clash_where_both_apply(
    path: Path, one: str, other: str, severity: str
) -> None:
    found = problems(path, CLASHES.format(one=one, other=other))
    assert len(found) == bool(severity)
    if severity:
        assert found[0].startswith(f"9: {severity}: rule “second”: the rule “first” pins a at 1")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("then.redirect = '/'\nwhen = {}", "4: error: rule “r”: when: it has no condition"),
        ("then.redirect = '/'\nwhen.query = {}", "4: error: rule “r”: query: query says nothing"),
        ("then.redirect = '/'\nwhen.filters = { brand = [] }", "4: error: rule “r”: filters"),
        ("then.redirect = '/'\nwhen.query.is = '?!'", "4: error: rule “r”: is: '?!' has no letter"),
        ("then.redirect = '/'\nwhen.query.matches = '(?=a)'", "4: error: rule “r”: matches"),
        ("then.redirect = '/'\nwhen.query.matches = '.*'", "4: warning: rule “r”: matches"),
        ("then = {}\nwhen.query.is = 'a'", "3: error: rule “r”: then: it does nothing"),
        ("then.hide = {}\nwhen.query.is = 'a'", "3: error: rule “r”: hide: it names no items"),
        ("then.boost = [{ filters = {} }]\nwhen.query.is = 'a'", "3: error: rule “r”: it names no"),
        ("then.synonyms = ['a']\nwhen.scenario = 'shop'", "3: error: rule “r”: synonyms: synonyms"),
        ("then.redirect = '/'\nwhen = { request = 'recommend', query.is = 'a' }",
         "4: error: rule “r”: when: a recommendation has no query"),
        ("then.redirect = '/'\nwhen.window = { until = 2020-01-01, zone = 'UTC' }",
         "4: warning: rule “r”: window: its window ended at 2020-01-01"),
        ("then.redirect = '/'\nwhen.window = { until = 2026-01-01T00:00:00Z, zone = 'Mars' }",
         "4: error: rule “r”: zone: 'Mars' is no time zone"),
        ("then.redirect = '/'\nwhen.window = { from = 2026-02-01, until = 2026-01-01, "
         "zone = 'UTC' }",
         "4: error: rule “r”: window: until, 2026-01-01, is not after from"),
        ("when.query.is = 'a'\nthen.pin = [{ item_id = 'x', position = 1 },\n"
         "{ item_id = 'x', position = 2 }]", "5: error: rule “r”: this rule pins x at 1"),
        ("when.query.is = 'a'\nthen.pin = [{ item_id = 'x', position = 1 }]\n"
         "then.hide.item_ids = ['x']", "4: error: rule “r”: this rule hides x"),
        ("when.query.is = 'a'\nthen.redirect = '//evil.example'", "4: error: rule “r”: redirect"),
    ],
)  # fmt: skip
def test_a_rule_that_can_t_be_meant_is_said_with_its_line(
    path: Path, rule: str, problem: str
) -> None:
    [found] = problems(path, f"[[rules]]\nid = 'r'\n{rule}\n")
    assert found.startswith(problem), found


def test_an_id_that_is_there_twice_is_an_error() -> None:
    rule = {"id": "a", "when": {"query": {"is": "x"}}, "then": {"redirect": "/"}}
    rules = RuleSet.model_validate({"rules": [rule, rule | {"when": {"scenario": "shop"}}]})
    [problem] = errors_among(contradictions(rules))
    assert problem.field == "rules.1.id"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"[[rules]", "no TOML"), (b"\xff\xfe", "not in UTF-8"), (b"a = 1\nb = ]", "line 2")],
)
def test_a_file_that_can_t_be_read_says_why(path: Path, content: bytes, reason: str) -> None:
    path.write_bytes(content)
    with pytest.raises(RulesFileUnreadable, match=reason):
        RulesFile.read(path)


def test_a_disabled_rule_clashes_with_none(path: Path) -> None:
    text = CLASHES.format(one='query.is = "a"', other='query.is = "a"')
    assert problems(path, text.replace('id = "first"', 'id = "first"\nenabled = false')) == []
