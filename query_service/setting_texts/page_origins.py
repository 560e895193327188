"""Origins of pages, as browsers send them."""

import re

_ORIGIN = re.compile(
    r"[a-z][a-z0-9+.-]*://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:[0-9]{1,5})?"
)


def page_origins(text: str) -> frozenset[str]:
    """The origins of a list with commas: `https://shop.example, http://localhost:3000`.

    Raises ValueError for what no browser sends, which would allow nobody.
    """
    names = [name.strip().rstrip("/") for name in text.split(",") if name.strip()]
    for name in names:
        if not _ORIGIN.fullmatch(name):
            raise ValueError(
                f"{name[:100]!r} is no origin: write https://shop.example, in small letters and "
                "without a path; * is none"
            )
    return frozenset(names)
