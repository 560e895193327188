"""The order of suggestions, without an engine."""

from dataclasses import replace

from query_service.suggestions.suggestion_candidate import Candidate
from query_service.suggestions.suggestion_order import SessionTaste, in_order, mixed
from query_service.suggestions.typed_prefix import Completion
from query_service.user.visitor import Event, Visitor

WHOLE = Completion(1.0)
NOBODY = SessionTaste(None, 0.0)
LAMP = Candidate("query", "lamp", WHOLE, weight=0.9, features=("category:light",))
LAPTOP = Candidate("query", "laptop", WHOLE, weight=0.8, features=("category:computers",))


def taste(*features: str, action: str = "click") -> SessionTaste:
    event = Event(action, "1", 0.0, "s", features=features)
    return SessionTaste(Visitor("s", events=(event,)), 0.0)


def texts(candidates: list[Candidate]) -> list[str]:
    return [candidate.text for candidate in candidates]


def test_the_popular_one_comes_first() -> None:
    assert texts(in_order([LAPTOP, LAMP], NOBODY)) == ["lamp", "laptop"]


def test_what_the_visitor_clicked_lifts_its_category_and_words() -> None:
    assert texts(in_order([LAMP, LAPTOP], taste("category:computers"))) == ["laptop", "lamp"]
    assert texts(in_order([LAMP, LAPTOP], taste("word:laptop"))) == ["laptop", "lamp"]


def test_a_dislike_lowers_it() -> None:
    disliked = taste("category:light", action="dislike")
    assert texts(in_order([LAMP, LAPTOP], disliked)) == ["laptop", "lamp"]


def test_own_queries_come_first_and_once() -> None:
    own = replace(LAPTOP, text="Laptop", own=True)
    assert texts(in_order([own, LAMP, LAPTOP], NOBODY)) == ["Laptop", "lamp"]


def test_no_type_takes_all_of_the_answer() -> None:
    queries = [replace(LAMP, text=f"lamp {n}") for n in range(10)]
    items = [Candidate("item", "Lamp", WHOLE, item_id=str(n)) for n in range(10)]
    chosen = mixed(in_order([*queries, *items], NOBODY), 10)
    assert [candidate.type for candidate in chosen].count("item") == 5 - 1
    assert len(mixed(queries, 10)) == 10
