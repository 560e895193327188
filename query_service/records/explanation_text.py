"""An explanation of a list as lines for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from query_service.schemas.search.explanations import QueryExplanation, ShownItem

LABEL = 14  # columns


def explanation_lines(query: QueryExplanation) -> Iterator[str]:
    """When, what, who, by which configuration, then each item with its reasons."""
    yield _line("query", query.query_id)
    yield _line("when", query.timestamp)
    yield _line("asked", _asked(query))
    who = f"session {query.session_id or '(none)'}"
    yield _line("who", f"{who}, user {query.user_id}" if query.user_id else who)
    if not query.answered_here:
        yield _line("answered by", "not by this service, or by a version that kept nothing of it")
    else:
        yield from _answered_by(query)
    yield ""
    shown = f"{len(query.hits)} shown"
    yield f"{shown} of {query.total} hits" if query.total is not None else shown
    for item in query.hits:
        yield from _item_lines(item)
    if query.instead:
        yield "shown instead of hits"
        for item in query.instead:
            yield from _item_lines(item)


def _answered_by(query: QueryExplanation) -> Iterator[str]:
    configuration, asked = query.configuration, query.asked
    yield _line("request", f"{asked.get('request_id', '-')}, trace {asked.get('trace_id', '-')}")
    bundle = configuration.get("bundle")
    parts = [
        f"index {configuration.get('index')}",
        f"learned bundle {bundle}" if bundle else "no learned bundle",
        f"order: {configuration.get('reranker')}",
        f"vectors {configuration.get('encoder')}",
    ]
    yield _line("answered by", ", ".join(parts))
    yield _line("weights", ", ".join(_numbers(configuration["weights"])))
    if experiment := configuration.get("experiment"):
        yield _line("experiment", f"{experiment['id']}, variant {experiment['variant']}")
    for rule in query.rules:
        yield _line("rule", f"{rule['id']} “{rule['name']}”: {'; '.join(rule['did'])}")
    counted = query.behaviour
    behaviour = f"{counted['events']} events, {counted['queries']} earlier queries"
    yield _line("personalised", f"by {behaviour}" if query.personalized else "no")
    yield _line("took", f"{query.took_ms} ms of {query.deadline_ms}: {_timing(query.timing_ms)}")
    yield _line("steps", ", ".join(query.stages))
    for stage, reason in query.degraded.items():
        yield _line("left out", f"{stage}: {reason}")


def _asked(query: QueryExplanation) -> str:
    asked = query.asked
    no_text = "no query" if asked.get("kind") == "recommend" else "(the text is not kept)"
    parts = [f"“{query.query_text}”" if query.query_text else no_text]
    if "scenario" in asked:
        parts.append(f"scenario {asked['scenario']}")
    parts += [f"{name} {asked[name]}" for name in ("language", "sort", "filters") if name in asked]
    if asked.get("offset"):
        parts.append(f"hits from {asked['offset'] + 1} on")
    return ", ".join(parts)


def _item_lines(item: ShownItem) -> Iterator[str]:
    score = "" if item.score is None else f"{item.score:9.4f}"
    marks = [
        f"pinned by rule {item.pinned_by}" if item.pinned_by else "",
        "by meaning alone" if item.by_meaning else "",
        "below the re-ranked" if item.below_candidates else "",
        "clicked" if item.clicked else "",
    ]
    noted = f"  [{', '.join(filter(None, marks))}]" if any(marks) else ""
    yield f"{item.position:4} {item.item_id:20} {score:9}  {item.title}{noted}".rstrip()
    if item.legs:
        legs = ", ".join(f"{name} {score:g}" for name, score in item.legs.items())
        yield f"{'':26}legs: {legs}"
    for share in item.shares:
        yield f"{'':25}{share['value']:+10.4f}  {_source(share)}"


def _source(share: Mapping[str, Any]) -> str:
    kind = share["kind"]
    earlier = share.get("query_text")
    sources = {
        "query": "the query",
        "search_history": f"the earlier query “{earlier}”"
        if earlier
        else f"an earlier query, {share.get('query_id', 'not kept')}",
        "event": f"{share.get('action')} of {share.get('item_id')}",
        "user_history": "what the user did in earlier sessions",
        "item": "popularity",
        "model": share.get("by", "learned"),
        "identifier": "the query is its identifier",
        "diversity": "likeness to items above it",
        "rule": f"rule {share.get('rule', '')}",
        "others": "all smaller shares",
    }
    return str(sources.get(kind, kind))


def _numbers(weights: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name, value in weights.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{path}{name}.")
        else:
            yield f"{path}{name} {value:g}"


def _timing(timing_ms: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {ms:g}" for name, ms in timing_ms.items() if name != "total")


def _line(label: str, text: str) -> str:
    return f"{label:{LABEL}}{text}"
