"""Files of synonyms, and the texts that a query gets by them."""

from pathlib import Path

import pytest

from indexer.catalogue.words.terms import terms
from query_service.retrieval.text.query_words import MAX_TERMS
from query_service.rules.synonyms import Synonyms, SynonymsRefused


def test_a_file_is_read_without_its_comments(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_text("\ufeff# words\r\nsofa, couch\r\n\r\n a => b , c\r\n", encoding="utf-8")
    assert Synonyms.read(path).lines == ("sofa, couch", "a => b , c")


def test_every_wrong_line_is_named_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.txt"
    long = ", ".join(f"w{n}" for n in range(31))
    wrong = ["sofa, couch", "alone", "a,,b", "a => b => c", "=> b", "-, a", long, "w " * 11 + ", a"]
    path.write_text("\n".join(wrong), encoding="utf-8")
    with pytest.raises(SynonymsRefused) as refused:
        Synonyms.read(path)
    lines = str(refused.value).splitlines()
    assert [line.split(":")[1] for line in lines] == ["2", "3", "4", "5", "6", "7", "8"]
    assert all(str(path) in line and "error" in line for line in lines)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SynonymsRefused, match="not in UTF-8"):
        Synonyms.read(path)
    path.write_text("# nothing")
    with pytest.raises(SynonymsRefused, match="no synonyms"):
        Synonyms.read(path)


@pytest.mark.parametrize(
    ("lines", "query", "texts"),
    [
        (["sofa, couch, settee"], "red couch", ["red sofa", "red settee"]),
        (["sneakers => running shoes"], "white Sneakers 42", ["white running shoes 42"]),
        (["sneakers => running shoes"], "running shoes", []),  # one-way
        (["t-shirt, tee"], "tshirt blue", ["tee blue"]),  # however it is joined
        (["Café => bistro"], "cafe", ["bistro"]),
        (["hose, pipe", "garden hose => sprinkler"], "garden hose", ["sprinkler"]),  # the longest
        (["hose, pipe", "hose => tube"], "hose", ["pipe", "tube"]),  # lines add up
        (["a1, b1", "c1, d1"], "a1 c1", ["b 1 c 1", "a 1 d 1", "b1 d1"]),
        (["手机 => phone"], "小米手机", ["小 米 phone"]),
        (["rock\\, roll, rnr"], "rnr", ["rock, roll"]),
        (["sofa, couch"], "sofas", []),  # not stemmed
        (["t-shirt, tshirt"], "tshirt", []),
    ],
)
def test_a_query_gets_texts(lines: list[str], query: str, texts: list[str]) -> None:
    found = Synonyms.of(lines).texts(query)
    assert [text.replace(" ", "") for text in found] == [text.replace(" ", "") for text in texts]


def test_the_texts_are_as_many_as_the_engine_takes() -> None:
    lines = [f"w{a}, " + ", ".join(f"w{a}{b}" for b in "abcdefghij") for a in "klmnop"]
    query = "wk wl wm wn wo wp"
    texts = Synonyms.of(lines).texts(query)
    assert texts
    assert sum(len(terms(text)) for text in (query, *texts)) <= MAX_TERMS
    assert Synonyms.of(lines).texts(query, [" ".join(["x"] * 30)]) == ()
