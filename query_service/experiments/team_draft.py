"""Team-draft interleaving: two rankings as one list, whose clicks tell which of them is preferred.

Radlinski, Kurup, Joachims: How does clickthrough data reflect retrieval quality?, CIKM 2008. The
team with fewer items picks next, its best item that is not yet taken; a coin decides where both
have as many.
"""

import random
from collections.abc import Sequence

NO_TEAM = "-"  # of an item that a rule pins: no variant put it there


def team_draft(a: Sequence[str], b: Sequence[str], seed: str) -> tuple[list[str], str]:
    """The interleaved list, and the team (`a` or `b`) of each item; the same for the same seed."""
    coin = random.Random(seed)
    rankings = {"a": a, "b": b}
    positions = {"a": 0, "b": 0}
    picked = {"a": 0, "b": 0}
    order: list[str] = []
    teams: list[str] = []
    taken: set[str] = set()

    def left(team: str) -> bool:
        ranking = rankings[team]
        while positions[team] < len(ranking) and ranking[positions[team]] in taken:
            positions[team] += 1
        return positions[team] < len(ranking)

    while True:
        teams_left = [team for team in ("a", "b") if left(team)]
        if not teams_left:
            return order, "".join(teams)
        first = coin.choice("ab")  # drawn at each pick: the same coins whatever the lists are
        team = min(teams_left, key=lambda name: (picked[name], name != first))
        item = rankings[team][positions[team]]
        taken.add(item)
        order.append(item)
        teams.append(team)
        picked[team] += 1
