"""X-Request-Id and traceparent of a caller, well-formed or not."""

import pytest

from query_service.observability.incoming_ids import incoming_ids, trace_id_of

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize("sent", ["a", "order-7", "x" * 128, "1.2:3@host_4"])
def test_a_well_formed_request_id_is_taken_over(sent: str) -> None:
    assert incoming_ids(sent, "").request_id == sent


@pytest.mark.parametrize("sent", ["", "x" * 129, "a b", 'a"b', "ä", "a\n", "a;b", "<script>"])
def test_any_other_is_replaced(sent: str) -> None:
    ids = incoming_ids(sent, "")
    assert len(ids.request_id) == 32
    assert ids.trace_id == ids.request_id
    assert incoming_ids(sent, "").request_id != ids.request_id


@pytest.mark.parametrize(
    "sent",
    [
        f"00-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-00",
        f" 00-{TRACE}-{PARENT}-01 ",
        f"01-{TRACE}-{PARENT}-01-later-fields",
    ],
)
def test_the_trace_of_the_caller_goes_on(sent: str) -> None:
    assert trace_id_of(sent) == TRACE


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "none",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{PARENT}-01",
    ],
)
def test_a_malformed_traceparent_begins_a_new_trace(sent: str) -> None:
    assert trace_id_of(sent) == ""
    assert len(incoming_ids("order-7", sent).trace_id) == 32
