"""Whether a request's filters are those of a condition, or narrower."""

from collections.abc import Sequence

from indexer.catalogue.attributes.attributes import text_of
from indexer.catalogue.attributes.filter_keys import filter_key
from indexer.catalogue.categories import JOIN
from query_service.schemas.search.filters import AttributeCondition, Condition, Filters

ANY_CONDITION = Condition | AttributeCondition


def within(request: Filters | None, wanted: Filters) -> bool:
    """Whether every item that `request` allows is, by its form, one that `wanted` allows."""
    if request is None:
        return False
    for name in ("brand", "category", "language"):
        condition = getattr(wanted, name)
        if condition is not None and not _narrower(
            getattr(request, name), condition, paths=name == "category"
        ):
            return False
    if wanted.price is not None and not _inside(request.price, wanted.price):
        return False
    if wanted.available is not None and request.available != wanted.available:
        return False
    asked = request.attributes or {}
    return all(
        _narrower(asked.get(name), condition) and _inside(asked.get(name), condition)
        for name, condition in (wanted.attributes or {}).items()
    )


def in_category(request: Filters | None, categories: Sequence[str]) -> bool:
    """Whether the request is filtered by one of the categories, or by some below it."""
    keys = {filter_key(category) for category in categories}
    return request is not None and _among(request.category, keys, paths=True)


def is_below(category_key: str, keys: set[str]) -> bool:
    """Whether a category, as its filter key, is one of `keys`, or below one."""
    return any(category_key == key or category_key.startswith(key + JOIN) for key in keys)


def _narrower(request: ANY_CONDITION | None, wanted: ANY_CONDITION, *, paths: bool = False) -> bool:
    """Whether the values that a request allows are among those wanted."""
    keys = {filter_key(text_of(value)) for value in wanted.any or ()}
    if keys and not _among(request, keys, paths=paths):
        return False
    asked = request or Condition.model_validate({})
    refused = {filter_key(text_of(value)) for value in asked.not_ or ()}
    if not {filter_key(text_of(value)) for value in wanted.not_ or ()} <= refused:
        return False
    return wanted.exists is None or asked.exists == wanted.exists


def _among(request: ANY_CONDITION | None, keys: set[str], *, paths: bool) -> bool:
    """Whether the request names values, and each has one of the `keys`, or a path below one."""
    asked = [filter_key(text_of(value)) for value in (request and request.any) or ()]
    fits = (lambda key: is_below(key, keys)) if paths else keys.__contains__
    return bool(asked) and all(map(fits, asked))


def _inside(request: object, wanted: object) -> bool:
    """Whether the bounds of a request are no wider than those wanted."""
    for strict, loose, sign in (("gt", "gte", 1), ("lt", "lte", -1)):
        limit, asked = _limit(wanted, strict, loose), _limit(request, strict, loose)
        if limit is None:
            continue
        if asked is None or isinstance(asked[0], str) != isinstance(limit[0], str):
            return False
        if asked[0] == limit[0]:
            if limit[1] and not asked[1]:
                return False
        elif (asked[0] > limit[0]) != (sign > 0):  # type: ignore[operator]
            return False
    return True


def _limit(bounds: object, strict: str, loose: str) -> tuple[float | str, bool] | None:
    """A bound, and whether it is left out itself; None without one."""
    for name in (strict, loose):
        value = getattr(bounds, name, None)
        if value is not None:
            return value, name == strict
    return None
