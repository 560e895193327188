"""Times as exports write them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

from indexer.catalogue.values.numbers import plain
from indexer.catalogue.values.text import ValueProblem, is_no_value, shown

DateOrder = Literal["", "dmy", "mdy"]
FIRST_YEAR, LAST_YEAR = 1900, 2199
SECONDS_BEGIN, SECONDS_END = 315_532_800, 7_258_118_400  # 1980 and 2200, since 1970
# Beginnings of the eras of machines stand for "no time".
PLACEHOLDERS = frozenset((datetime(1970, 1, 1, tzinfo=UTC), datetime(1900, 1, 1, tzinfo=UTC)))
FORMS = (
    "2024-01-05", "2024/1/5", "2024-01-05T10:00:00+01:00", "2024-01-05 10:00:00.123 UTC",
    "20240105", "20240105T100000Z", "20240105100000", "Fri, 05 Jan 2024 10:00:00 GMT",
    "Fri Jan 05 2024 10:00:00 GMT+0100 (CET)", "5 January 2024 10:00", "Jan 5, 2024 10:00 PM",
    "05-Jan-2024", "05.01.2024", "25/01/2024", "2024年1月5日", "1704448800", "1704448800000",
    "1704448800000000", "/Date(1704448800000)/",
)  # fmt: skip
ORDER_RULE = (
    "With dots the day comes first (`05.01.2024`). With slashes or hyphens and the year last, a "
    "number above 12 is the day; where both could be (`05/01/2024`), `--date-order dmy` or `mdy` "
    "decides, and without it there is no date. A year of two digits is read after dots, and "
    "after a month's name and a hyphen. "
    "A time without a zone is UTC. Digits alone are a "
    "date if they form one (`20240105`), else seconds, milliseconds, microseconds or nanoseconds "
    "since 1970, from 1980 on. Times before 1900 or after 2199, and 1970-01-01 and 1900-01-01 at "
    "midnight, are placeholders: no date."
)
# English, German, French, Spanish, Italian, Portuguese, Dutch: the first three or four letters.
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan ene gen", "feb fév fev fév", "mar mär mrz maa mrt", "apr avr abr", "may mai mag "
            "mei maj", "jun juin giu", "jul juil lug", "aug aoû aou ago", "sep set", "oct okt out "
            "ott", "nov", "dec dez déc dic",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_ZONES = {
    "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "est": -5, "edt": -4, "cst": -6, "cdt": -5,
    "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
_TIME = re.compile(
    r"(?:(?<=\d)t|[\s,]|^)\s*(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*([ap]\.?m\.?)?"
    rf"\s*(z|utc|gmt|{'|'.join(_ZONES)})?\s*([+-]\d\d(?::?\d\d)?)?(?![\d:])"
)
_COMPACT = re.compile(
    r"((?:19|20)\d\d)(\d\d)(\d\d)(?:t?(\d\d)(\d\d)(\d\d)?)?(?:\.\d+)?(z|[+-]\d\d:?\d\d)?"
)
# After an offset: `+01:00[Europe/Berlin]`.
_ZONE_NAME = re.compile(r"(?:(?<=z)|(?<=[+-]\d\d:\d\d))\[[\w/+-]+\]$|\[utc\]$")
_WEEKDAY = re.compile(
    r"^(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim)[^\W\d]*"
    r"[.,]?\s+(?=[^\W_])"
)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年년]\s*(\d{1,2})\s*[-/.月월]\s*(\d{1,2})\s*[.日일]?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|(?<=\.)\d{2})")
_DAY_MONTH = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.|º)?[\s-]*(?:de\s+)?([^\W\d_]{3,})\.?[\s,-]*(?:de\s+)?(\d{4}|(?<=-)\d\d)"
)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,})\.?[\s-]*(\d{1,2})(?:st|nd|rd|th)?[\s,]+(\d{4})")
_SINCE_1970 = re.compile(r"/date\((-?\d{9,})(?:[+-]\d{4})?\)/|(\d{9,19})(?:\.\d+)?")


def read_time(value: Any, name: str, order: DateOrder = "") -> str | None:
    """A time in UTC as `2026-11-24T10:15:00Z`, from any of FORMS, by ORDER_RULE; None: no value.

    Raises ValueProblem for what is no time, and for placeholders such as 0000-00-00.
    """
    if is_no_value(value):
        return None
    time = to_time(value, name, order)
    unit = "milliseconds" if time.microsecond // 1000 else "seconds"
    return time.isoformat(timespec=unit).replace("+00:00", "Z")


def to_time(value: Any, name: str, order: DateOrder = "") -> datetime:
    """The time that `value` is, in UTC. Raises ValueProblem."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueProblem(f"{name} {shown(value)} is not a time")
    if isinstance(value, str):
        text = plain(value).lower()
    else:
        text = str(int(value)) if value == value // 1 else str(value)
    try:
        time = _parse(text, order)
    except (ValueError, OverflowError) as error:
        reason = str(error) if isinstance(error, _Ambiguous) else "it is not a time"
        raise ValueProblem(f"{name} {shown(value)}: {reason}") from None
    if time in PLACEHOLDERS or not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise ValueProblem(f"{name} {shown(value)} stands for no time")
    return time


