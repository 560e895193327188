"""Sizes of a query are written out; a query without sizes stays as it is."""

import pytest

from query_service.retrieval.text.text_query import text_query
from query_service.retrieval.text.units import written_out


@pytest.mark.parametrize(
    ("query_text", "expected"),
    [
        ("2x12 pine", "2 in. x 12 in. pine"),
        ("2x4x8 stud", "2 in. x 4 in. x 8 in. stud"),
        ("Air Filters 20 X 20", "air filters 20 in. x 20 in."),
        ('1/2" PVC', "1/2 in. pvc"),
        ("3-1/2 inch screw", "3-1/2 in. screw"),
        ("1/2 inch x 10 ft pvc", "1/2 in. x 10 ft. pvc"),
        ("4 ft. x 8 ft. plywood", "4 ft. x 8 ft. plywood"),
        ("9' shower", "9 ft. shower"),
        ("100a panel", "100 amp panel"),
        ("20v battery", "20 volt battery"),
        ("5 gallon bucket", "5 gal. bucket"),
        ("a/c window unit", "a/c window unit"),
        ("iPhone 12 in black", "iphone 12 in. black"),
        ("小米手机 8GB+256GB", "小米手机 8gb+256gb"),
        ("model 173k", "model 173k"),
        ("", ""),
    ],
)
def test_sizes_are_written_out(query_text: str, expected: str) -> None:
    assert written_out(query_text) == expected
    assert written_out(expected) == expected


def test_a_query_without_sizes_is_searched_once_and_bigrams_also_as_one_word() -> None:
    assert "dis_max" not in str(text_query("red lamp"))
    assert "dis_max" in str(text_query("2x4"))
    assert "showerhead" in str(text_query("shower head"))
    assert "手机小米" not in str(text_query("手机 小米"))
