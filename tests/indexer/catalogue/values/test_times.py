"""Times as exports write them: the right one, or none; never 1970."""

import pytest

from indexer.catalogue.values.text import ValueProblem
from indexer.catalogue.values.times import FORMS, DateOrder, read_time


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("2026-11-24", "2026-11-24T00:00:00Z"),
        ("2026-1-4", "2026-01-04T00:00:00Z"),
        ("2026/11/24", "2026-11-24T00:00:00Z"),
        ("2026-11-24T10:15:00+02:00", "2026-11-24T08:15:00Z"),
        ("2026-11-24 10:15:00 +0200", "2026-11-24T08:15:00Z"),
        ("2026-11-24 10:15 UTC", "2026-11-24T10:15:00Z"),
        ("2026-11-24T10:15:00.123Z", "2026-11-24T10:15:00.123Z"),
        ("2026-11-24T10:15:00.123456789Z", "2026-11-24T10:15:00.123Z"),
        ("2026-11-24T24:00:00", "2026-11-25T00:00:00Z"),
        ("20261124", "2026-11-24T00:00:00Z"),
        (20261124, "2026-11-24T00:00:00Z"),
        (20261124.0, "2026-11-24T00:00:00Z"),
        ("20261124T101500Z", "2026-11-24T10:15:00Z"),
        ("20261124101500", "2026-11-24T10:15:00Z"),
        ("Tue, 24 Nov 2026 10:15:00 GMT", "2026-11-24T10:15:00Z"),
        ("Tue Nov 24 2026 10:15:00 GMT+0100 (CET)", "2026-11-24T09:15:00Z"),
        ("24 November 2026, 10:15 pm", "2026-11-24T22:15:00Z"),
        ("Nov 24, 2026", "2026-11-24T00:00:00Z"),
        ("24-Nov-2026", "2026-11-24T00:00:00Z"),
        ("3. März 2026", "2026-03-03T00:00:00Z"),
        ("24.11.2026 10:15", "2026-11-24T10:15:00Z"),
        ("04.11.26", "2026-11-04T00:00:00Z"),
        ("24/11/2026", "2026-11-24T00:00:00Z"),
        ("11/24/2026", "2026-11-24T00:00:00Z"),
        ("2026年11月24日", "2026-11-24T00:00:00Z"),
        (1795537919, "2026-11-24T16:31:59Z"),
        ("1795537919574", "2026-11-24T16:31:59.574Z"),
        (1795537919574000, "2026-11-24T16:31:59.574Z"),
        ("1795537919574000000", "2026-11-24T16:31:59.574Z"),
        ("/Date(1795537919574)/", "2026-11-24T16:31:59.574Z"),
        ("2026-11-24T10:15:00 CET", "2026-11-24T09:15:00Z"),
        ("2026-11-24T10:15:00+01:00[Europe/Berlin]", "2026-11-24T09:15:00Z"),
        ("24-Nov-26", "2026-11-24T00:00:00Z"),
        ("2026년 11월 24일", "2026-11-24T00:00:00Z"),
        ("", None),
        ("n/a", None),
    ],
)
def test_time(written: object, time: str | None) -> None:
    assert read_time(written, "updated_at") == time


@pytest.mark.parametrize(
    "written",
    ["yesterday", True, {}, [], "99999999999999999999", "2026-13-01", "31.02.2026", "12:00", 2026,
     45296, "45296", -5, 10**400, float("inf"), float("nan"), "2026-11-24T25:00",
     "2026-11-24T10:00:00+99:99", "2026-11-24T10:15:00[Europe/Berlin]", 253402300799,
     253402300799999],
)  # fmt: skip
def test_what_is_no_time(written: object) -> None:
    if written == []:
        assert read_time(written, "updated_at") is None
        return
    with pytest.raises(ValueProblem, match="updated_at"):
        read_time(written, "updated_at")


@pytest.mark.parametrize(
    "written",
    ["0000-00-00 00:00:00", "0001-01-01T00:00:00", "9999-12-31", "9999-12-31T23:59:59-05:00",
     "1970-01-01", "1900-01-01", 0, "0"],
)  # fmt: skip
def test_placeholders_are_no_time(written: object) -> None:
    with pytest.raises(ValueProblem, match="updated_at"):
        read_time(written, "updated_at")


@pytest.mark.parametrize(("order", "month"), [("dmy", "01"), ("mdy", "05")])
def test_the_order_of_day_and_month_is_said_and_not_guessed(order: DateOrder, month: str) -> None:
    day = {"01": "05", "05": "01"}[month]
    assert read_time("05/01/2026", "updated_at", order) == f"2026-{month}-{day}T00:00:00Z"
    with pytest.raises(ValueProblem, match="--date-order dmy or mdy"):
        read_time("05/01/2026", "updated_at")


def test_every_listed_form_is_understood() -> None:
    assert {(read_time(form, "updated_at") or "")[:4] for form in FORMS} == {"2024"}
