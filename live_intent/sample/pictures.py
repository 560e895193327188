"""The pictures of the sample catalogue: drawn SVG files, one for each motif and colour."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from live_intent.sample.drawings import DRAWINGS
from live_intent.sample.motifs import colour, motif, picture_name

_INK = "#2c313a"
_GREY = "#cfd5d8"  # the ground of light items
_LIGHT = 600  # sum of red, green and blue
_PALE = 0.84  # share of white in the background


def picture(name: str, main: str) -> str:
    """The SVG of a motif in a main colour (`#rrggbb`), on a pale ground."""
    drawing = shaded(DRAWINGS[name], main)
    light = sum(int(main[i : i + 2], 16) for i in (1, 3, 5)) > _LIGHT
    ground = _GREY if light else _mixed(_mixed(main, "#d9cdb8", 0.35), "#ffffff", _PALE)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-20 -20 160 160">'
        f'<rect x="-20" y="-20" width="160" height="160" fill="{ground}"/>'
        f'<ellipse cx="60" cy="110" rx="44" ry="5" fill="{_INK}" opacity=".1"/>{drawing}</svg>\n'
    )


def shaded(drawing: str, main: str) -> str:
    """The drawing of a motif with its letters for colours filled in."""
    shades = {
        "C": main,
        "D": _mixed(main, "#1c2230", 0.28),
        "L": _mixed(main, "#ffffff", 0.55),
        "K": _INK,
    }
    return re.sub(r'"([CDLK])"', lambda match: f'"{shades[match[1]]}"', drawing)


def shop_pictures(rows: Iterable[Mapping[str, object]]) -> Iterator[tuple[str, str]]:
    """Yield name and SVG of each picture that the rows of the shop name."""
    pictures = {picture_name(row): (motif(row), colour(row)) for row in rows}
    for file_name, (name, main) in pictures.items():
        yield file_name, picture(name, main)


def write_pictures(folder: Path, pictures: Iterable[tuple[str, str]]) -> int:
    """Write the pictures, name and SVG each, into the folder; return their number."""
    folder.mkdir(parents=True, exist_ok=True)
    files = dict(pictures)
    for name, svg in files.items():
        (folder / name).write_text(svg, encoding="utf-8")
    return len(files)


def _mixed(first: str, second: str, share: float) -> str:
    """The colour that lies `share` of the way from the first to the second."""
    pairs = ((int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in pairs)
