"""The words that compounds of a catalogue are made of."""

import pytest

from indexer.catalogue.words.compounds import CompoundWords

WORDS = ("Leder Sofa", "Tisch", "Küche", "Arbeit", "Zimmer", "Lampe", "Schule", "Hefte", "Straße")


def parts(*compounds: str) -> set[str]:
    return set(CompoundWords([*WORDS, *compounds]).parts)


@pytest.mark.parametrize(
    ("compound", "expected"),
    [
        ("Ledersofa", {"leder", "sofa"}),
        ("Ledersofas", {"leder", "sofa"}),
        ("Küchentisch", {"küche", "kueche", "kuche", "tisch"}),
        ("Arbeitszimmerlampe", {"arbeit", "zimmer", "lampe"}),
        ("Schulheft", {"schul", "heft"}),
        ("Straßenlampe", {"straße", "strasse", "lampe"}),
        ("Tischdecke", set()),  # no word `Decke` in the catalogue
        ("Sofa", set()),
    ],
)
def test_a_compound_gives_the_words_that_it_consists_of(compound: str, expected: set[str]) -> None:
    found = parts(compound)
    assert found >= expected
    assert bool(found) == bool(expected)


def test_a_catalogue_without_compounds_has_no_parts() -> None:
    assert parts("Sofa rot", "wd-40 x500ml") == set()
