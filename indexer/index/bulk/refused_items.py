"""What becomes of items that the cluster refuses while it takes others."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from indexer.index.bulk.bulk_request import BulkError, NotTaken


class WithItemId(Protocol):
    """An item, or a write or change of one."""

    @property
    def item_id(self) -> str:
        """The item's id."""


Entry = TypeVar("Entry", bound=WithItemId)
Result = TypeVar("Result")


def send_accepted(
    send: Callable[[Sequence[Entry]], Result], entries: Sequence[Entry], nothing: Result
) -> tuple[Result, dict[str, str]]:
    """What `send` returns of the entries that the cluster takes, and why it refuses the others.

    `send` gets those left again, which is safe: a write carries its version. `nothing`: the result
    where no entry is left. Raises what `send` raises, BulkError and NotTaken only where the whole
    request was refused.
    """
    refused: dict[str, str] = {}
    pending = entries
    while pending:
        try:
            return send(pending), refused
        except BulkError as error:
            if not error.reasons:
                raise
            refused |= error.reasons
        except NotTaken as error:
            if not error.of_items:
                raise
            refused |= error.reasons
        pending = [each for each in pending if each.item_id not in refused]
    return nothing, refused
