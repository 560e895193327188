"""Which searches start, wait and are refused, on a clock that the tests move."""

from collections.abc import Iterator

import pytest

from query_service.web.load.admission import Admission, Ticket, Verdict
from query_service.web.load.concurrency_limit import ConcurrencyLimit
from tests.query_service.web.load.simulated_service import Fixed, SimulatedService

SEARCH, RECOMMEND, SUGGEST = "/v1/search", "/v1/recommend", "/v1/suggest"
AT_ONCE, TAKES_S = 4, 0.2


class Desk:
    """An admission of four at once, where searches took 0.2 s each beside one that is at work."""

    def __init__(self) -> None:
        self.now = 100.0
        self.states: list[tuple[int, int, int]] = []
        self.refusals: list[tuple[int, str]] = []
        self.admission = Admission[str](Fixed(AT_ONCE), self, clock=lambda: self.now)
        self.long, _ = self.arrive(1000.0)
        for _ in range(50):
            ticket, _ = self.arrive(10.0)
            self.admission.begin(ticket)
            self.now += TAKES_S
            self.admission.finish(ticket, answered=True)

    def state(self, limit: int, at_work: int, waiting: int) -> None:
        self.states.append((limit, at_work, waiting))

    def refused(self, count: int, reason: str) -> None:
        if count:
            self.refusals.append((count, reason))

    def arrive(
        self, budget_s: float, kind: str = SEARCH, ahead: int = -1
    ) -> tuple[Ticket[str], Verdict]:
        ticket = Ticket(kind, self.now, self.now + budget_s, "")
        return ticket, self.admission.arrive(ticket, ahead)

    def fill(self, waiting: int = 0) -> list[Ticket[str]]:
        """Four at work, and so many that wait, with much time."""
        others = [self.arrive(100.0)[0] for _ in range(AT_ONCE - 1 + waiting)]
        tickets = [self.long, *others]
        for ticket in tickets[:AT_ONCE]:
            self.admission.begin(ticket)
        return tickets


@pytest.fixture
def desk() -> Iterator[Desk]:
    return Desk()


def test_those_above_the_limit_wait_and_come_in_order(desk: Desk) -> None:
    tickets = desk.fill(waiting=2)
    assert desk.states[-1] == (AT_ONCE, AT_ONCE, 2)
    desk.now += TAKES_S
    turn = desk.admission.finish(tickets[1], answered=True)
    assert (turn.start, turn.refuse) == ([tickets[AT_ONCE]], [])
    assert desk.states[-1] == (AT_ONCE, AT_ONCE, 1)


@pytest.mark.parametrize(
    ("kind", "most_ahead"),
    [(SEARCH, 12), (RECOMMEND, 7), (SUGGEST, 3)],  # 0.2 s x ((ahead + 1) / 4 + 1) <= .85, .6, .4
)
def test_what_would_wait_past_its_share_of_the_deadline_is_refused(
    desk: Desk, kind: str, most_ahead: int
) -> None:
    desk.fill()
    for waiting in range(20):
        verdict = desk.arrive(1.001, kind)[1]
        assert verdict is (Verdict.WAIT if waiting <= most_ahead else Verdict.REFUSE)
        if verdict is Verdict.REFUSE:
            desk.arrive(100.0)
    assert set(desk.refusals) == {(1, "wait")}


def test_what_need_not_wait_is_never_refused(desk: Desk) -> None:
    assert desk.arrive(0.001, SUGGEST)[1] is Verdict.START
    assert desk.arrive(0.001, SUGGEST, ahead=0)[1] is Verdict.REFUSE  # no thread is free


def test_of_many_at_once_none_is_refused_before_the_first_are_answered(desk: Desk) -> None:
    """What was measured before may be of another load."""
    desk.admission.finish(desk.long, answered=True)
    arrived = [desk.arrive(0.2) for _ in range(12)]
    assert [verdict for _, verdict in arrived] == [Verdict.START] * 4 + [Verdict.WAIT] * 8
    tickets = [ticket for ticket, _ in arrived]
    for ticket in tickets[:4]:
        desk.admission.begin(ticket)
    desk.now += 0.06
    for number in range(2):
        turn = desk.admission.finish(tickets[number], answered=True)
        assert (turn.start, turn.refuse) == ([tickets[4 + number]], [])
    turn = desk.admission.finish(tickets[2], answered=True)
    # Of the 0.17 s 0.06 are gone, one takes as many, and every 0.015 s it is the turn of one more.
    assert (turn.start, turn.refuse) == (tickets[6:7], tickets[10:])


def test_whose_turn_comes_too_late_is_refused_in_place_of_being_late(desk: Desk) -> None:
    tickets = desk.fill()
    hurried, patient = desk.arrive(0.6)[0], desk.arrive(10.0)[0]
    desk.now += 0.5  # 0.1 s are left, and 0.2 needed
    turn = desk.admission.finish(tickets[0], answered=True)
    assert (turn.start, turn.refuse) == ([patient], [hurried])
    assert desk.refusals == [(1, "wait")]


def test_those_that_wait_until_their_deadline_are_taken_out(desk: Desk) -> None:
    desk.fill()
    hurried, patient = desk.arrive(0.6)[0], desk.arrive(10.0)[0]
    assert desk.admission.overdue() == []
    desk.now += 0.7
    assert desk.admission.overdue() == [hurried]
    assert desk.admission.waiting == 1
    assert patient.deadline > desk.now


def test_answers_that_were_not_worked_for_say_nothing_of_the_time(desk: Desk) -> None:
    """A 422, or a 503 at once as the engine is silent."""
    for _ in range(100):
        ticket, _ = desk.arrive(1.0)
        desk.admission.begin(ticket)
        desk.admission.finish(ticket, answered=False)
    desk.fill()
    assert desk.arrive(0.25)[1] is Verdict.REFUSE


def test_one_search_at_a_time_never_waits() -> None:
    service = SimulatedService(ConcurrencyLimit(16), cores=0.1, work_s=0.05)  # 0.5 s each
    for _ in range(200):
        service.burst(1, deadline_s=0.3)
        service.run()
    assert (service.refused, service.late) == (0, 200)


def test_of_many_at_once_those_are_answered_that_can_be() -> None:
    service = SimulatedService(ConcurrencyLimit(16), cores=2, work_s=0.05)
    for _ in range(10):
        service.burst(128, deadline_s=0.3)
        service.run()
    assert service.good >= 0.6 * 10 * 2 * 0.3 / 0.05
    assert service.late <= 20
