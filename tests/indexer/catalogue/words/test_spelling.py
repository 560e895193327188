"""The spelling of a text, and which rules are tried on it."""

import random

import pytest

from indexer.catalogue.words import spelling
from indexer.catalogue.words.spelling import spelled
from plugin_config.analysis.spelling_rules import RULES

PARTS = (
    *"0125789", ".", ",", "'", '"', "-", "/", " ", " ", "+", "#", "_", "a", "C", "in", "l", "kg",
    "W", "1/2", "1 1/2 l", " 5 1/4 l", " 2 3/4 kg", " .5", "1.75 in", "1.125 in", "1.375 in",
    "1.625 in", "1.875 in", "1'000", "1.50 l", "10 000", "1.500 W", "1.25 in", "2.5 in", "0-1/2",
    "inch", "·", "½", "ー", "ミキサー", "ํ", "า", "ໍ", "າ", "א\"א", "C#",
    "\u0e4d\u0e48\u0e32", "\u0ecd\u0eb2",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_a_rule_that_is_not_tried_would_have_changed_nothing(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(seed)
    texts = ["".join(draw.choices(PARTS, k=draw.randint(1, 14))) for _ in range(4000)]
    texts = [text + " " * (spelling.CACHED_LENGTH + 1 - len(text)) for text in texts]
    with_needs = [spelled(text) for text in texts]
    all_rules = [("", pattern, text) for _, pattern, text in spelling._RULES]
    monkeypatch.setattr(spelling, "_RULES", all_rules)
    assert [spelled(text) for text in texts] == with_needs
    if seed == 0:  # and the texts are such that each rule matters
        for number, name in enumerate(RULES):
            monkeypatch.setattr(spelling, "_RULES", all_rules[:number] + all_rules[number + 1 :])
            assert [spelled(text) for text in texts] != with_needs, name
