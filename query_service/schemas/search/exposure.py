"""Floors of exposure in a request."""

from typing import Annotated

from pydantic import Field, field_validator

from query_service.schemas.fields.numbers import NO_TEXT
from query_service.schemas.fields.strict import Strict
from query_service.setting_texts.exposure_floors import MAX_FLOORS, ExposureFloors, check_floors

_GROUP = r"^(long_tail|new|brand:.+|category:.+|attributes\.[^:]+:.+)$"
Share = Annotated[float, Field(ge=0, le=1), NO_TEXT]


class Exposure(Strict):
    """Groups of items that get at least a share of the exposure, at a bounded cost."""

    floors: Annotated[
        dict[
            Annotated[str, Field(pattern=_GROUP, max_length=1050)],
            Share,
        ],
        Field(
            max_length=MAX_FLOORS,
            description="The least share of each group: `long_tail`, `new`, `brand:NAME`, "
            "`category:PATH`, `attributes.NAME:VALUE` (a public attribute, such as the seller). A "
            "position counts 1 / log2(1 + position). {}: none.",
        ),
    ]
    max_cost: Share = Field(
        0.02,
        description="The most of the list's relevance, by its scores, that the floors may cost.",
    )

    @field_validator("floors")
    @classmethod
    def _known_groups(cls, floors: dict[str, float]) -> dict[str, float]:
        check_floors(floors)
        return floors

    @property
    def at_least(self) -> ExposureFloors:
        """The floors as the ranking takes them."""
        return ExposureFloors(self.floors, self.max_cost)
