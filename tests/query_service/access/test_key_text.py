"""Keys and the browser keys derived from them, as texts."""

import inspect
import json
import re

import pytest

from query_service.access import key_text, session_tokens
from query_service.access.key_text import (
    KeyText,
    browser_key,
    hash_of,
    new_key_id,
    new_secret,
)


def made() -> str:
    return f"li_{new_key_id()}_{new_secret()}"


def test_a_key_is_read_back_and_proves_itself_alone() -> None:
    text, other = KeyText.parse(made()), KeyText.parse(made())
    assert text is not None
    assert other is not None
    assert text.proves(hash_of(text.secret))
    assert not text.proves(hash_of(other.secret))
    assert not text.is_browser_key


@pytest.mark.parametrize(
    "text", ["", "li_", "li_abc_def", "k", "lib.x.y.z", "li_" + "a" * 500, "ä"]
)
def test_other_texts_are_no_keys(text: str) -> None:
    assert KeyText.parse(text) is None


def test_a_browser_key_is_proved_by_its_parents_hash_and_holds_as_a_whole() -> None:
    parent = KeyText.parse(made())
    assert parent is not None
    text = browser_key(parent, json.dumps({"scopes": ["search"]}).encode())
    derived = KeyText.parse(text)
    assert derived is not None
    assert json.loads(derived.restrictions) == {"scopes": ["search"]}
    assert derived.proves(hash_of(parent.secret))
    assert not derived.proves(hash_of(new_secret()))
    head, restrictions, mac = text.rsplit(".", 2)
    changed = ("A" if restrictions[5] != "A" else "B").join([restrictions[:5], restrictions[6:]])
    for wrong in (f"{head}.{changed}.{mac}", f"lib.{new_key_id()}.{restrictions}.{mac}"):
        parsed = KeyText.parse(wrong)
        assert parsed is None or not parsed.proves(hash_of(parent.secret))


def test_secrets_are_compared_in_constant_time() -> None:
    for module in (key_text, session_tokens):
        source = inspect.getsource(module)
        assert "hmac.compare_digest(" in source
        assert not re.search(r"(mac|sha256|hash|token) ?== ?\w", source)


def test_a_secret_has_256_random_bits() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {43}
