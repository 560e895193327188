"""Who asked and what answered: the ids of a request, the configuration and the experiment."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RequestIds:
    """`request_id`: the caller's X-Request-Id or our own; `trace_id`: 32 hex digits, as W3C says;
    `span_id`: 16, of the request within the trace, "" where traces are off.
    """

    request_id: str = ""
    trace_id: str = ""
    span_id: str = ""


NO_IDS = RequestIds()
# What the person of that request wrote: no message of the log may have it.
PERSONAL_TEXT: ContextVar[str] = ContextVar("personal_text", default="")
# Of the request that this thread works on.
REQUEST_IDS: ContextVar[RequestIds] = ContextVar("request_ids", default=NO_IDS)


@dataclass(frozen=True)
class Configuration:
    """What a pipeline answers with. `bundle`: the learned one's name, "" for the fixed formulas.

    `weights`: alpha, beta, demand, and the diversity of requests that name none;
    `reranker_weights`: those of the fixed terms of its score.
    """

    bundle: str = ""
    reranker: str = ""
    weights: Mapping[str, float] = field(default_factory=dict)
    reranker_weights: Mapping[str, float] = field(default_factory=dict)


AS_IT_IS = Configuration()
