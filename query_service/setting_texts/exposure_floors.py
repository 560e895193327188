"""Which groups of items get at least which share of exposure, and what that may cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LONG_TAIL, NEW = "long_tail", "new"
BRAND, CATEGORY = "brand:", "category:"
ATTRIBUTE = "attributes."
MAX_FLOORS = 10


@dataclass(frozen=True)
class ExposureFloors:
    """The least share of exposure of each group, and the most relevance that it may cost.

    A group is `long_tail` (items less popular than the catalogue's pivot, see `popularity_pivot`),
    `new` (without any popularity yet), `brand:NAME`, `category:PATH`, with all that is below the
    path, or `attributes.NAME:VALUE`, such as a seller. `max_cost` in [0, 1]: of the list's
    relevance by the scores, each scaled from 0 for the last position that is chosen to 1 for the
    best and weighted by its position.
    """

    floors: Mapping[str, float] = field(default_factory=dict)
    max_cost: float = 0.02

    @property
    def attributes(self) -> dict[str, tuple[str, str]]:
        """Name and value of the attribute, by the groups that are of one."""
        return {group: parts for group in self.floors if (parts := attribute_of(group))}

    @classmethod
    def parse(cls, text: str, max_cost: float = 0.02) -> "ExposureFloors":
        """From a setting, `long_tail=0.3, brand:Acme=0.1`. Raises ValueError."""
        floors: dict[str, float] = {}
        for part in filter(None, (each.strip() for each in text.split(","))):
            group, _, share = part.rpartition("=")
            try:
                floors[group.strip()] = float(share)
            except ValueError as error:
                raise ValueError(
                    f"{part!r} is no GROUP=SHARE. Allowed: long_tail=0.3,new=0.05"
                ) from error
        check_floors(floors)
        return cls(floors, max_cost)


NO_FLOORS = ExposureFloors()


def attribute_of(group: str) -> tuple[str, str] | None:
    """Name and value of the attribute that a group is of; None for another group."""
    name, _, value = group.removeprefix(ATTRIBUTE).partition(":")
    return (name, value) if group.startswith(ATTRIBUTE) and name and value else None


def check_floors(floors: Mapping[str, float]) -> None:
    """Raise ValueError for an unknown group, and for a share that no list can have."""
    for group, share in floors.items():
        named = any(group.startswith(each) and group != each for each in (BRAND, CATEGORY))
        if not (named or group in (LONG_TAIL, NEW) or attribute_of(group)):
            raise ValueError(
                f"the group {group!r} is unknown. Allowed: {LONG_TAIL}, {NEW}, {BRAND}NAME, "
                f"{CATEGORY}PATH, {ATTRIBUTE}NAME:VALUE"
            )
        if not 0 <= share <= 1:
            raise ValueError(f"the share of {group} is {share:g}. Allowed: 0 to 1")
    if len(floors) > MAX_FLOORS:
        raise ValueError(f"there are {len(floors)} floors. Allowed: {MAX_FLOORS}")
