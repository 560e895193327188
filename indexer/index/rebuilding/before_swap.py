"""What looks at a filled index before the alias moves to it, and may refuse the swap."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from indexer.index.context import IndexContext
from indexer.index.generations import Generation
from indexer.index.item_vectors import ItemVectors
from plugin_config.errors import LiveIntentError


@dataclass(frozen=True)
class FilledIndex:
    """An index that a rebuild filled. `live`: the one that searches read now; None: there is none.

    `items`: those of the catalogue, `count`: documents in the index. `vectors` makes item vectors
    in its space.
    """

    context: IndexContext
    generation: Generation
    live: Generation | None
    items: int
    count: int
    vectors: ItemVectors

    @property
    def is_live(self) -> bool:
        """Whether it is the live index itself, which a rebuild leaves as it is."""
        return self.live is not None and self.live.index == self.generation.index


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `passed` None: it could not be, `text` says why.

    `value` and `limit` are the figure and what is allowed, where there is one.
    """

    name: str
    passed: bool | None
    text: str
    value: float | None = None
    limit: float | None = None

    @property
    def line(self) -> str:
        """The check as a line of a report."""
        word = {True: "passed", False: "FAILED", None: "skipped"}[self.passed]
        return f"{self.name} {word}: {self.text}"


class SwapRefused(LiveIntentError):
    """A filled index must not be swapped in; `reasons` say what failed."""

    exit_code = 8

    def __init__(self, reasons: Sequence[str], message: str = "") -> None:
        super().__init__(message or "; ".join(reasons))
        self.reasons = tuple(reasons)


BeforeSwap = Callable[[FilledIndex], Sequence[Check]]  # raises SwapRefused
