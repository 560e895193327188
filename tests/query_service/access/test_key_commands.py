"""The command `live-intent keys` refuses what would restrict nothing, without a cluster."""

import json

import pytest
from click.testing import CliRunner, Result

from live_intent.main import cli
from query_service.access.key_text import KeyText, new_key_id, new_secret

OFFLINE = {
    "LIVE_INTENT_OPENSEARCH_URL": "http://127.0.0.1:9",
    "LIVE_INTENT_OPENSEARCH_RETRIES": "0",
}


def derive(*arguments: str) -> Result:
    parent = f"li_{new_key_id()}_{new_secret()}"
    return CliRunner().invoke(cli, ["keys", "derive", *arguments], input=parent, env=OFFLINE)


def brands(count: int) -> str:
    return json.dumps({"brand": [f"brand-{n:04}" for n in range(count)]})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--filters", "{}"), "restricts nothing"),
        (("--filters", "[]"), "filters"),
        (("--filters", "null"), "filters"),
        (("--filters", "0"), "filters"),
        (("--filters", ""), "no JSON"),
        (("--filters", "[" * 50_000), "nested too deeply"),
        (("--filters", '{"brand":' * 50_000), "nested too deeply"),
        (("--user", ""), "user_id"),
        (("--user", " "), "user_id"),
        (("--origin", ""), "origins"),
        (("--rate", ""), "--rate"),
        (("--rate", "0/minute"), "it allows 1 to"),
        (("--rate", "-1/minute"), "is no rate"),
        (("--expires", "0d"), "over at once"),
        (("--expires", "-1d"), "write 30d"),
        (("--filters", brands(400)), "4000"),
    ],
)
def test_a_restriction_that_is_empty_or_too_long_is_refused(
    arguments: tuple[str, ...], said: str
) -> None:
    made = derive(*arguments)
    assert made.exit_code == 2, made.output
    assert said in made.stderr
    assert not made.stdout


def test_what_is_derived_is_a_key() -> None:
    made = derive("--filters", brands(80), "--user", "*")
    key = KeyText.parse(made.stdout.strip())
    assert key is not None, made.output
    assert set(json.loads(key.restrictions)) == {"filters", "user_id"}


@pytest.mark.parametrize("name", ["sessions", "", " ", "a\nb", "\x1b[2J", "n" * 201])
def test_names_that_keys_can_not_have_are_refused(name: str) -> None:
    made = CliRunner().invoke(cli, ["keys", "create", name, "--scope", "search"], env=OFFLINE)
    assert made.exit_code == 2, made.output
    assert "name" in made.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [("--rate", "0/minute"), ("--rate", "-5/minute"), ("--expires", "0d"), ("--expires", "0s")],
)
def test_a_key_that_could_not_be_used_is_not_made(option: str, value: str) -> None:
    made = CliRunner().invoke(
        cli, ["keys", "create", "feeds", "--scope", "items", option, value], env=OFFLINE
    )
    assert made.exit_code == 2, made.output
    assert option in made.stderr
