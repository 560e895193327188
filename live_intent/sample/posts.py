"""The sample feed: some 300 posts of invented people, the same on every run."""

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from live_intent.sample.catalogue import SampleRow
from live_intent.sample.data import posts_inside, posts_outside
from live_intent.sample.data.topic import Topic
from live_intent.sample.drawings import DRAWINGS
from live_intent.sample.pictures import shaded
from live_intent.sample.scenes import PALETTES, SCENES

SEED = 20260116
PER_TOPIC = 26
NEWEST = datetime(2026, 1, 15, 20, tzinfo=UTC)
DAYS = 40  # from the oldest to the newest
WITH_PICTURE = 0.55  # of all posts
WIDTH, HEIGHT = 640, 360


def sample_posts() -> Iterator[SampleRow]:
    """Yield the posts as rows of a catalogue file; always the same rows in the same order."""
    topics = (*posts_outside.TOPICS, *posts_inside.TOPICS)
    lists = [_posts_of(topic) for topic in topics]
    rows = [row for several in zip(*lists, strict=True) for row in several]
    for number, row in enumerate(rows, 1):
        yield {"item_id": f"post-{number:03d}", **row}


def post_pictures() -> Iterator[tuple[str, str]]:
    """Yield name and SVG of each post's picture."""
    for topic in (*posts_outside.TOPICS, *posts_inside.TOPICS):
        for number in range(len(_options(topic.scenes)) * 3):
            yield _picture_name(topic, number), _picture(topic, number)


def _posts_of(topic: Topic) -> list[SampleRow]:
    """Draw posts with different titles. Raises ValueError when the words give too few of them."""
    draw = random.Random(f"{SEED} {topic.name}")
    pictures = range(len(_options(topic.scenes)) * 3)
    rows: list[SampleRow] = []
    titles: set[str] = set()
    for _ in range(100 * PER_TOPIC):
        title = draw.choice(topic.headlines).format_map(
            {name: draw.choice(_options(options)) for name, options in topic.slots.items()}
        )
        title = title[0].upper() + title[1:]
        if title in titles:
            continue
        titles.add(title)
        rows.append(_post(topic, title, draw))
        if draw.random() < WITH_PICTURE:
            rows[-1]["image_url"] = f"images/{_picture_name(topic, draw.choice(pictures))}"
        if len(rows) == PER_TOPIC:
            return rows
    raise ValueError(f"{topic.name}: its words make only {len(rows)} different titles")


def _post(topic: Topic, title: str, draw: random.Random) -> SampleRow:
    likes = round(draw.lognormvariate(3.6, 1.0)) + 2
    replies = draw.sample(topic.replies, k=draw.choice((0, 1, 1, 2, 2, 3)))
    comments = len(replies) + (likes // draw.randint(9, 25) if replies else 0)
    age = timedelta(minutes=draw.randint(10, DAYS * 24 * 60))
    return {
        "title": title,
        "description": " ".join(draw.sample(topic.sentences, k=draw.choice((2, 3, 3, 4)))),
        "brand": draw.choice(_options(topic.people)),
        "category": topic.name,
        "popularity": likes + 3 * comments,
        "language": "en",
        "updated_at": f"{NEWEST - age:%Y-%m-%dT%H:%M:%SZ}",
        "attributes": {"likes": likes, "comments": comments, "replies": replies},
    }


def _options(text: str) -> list[str]:
    return [option.strip() for option in text.split(" | ")] if text else []


def _picture_name(topic: Topic, number: int) -> str:
    return f"post-{re.sub(r'[^a-z]+', '-', topic.name.lower())}-{number + 1}.svg"


def _picture(topic: Topic, number: int) -> str:
    draw = random.Random(f"{SEED} {topic.name} {number}")
    scenes, motifs = _options(topic.scenes), _options(topic.motifs)
    scene, palette = scenes[number % len(scenes)].split()
    parts = [SCENES[scene](draw, PALETTES[palette], WIDTH, HEIGHT)]
    if motifs:
        name, colour = motifs[number % len(motifs)].split()
        size = 1.7 if scene == "room" else 1.5
        x = draw.randint(340, 430) if scene == "room" else draw.randint(90, 400)
        y = HEIGHT - 110 * size - (34 if scene == "room" else 18)
        parts.append(
            f'<g transform="translate({x} {y:.0f}) scale({size})">'
            f'<ellipse cx="60" cy="108" rx="46" ry="6" fill="#000" opacity=".22"/>'
            f"{shaded(DRAWINGS[name], colour)}</g>"
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"{''.join(parts)}</svg>\n"
    )