class _Ambiguous(ValueError):
    pass


def _parse(text: str, order: DateOrder) -> datetime:
    compact = _COMPACT.fullmatch(text)
    if compact is not None and (moment := _of_compact(compact)) is not None:
        return moment
    number = _SINCE_1970.fullmatch(text)
    if number is not None:
        return since_1970(float(text) if number[1] is None else float(number[1]))
    text = _ZONE_NAME.sub("", re.sub(r"\s*\([^()]*\)$", "", text))
    text = _WEEKDAY.sub("", text)
    clock: timedelta = timedelta()
    zone: timezone = UTC
    match = _TIME.search(text)
    if match is not None:
        clock = _clock(match)
        zone = timezone(timedelta(hours=_ZONES.get(match[6] or "", 0)))
        zone = _zone(match[7]) if match[7] else zone
        text = f"{text[: match.start()]} {text[match.end() :]}"
    date = _date(" ".join(text.split()).strip(" ,"), order)
    return (date.replace(tzinfo=zone) + clock).astimezone(UTC)


def _of_compact(match: re.Match[str]) -> datetime | None:
    year, month, day, *clock, zone = match.groups()
    hour, minute, second = (int(part or 0) for part in clock)
    try:
        time = datetime(int(year), int(month), int(day), hour, minute, second)
    except ValueError:
        return None
    return time.replace(tzinfo=_zone(None if zone == "z" else zone)).astimezone(UTC)


def since_1970(number: float) -> datetime:
    """The time in the only unit that puts it between 1980 and 2200."""
    for unit in (1.0, 1e3, 1e6, 1e9):
        if SECONDS_BEGIN <= number / unit <= SECONDS_END:
            return datetime.fromtimestamp(number / unit, UTC)
    raise ValueError("out of range")


def _clock(match: re.Match[str]) -> timedelta:
    hour, minute, second = (int(match[group] or 0) for group in (1, 2, 3))
    half = (match[5] or "").replace(".", "")
    if hour > (12 if half else 24) or minute > 59 or second > 60 or (half and not hour):
        raise ValueError("no time of day")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    microseconds = int((match[4] or "0")[:6].ljust(6, "0"))
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microseconds)


def _zone(text: str | None) -> timezone:
    if not text:
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _date(text: str, order: DateOrder) -> datetime:
    readers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], datetime]], ...] = (
        (_YEAR_FIRST, lambda m: datetime(int(m[1]), int(m[2]), int(m[3]))),
        (_YEAR_LAST, lambda m: _year_last(m, order)),
        (_DAY_MONTH, lambda m: datetime(_year(m[3]), _month(m[2]), int(m[1]))),
        (_MONTH_DAY, lambda m: datetime(int(m[3]), _month(m[1]), int(m[2]))),
    )
    for pattern, read in readers:
        match = pattern.fullmatch(text)
        if match is not None:
            return read(match)
    compact = _COMPACT.fullmatch(text)
    if compact is not None and (time := _of_compact(compact)) is not None:
        return time
    raise ValueError("no date")


def _year_last(match: re.Match[str], order: DateOrder) -> datetime:
    first, sign, second, year = int(match[1]), match[2], int(match[3]), _year(match[4])
    if sign == "." or first > 12 or first == second:
        day, month = first, second
    elif second > 12:
        day, month = second, first
    elif not order:
        raise _Ambiguous("day or month first? Say it with --date-order dmy or mdy")
    else:
        day, month = (first, second) if order == "dmy" else (second, first)
    return datetime(year, month, day)


def _year(digits: str) -> int:
    """Of two digits: 1970 to 2069."""
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 70 else 1900)


def _month(name: str) -> int:
    for letters in (4, 3):
        if name[:letters] in _MONTHS:
            return _MONTHS[name[:letters]]
    raise ValueError("no month")
