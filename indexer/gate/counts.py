"""The number of items: against the catalogue, and against the index that answers now."""

from indexer.index.rebuilding.before_swap import Check, FilledIndex

ALLOWED = 10  # items that may be fewer whatever the share: a small catalogue changes by chance


def check_count(filled: FilledIndex, max_drop: float) -> Check:
    """Whether the new index has about as many items as the live one: a cut export has not.

    The catalogue's items themselves were counted one by one before.
    """
    context, count = filled.context, filled.count
    of_catalogue = f"{count} documents of {filled.items} items in the catalogue"
    if filled.live is None:
        return Check("count", None, f"{of_catalogue}; there is no live index to compare with")
    params = {"request_timeout": context.settings.bulk_timeout_s}
    live = int(context.client.count(index=filled.live.index, params=params)["count"])
    lost = live - count
    drop = max(lost, 0) / live if live else 0.0
    passed = drop <= max_drop or lost <= ALLOWED
    change = f"{-lost / live:+.1%}" if live else "new"
    text = (
        f"{of_catalogue}, {live} in the live index ({change}; allowed: -{max_drop:.1%}, "
        "LIVE_INTENT_GATE_MAX_DROP)"
    )
    return Check("count", passed, text, drop, max_drop)
