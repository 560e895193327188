"""The signed weight of each action in the visitor's taste, per scenario."""

from typing import Literal, get_args

Action = Literal[
    "view", "click", "add_to_cart", "purchase", "watch", "like", "comment", "share",
    "dislike", "remove_from_cart",
]  # fmt: skip
Scenario = Literal["shop", "feed", "video"]
ACTIONS: tuple[str, ...] = get_args(Action)

_SHOP = {
    "view": 1.0, "click": 1.5, "add_to_cart": 3.0, "purchase": 3.0, "watch": 1.0, "like": 2.5,
    "comment": 1.0, "share": 2.0, "dislike": -3.0, "remove_from_cart": -2.0,
}  # fmt: skip
WEIGHTS: dict[str, dict[str, float]] = {
    "shop": _SHOP,
    "feed": _SHOP | {"view": 0.5, "click": 1.0, "like": 3.0, "comment": 2.0, "share": 3.5},
    "video": _SHOP | {"view": 0.3, "click": 0.5, "watch": 3.0, "like": 3.0, "comment": 1.5},
}
# In these scenarios the texts of viewed and liked items are demand: there is often no query.
TEXTS_ARE_DEMAND = frozenset({"feed", "video"})
# A watch that ends before this fraction counts against the item, as a skip.
SKIPPED_BELOW = 0.1
SKIP_WEIGHT = -0.5
EARLIER_SESSION = 0.5  # factor for events and queries of an earlier session


def weight(scenario: str, action: str, watched_fraction: float | None = None) -> float:
    """The signed weight of one action; a watch is weighted by the fraction watched."""
    base = WEIGHTS[scenario].get(action, 0.0)
    if action == "watch" and watched_fraction is not None:
        return SKIP_WEIGHT if watched_fraction < SKIPPED_BELOW else base * watched_fraction
    return base
