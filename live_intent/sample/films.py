# ruff: noqa: E501
"""The sample films: 240 invented ones with drawn posters, the same on every run."""

import html
import random
import textwrap
from collections.abc import Iterator

from live_intent.sample.catalogue import SampleRow
from live_intent.sample.data.film_people import ACTORS, COMMENTS, DIRECTORS
from live_intent.sample.data.films import GENRES, KIN
from live_intent.sample.data.genre import Genre
from live_intent.sample.scenes import PALETTES, SCENES, person

SEED = 20260117
PER_GENRE = 20
FIRST_YEAR, LAST_YEAR = 1958, 2025
WIDTH, HEIGHT = 400, 600
_LETTERS = 13  # of a poster's line, about


def sample_films() -> Iterator[SampleRow]:
    """Yield the films as rows of a catalogue file; always the same rows in the same order."""
    for number, (row, _) in enumerate(_films(), 1):
        yield {"item_id": f"film-{number:03d}", **row, "image_url": f"images/film-{number:03d}.svg"}


def film_pictures() -> Iterator[tuple[str, str]]:
    """Yield name and SVG of each film's poster."""
    for number, (row, genre) in enumerate(_films(), 1):
        yield f"film-{number:03d}.svg", _poster(row, genre, number)


def _films() -> Iterator[tuple[SampleRow, Genre]]:
    lists = [_films_of(genre) for genre in GENRES]
    for several in zip(*lists, strict=True):
        yield from zip(several, GENRES, strict=True)


def _films_of(genre: Genre) -> list[SampleRow]:
    """Draw films with different titles. Raises ValueError when the words give too few of them."""
    draw = random.Random(f"{SEED} {genre.name}")
    rows: list[SampleRow] = []
    titles: set[str] = set()
    for _ in range(100 * PER_GENRE):
        words = {name: draw.choice(_options(options)) for name, options in genre.slots.items()}
        title = draw.choice(genre.titles).format_map(words)
        if title in titles:
            continue
        titles.add(title)
        rows.append(_film(genre, title, words, draw))
        if len(rows) == PER_GENRE:
            return rows
    raise ValueError(f"{genre.name}: its words make only {len(rows)} different titles")


def _film(genre: Genre, title: str, words: dict[str, str], draw: random.Random) -> SampleRow:
    year = round(draw.triangular(FIRST_YEAR, LAST_YEAR, LAST_YEAR - 6))
    opening = draw.choice(genre.openings).format_map(words)
    beside = [draw.choice(_options(KIN[genre.name]))] if draw.random() < 0.25 else []
    return {
        "title": title,
        "description": " ".join((opening, *draw.sample(genre.turns, k=2))),
        "brand": draw.choice(_options(DIRECTORS)),
        "category": [[name] for name in (genre.name, *beside)],
        "popularity": round(200 * draw.lognormvariate(0, 1.1)),
        "language": "en",
        "updated_at": f"{year}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}T00:00:00Z",
        "attributes": {
            "year": year,
            "minutes": draw.randint(*genre.minutes),
            "cast": draw.sample(_options(ACTORS), k=3),
            "replies": draw.sample(COMMENTS, k=draw.choice((0, 1, 2, 3))),
        },
    }


def _options(text: str) -> list[str]:
    return [option.strip() for option in text.split(" | ")]


def _poster(row: SampleRow, genre: Genre, number: int) -> str:
    draw = random.Random(f"{SEED} poster {number}")
    scene, name = draw.choice(_options(genre.scenes)).split()
    palette = PALETTES[name]
    count, tall = draw.randint(*genre.figures), draw.randint(90, 170)
    middle = WIDTH * draw.uniform(0.35, 0.65)
    people = "".join(
        person(
            middle + (n - (count - 1) / 2) * tall * 0.42,
            452,
            tall * draw.uniform(0.85, 1.05),
            "#0d0f14",
        )
        for n in range(count)
    )
    lines = textwrap.wrap(str(row["title"]).upper(), _LETTERS) or [""]
    size = min(46.0, 500 / max(len(line) for line in lines))
    serif = draw.random() < 0.5
    face = (
        "Georgia, 'Noto Serif', serif"
        if serif
        else "'Helvetica Neue', Arial, 'Noto Sans', sans-serif"
    )
    top = 552 - (len(lines) - 1) * size * 1.08
    words = "".join(
        f'<text x="200" y="{top + n * size * 1.08:.0f}">{html.escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"{SCENES[scene](draw, palette, WIDTH, HEIGHT)}{people}"
        '<linearGradient id="foot" x1="0" y1="0" x2="0" y2="1"><stop offset=".5" stop-opacity="0"/>'
        '<stop offset=".8" stop-opacity=".75"/><stop offset="1" stop-opacity=".92"/></linearGradient>'
        f'<path d="M0 0h{WIDTH}v{HEIGHT}H0z" fill="url(#foot)"/>'
        f'<g fill="#fff" text-anchor="middle" font-family="{face}" font-weight="{600 if serif else 800}" '
        f'font-size="{size:.0f}" letter-spacing="{0.5 if serif else -0.5}">{words}</g>'
        f'<text x="200" y="580" fill="#fff" opacity=".75" text-anchor="middle" font-family="Arial, '
        f'\'Noto Sans\', sans-serif" font-size="13" letter-spacing="2">'
        f"A FILM BY {html.escape(str(row['brand']).upper())}</text></svg>\n"
    )
