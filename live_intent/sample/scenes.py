# ruff: noqa: E501
"""Drawn scenes: a sky, a land and what stands in it, as the insides of an SVG of any size."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """The colours of a scene, each `#rrggbb`."""

    sky: str  # above
    glow: str  # of the sky at the horizon
    far: str
    middle: str
    near: str
    light: str  # sun, moon, windows


PALETTES = {
    "dawn": Palette("#f2b8a0", "#fbe3c4", "#c88f94", "#8a5d78", "#3f3355", "#fff4dc"),
    "day": Palette("#9ccbe4", "#e8f4ee", "#a9c8b4", "#6fa287", "#3d6b57", "#fff6d6"),
    "noon": Palette("#7fb8d8", "#f3ead2", "#dcb98a", "#bd8a58", "#7a5236", "#fff3c9"),
    "dusk": Palette("#3c3b6e", "#e08a6b", "#6c4a74", "#43325c", "#1f1b38", "#ffd9a0"),
    "night": Palette("#0f1730", "#33507a", "#27406a", "#182a4c", "#0a1226", "#f4ecc8"),
    "mist": Palette("#c7d1d4", "#eef0ea", "#a8b8b6", "#7d938f", "#4a6061", "#fbfaf2"),
    "ember": Palette("#3a1420", "#c8452f", "#7c2430", "#511826", "#230b14", "#ffc46b"),
    "violet": Palette("#2a1b4f", "#8d5fb8", "#553587", "#382160", "#170d31", "#f6d7ff"),
    "sage": Palette("#dfe6d2", "#f7f4e6", "#b9c7a0", "#86a072", "#4c6a49", "#fffbe9"),
    "rose": Palette("#f4c9d0", "#fdeee6", "#e09aa8", "#b76a84", "#6a3b58", "#fff6ee"),
}
Scene = Callable[[random.Random, Palette, int, int], str]


def mountains(draw: random.Random, of: Palette, width: int, height: int) -> str:
    """Three ridges before a sun or a moon."""
    parts = [_sky(of, width, height), _disc(draw, of, width, height)]
    for colour, level, rough in ((of.far, 0.42, 0.2), (of.middle, 0.6, 0.16), (of.near, 0.8, 0.1)):
        parts.append(_ridge(draw, colour, width, height, (level, rough)))
    return "".join(parts)


def sea(draw: random.Random, of: Palette, width: int, height: int) -> str:
    """Water with a sail on it."""
    horizon = round(height * 0.58)
    waves = "".join(
        f'<path d="M{draw.randint(0, width)} {y}h{draw.randint(width // 12, width // 4)}" '
        f'stroke="{of.light}" stroke-width="2" opacity=".35"/>'
        for y in range(horizon + 10, height, max(height // 24, 6))
    )
    x, s = draw.randint(width // 4, 3 * width // 4), height / 10
    sail = (
        f'<path d="M{x} {horizon + s * 0.5:.0f}v-{s * 2.2:.0f}l{s * 1.4:.0f} {s * 1.9:.0f}z" '
        f'fill="{of.light}"/><path d="M{x - s:.0f} {horizon + s * 0.55:.0f}h{s * 2.4:.0f}l-'
        f'{s * 0.5:.0f} {s * 0.6:.0f}h-{s * 1.4:.0f}z" fill="{of.near}"/>'
    )
    isle = _ridge(draw, of.far, width, horizon, (0.86, 0.12))
    water = f'<path d="M0 {horizon}h{width}v{height}h-{width}z" fill="{of.middle}"/>'
    return _sky(of, width, height) + _disc(draw, of, width, height) + isle + water + waves + sail


def city(draw: random.Random, of: Palette, width: int, height: int) -> str:
    """Houses in two rows, some windows lit."""
    parts = [_sky(of, width, height), _disc(draw, of, width, height)]
    for colour, low, high in ((of.far, 0.3, 0.62), (of.near, 0.16, 0.48)):
        x = -draw.randint(0, 20)
        while x < width:
            wide = draw.randint(width // 14, width // 7)
            tall = round(height * draw.uniform(low, high))
            parts.append(f'<path d="M{x} {height}v-{tall}h{wide}v{tall}z" fill="{colour}"/>')
            step = max(wide // 4, 8)
            parts += [
                f'<path d="M{left} {top}h{step // 2}v{step // 2}h-{step // 2}z" fill="{of.light}" '
                f'opacity="{0.85 if colour == of.near else 0.4}"/>'
                for top in range(height - tall + step, height - step, step + 4)
                for left in range(x + step // 2, x + wide - step, step)
                if draw.random() < 0.28
            ]
            x += wide + draw.randint(0, 6)
    return "".join(parts)


def forest(draw: random.Random, of: Palette, width: int, height: int) -> str:
    """Rows of firs that fade into the distance."""
    parts = [_sky(of, width, height), _disc(draw, of, width, height)]
    for colour, level, size in (
        (of.far, 0.62, 0.22),
        (of.middle, 0.78, 0.3),
        (of.near, 0.98, 0.42),
    ):
        ground = height * level
        x = -10.0
        while x < width + 10:
            tall = height * size * draw.uniform(0.6, 1.1)
            half = tall * 0.26
            parts.append(
                f'<path d="M{x:.0f} {ground - tall:.0f}l{half:.0f} {tall:.0f}h-{2 * half:.0f}z" '
                f'fill="{colour}"/>'
            )
            x += half * draw.uniform(0.9, 1.6)
        parts.append(f'<path d="M0 {ground - 2:.0f}h{width}V{height}H0z" fill="{colour}"/>')
    return "".join(parts)


def desert(draw: random.Random, of: Palette, width: int, height: int) -> str:
    """Dunes in long curves."""
    parts = [_sky(of, width, height), _disc(draw, of, width, height)]
    for colour, level in ((of.far, 0.56), (of.middle, 0.68), (of.near, 0.84)):
        y, bend = height * level, height * draw.uniform(0.05, 0.16)
        turn = draw.choice((-1, 1)) * bend
        parts.append(
            f'<path d="M0 {y:.0f}C{width // 3} {y - turn:.0f} {2 * width // 3} {y + turn:.0f} '
            f'{width} {y - turn / 2:.0f}V{height}H0z" fill="{colour}"/>'
        )
    return "".join(parts)


def space(draw: random.Random, of: Palette, width: int, height: int) -> str:
    """Stars and a planet with its ring."""
    stars = "".join(
        f'<circle cx="{draw.randint(0, width)}" cy="{draw.randint(0, height)}" '
        f'r="{draw.choice((0.8, 1.1, 1.8))}" fill="{of.light}" opacity="{draw.uniform(0.4, 1):.1f}"/>'
        for _ in range(70)
    )
    x, y = round(width * draw.uniform(0.3, 0.7)), round(height * draw.uniform(0.3, 0.5))
    r = round(min(width, height) * draw.uniform(0.16, 0.26))
    ring = (
        f'<ellipse cx="{x}" cy="{y}" rx="{r * 1.7:.0f}" ry="{r * 0.4:.0f}" fill="none" '
        f'stroke="{of.light}" stroke-width="{r / 12:.1f}" opacity=".8" '
        f'transform="rotate({draw.randint(-30, 30)} {x} {y})"/>'
    )
    return (
        f'<path d="M0 0h{width}v{height}H0z" fill="{of.near}"/>{stars}'
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="{of.middle}"/>'
        f'<path d="M{x} {y - r}a{r} {r} 0 0 1 0 {2 * r}a{r * 1.6:.0f} {r * 1.6:.0f} 0 0 0 0-{2 * r}z" '
        f'fill="{of.glow}" opacity=".7"/>{ring}' + _ridge(draw, of.far, width, height, (0.86, 0.08))
    )


def room(draw: random.Random, of: Palette, width: int, height: int) -> str:
    """A window with a view, and the table before it."""
    w, tall = round(width * 0.36), round(height * 0.5)
    x, y = round(width * draw.uniform(0.1, 0.5)), round(height * 0.12)
    table = round(height * 0.76)
    view = f'<svg x="{x}" y="{y}" width="{w}" height="{tall}">{mountains(draw, of, w, tall)}</svg>'
    frame = (
        f'<path d="M{x} {y}h{w}v{tall}h-{w}zM{x + w // 2} {y}v{tall}M{x} {y + tall // 2}h{w}" '
        f'fill="none" stroke="{of.light}" stroke-width="7"/>'
    )
    return (
        f'<path d="M0 0h{width}v{height}H0z" fill="{of.glow}"/>{view}{frame}'
        f'<path d="M0 {table}h{width}v{height - table}H0z" fill="{of.middle}"/>'
        f'<path d="M0 {table}h{width}v8H0z" fill="{of.near}" opacity=".35"/>'
    )


def road(draw: random.Random, of: Palette, width: int, height: int) -> str:
    """A road that leads to the hills."""
    horizon = round(height * 0.56)
    x = round(width * draw.uniform(0.35, 0.65))
    hills = _ridge(draw, of.far, width, horizon + 4, (0.78, 0.16))
    land = f'<path d="M0 {horizon}h{width}v{height}H0z" fill="{of.middle}"/>'
    way = (
        f'<path d="M{x - 4} {horizon}h8L{width * 0.8:.0f} {height}H{width * 0.2:.0f}z" '
        f'fill="{of.near}"/><path d="M{x} {horizon + 6}L{width // 2} {height}" '
        f'stroke="{of.light}" stroke-width="4" stroke-dasharray="14 16" opacity=".8"/>'
    )
    return _sky(of, width, height) + _disc(draw, of, width, height) + hills + land + way


def stage(draw: random.Random, of: Palette, width: int, height: int) -> str:
    """A stage with curtains, under two lamps."""
    floor = round(height * 0.8)
    folds = "".join(
        f'<path d="M{x} 0h{width // 24}v{floor}h-{width // 24}z" fill="{of.middle}"/>'
        for x in range(0, width, width // 12)
    )
    beams = "".join(
        f'<path d="M{x} 0L{x + lean - height // 5} {floor}h{2 * height // 5}z" fill="{of.light}" '
        f'opacity=".28"/>'
        for x, lean in ((width // 4, width // 5), (3 * width // 4, -width // 5))
    )
    return (
        f'<path d="M0 0h{width}v{height}H0z" fill="{of.far}"/>{folds}{beams}'
        f'<path d="M0 {floor}h{width}v{height - floor}H0z" fill="{of.near}"/>'
        f'<ellipse cx="{width // 2}" cy="{floor + (height - floor) // 2}" rx="{width // 3}" '
        f'ry="{(height - floor) // 3}" fill="{of.light}" opacity=".3"/>'
    )


SCENES: dict[str, Scene] = {
    scene.__name__: scene
    for scene in (mountains, sea, city, forest, desert, space, room, road, stage)
}


def person(x: float, y: float, tall: float, colour: str) -> str:
    """Somebody who stands with the feet at (x, y), as a silhouette."""
    s = tall / 10
    return (
        f'<g transform="translate({x:.0f} {y:.0f}) scale({s:.2f})" fill="{colour}">'
        '<circle cx="0" cy="-8.900" r="1"/>'
        '<path d="M-1.300-7.400q1.300-.900 2.600 0l.500 3.900h-.700L1.200 0H.400L0-3.200-.400 0h-.800l.100-3.500h-.700z"/>'
        "</g>"
    )


def _sky(of: Palette, width: int, height: int) -> str:
    return (
        '<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">'
        f'<stop offset="0" stop-color="{of.sky}"/><stop offset=".7" stop-color="{of.glow}"/>'
        f'</linearGradient><path d="M0 0h{width}v{height}H0z" fill="url(#sky)"/>'
    )


def _disc(draw: random.Random, of: Palette, width: int, height: int) -> str:
    x, y = width * draw.uniform(0.2, 0.8), height * draw.uniform(0.16, 0.36)
    r = min(width, height) * draw.uniform(0.07, 0.13)
    return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{r:.0f}" fill="{of.light}"/>'


def _ridge(
    draw: random.Random, colour: str, width: int, height: int, shape: Sequence[float]
) -> str:
    """A ridge around `level` of the height, up and down by `rough` of it."""
    level, rough = shape
    points, x = [], 0.0
    while x < width:
        points.append(f"L{x:.0f} {height * (level + draw.uniform(-rough, rough)):.0f}")
        x += width * draw.uniform(0.07, 0.16)
    start = height * (level + draw.uniform(-rough, rough) / 2)
    return (
        f'<path d="M0 {start:.0f}{"".join(points[1:])}L{width} {start:.0f}V{height}H0z" '
        f'fill="{colour}"/>'
    )
