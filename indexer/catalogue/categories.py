"""The category paths of an item, from texts and lists, and as texts in the index."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from indexer.catalogue.reading_rules import ReadingRules
from indexer.catalogue.values.text import ValueProblem, is_blank, read_text

JOIN = " > "  # between the names of a path in the index, whatever the catalogue's separator
MAX_PATH = 500  # characters
MAX_PATHS = 50
_SIGN = re.compile(r"(?<!\S)\\*>(?!\S)")  # the sign of JOIN as a word of its own, escaped or not
_ESCAPED = re.compile(r"(?<!\S)\\(?=\\*>(?!\S))")
Path = tuple[str, ...]


def read_categories(value: Any, rules: ReadingRules) -> tuple[Path, ...]:
    r"""The different paths of a value, in order, each root first.

    A text is one path, or several with `rules.paths_separator` between them; `\` before a separator
    makes it part of a name. A list of names is one path; a list of lists, or of texts that hold the
    separator, is one path each. Raises ValueProblem.
    """
    if is_blank(value):
        return ()
    if not isinstance(value, list):
        paths = _of_text(read_text(value, "category"), rules)
    elif any(isinstance(part, list) for part in value):
        paths = [_of_names(part if isinstance(part, list) else [part]) for part in value]
    elif any(rules.category_separator in str(part) for part in value):
        paths = [path for part in value for path in _of_text(read_text(part, "category"), rules)]
    else:
        paths = [_of_names(value)]
    distinct = tuple(dict.fromkeys(path for path in paths if path))
    for path in distinct:
        if sum(map(len, path)) > MAX_PATH:
            raise ValueProblem(
                f"category {path[0][:40]} > ... is longer than {MAX_PATH} characters"
            )
    if len(distinct) > MAX_PATHS:
        raise ValueProblem(f"category has {len(distinct)} paths, more than {MAX_PATHS}")
    return distinct


def _of_text(text: str, rules: ReadingRules) -> list[Path]:
    texts = _split(text, rules.paths_separator) if rules.paths_separator else [text]
    separators = (rules.category_separator, rules.paths_separator)
    return [
        _of_names(_unescaped(name, separators) for name in _split(each, rules.category_separator))
        for each in texts
    ]


def _of_names(names: Iterable[Any]) -> Path:
    texts = (" ".join(read_text(name, "category").split()) for name in names)
    return tuple(text for text in texts if text)


def _split(text: str, separator: str) -> list[str]:
    """The parts of a text between separators that no backslash escapes."""
    return re.split(r"(?<!\\)" + re.escape(separator), text)


def _unescaped(name: str, separators: Sequence[str]) -> str:
    for separator in separators:
        if separator:
            name = name.replace("\\" + separator.strip(), separator.strip())
    return name


def category_texts(paths: Iterable[Path]) -> list[str]:
    r"""Every prefix of every path as a text: ("Phones", "Smart") -> Phones, Phones > Smart.

    A `>` that is a word of a name is written `\>`, so that `category_paths` finds the names again.
    """
    texts = {
        JOIN.join(_SIGN.sub(r"\\\g<0>", name) for name in path[: depth + 1]): None
        for path in paths
        for depth in range(len(path))
    }
    return list(texts)


def category_paths(texts: Sequence[str]) -> tuple[Path, ...]:
    """The reverse of `category_texts`: the paths that are no prefix of another one."""
    whole = [
        text for text in texts if text and not any(other.startswith(text + JOIN) for other in texts)
    ]
    return tuple(tuple(_ESCAPED.sub("", name) for name in text.split(JOIN)) for text in whole)
