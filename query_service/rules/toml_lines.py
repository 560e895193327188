"""The lines of a TOML text at which its tables, keys and elements stand.

The standard library's reader names no lines, and neither do tomlkit's documents.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence

# Comments and texts: nothing in them is a key or a table.
_OPAQUE = re.compile(
    r'#[^\n]*|"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL
)


class TomlLines:
    """Finds the line of a location as pydantic names it: ("rules", 3, "then", "pin", 0)."""

    def __init__(self, text: str) -> None:
        self._skeleton = _OPAQUE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def line(self, location: Sequence[str | int]) -> int:
        """The line of the deepest part of the location that is found, from 1 on."""
        start, end = 0, len(self._skeleton)
        keys: list[str] = []
        array = ""  # the header of the array of tables that was just found
        for part in location:
            if isinstance(part, str):
                keys.append(part)
                found = self._key(keys, start, end)
                array = found.group() if found and found.group().lstrip().startswith("[[") else ""
            else:
                found = self._element(part, array, start, end)
                if found and array:
                    end = self._end_of_table(array, found.end(), end)
            if found is None:
                continue
            start = found.start() + self._leading_space(found.start())
        return bisect_right(self._starts, start)

    def _key(self, keys: list[str], start: int, end: int) -> "re.Match[str] | None":
        """The next table header of the keys, or the last key with its `=`."""
        path = r"\s*\.\s*".join(map(re.escape, keys))
        last = re.escape(keys[-1])
        pattern = re.compile(
            rf"^[ \t]*\[\[?\s*{path}\s*\]\]?|(?:^|[\s{{,.])(?:{last})\s*(?:=|\.(?=\s*\w))", re.M
        )
        return pattern.search(self._skeleton, start, end)

    def _element(self, number: int, array: str, start: int, end: int) -> "re.Match[str] | None":
        """The `number`th table with that header, or in a list behind `=` the `number`th table."""
        if not array:
            return self._table_in_list(number, start, end)
        found = None
        for _ in range(number + 1):
            pattern = re.compile(re.escape(array.strip()))
            found = pattern.search(self._skeleton, found.end() if found else start, end)
            if found is None:
                return None
        return found

    def _table_in_list(self, number: int, start: int, end: int) -> "re.Match[str] | None":
        begin = re.compile(r"[^=\n]*=\s*\[").match(self._skeleton, start, end)
        depth, tables = 0, 0
        for sign in (
            re.compile(r"[\[\]{}]").finditer(self._skeleton, begin.end(), end) if begin else ()
        ):
            if sign.group() in "]}":
                depth -= 1
                if depth < 0:
                    return None
                continue
            if depth == 0 and sign.group() == "{":
                if tables == number:
                    return sign
                tables += 1
            depth += 1
        return None

    def _end_of_table(self, array: str, start: int, end: int) -> int:
        following = re.compile(re.escape(array.strip())).search(self._skeleton, start, end)
        return following.start() if following else end

    def _leading_space(self, offset: int) -> int:
        match = re.compile(r"\s*").match(self._skeleton, offset)
        return len(match.group()) if match else 0
