"""The ids that a caller gives to a request: X-Request-Id, and W3C's traceparent."""

import re
import uuid

from query_service.observability.identity import RequestIds

REQUEST_ID, TRACEPARENT = "X-Request-Id", "traceparent"
_REQUEST_ID = re.compile(r"[\w.:@-]{1,128}", re.ASCII)
# https://www.w3.org/TR/trace-context/: a later version may add fields at the end.
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


def trace_id_of(traceparent: str) -> str:
    """The trace id of a well-formed traceparent; "" for any other."""
    match = _TRACEPARENT.fullmatch(traceparent.strip())
    if match is None:
        return ""
    version, trace_id, parent_id, more = match.groups()
    if version == "ff" or (version == "00" and more):
        return ""
    return trace_id if trace_id.strip("0") and parent_id.strip("0") else ""


def incoming_ids(request_id: str, traceparent: str) -> RequestIds:
    """The caller's ids where these headers are well-formed, else new ones."""
    new = uuid.uuid4().hex
    return RequestIds(
        request_id=request_id if _REQUEST_ID.fullmatch(request_id) else new,
        trace_id=trace_id_of(traceparent) or new,
    )
