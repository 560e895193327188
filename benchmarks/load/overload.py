"""What is answered while more is asked for than can be: good answers, and which requests go first.

    python -m benchmarks.load.overload --url http://127.0.0.1:8080 --rates 20,40 [--rounds 5]

Searches, recommendations and suggestions (70, 15 and 15 %) arrive evenly spaced, whatever was
answered before, on a connection each. The rates alternate; the ratio of their good answers says
what overload costs. Good: status 200, nothing degraded, at most GRACE_S after the deadline.
"""

import argparse
import asyncio
import json
import random
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks.latency.search import some_queries
from benchmarks.load.bursts import GRACE_S
from benchmarks.served import shared_index

PAUSE_S = 2.0  # between rounds
SHARES = {"search": 70, "recommend": 15, "suggest": 15}


@dataclass
class Answered:
    """What one rate gave, all rounds together; the latest in ms after its deadline."""

    seconds: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)
    good: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    of_rounds: list[float] = field(default_factory=list)  # good answers a second
    unsaid: int = 0  # 503 without Retry-After
    latest_ms: float = float("-inf")

    def figures(self) -> dict[str, object]:
        """The good ones a second, and their share of what was asked for, by kind."""
        return {
            "good_per_s": round(self.good.total() / self.seconds, 1),
            "of_rounds": [round(each, 1) for each in self.of_rounds],
            "answered_share": {
                kind: round(self.good[kind] / max(asked, 1), 2)
                for kind, asked in sorted(self.asked.items())
            },
            "statuses": dict(self.statuses),
            "503_without_retry_after": self.unsaid,
            "latest_ms_after_deadline": round(self.latest_ms),
        }


@dataclass(frozen=True)
class Request:
    """A request as bytes, and of which kind it is."""

    kind: str
    content: bytes

    @classmethod
    def of(cls, kind: str, query: str, deadline_ms: int) -> "Request":
        """Of a session of its own; a suggestion's prefix is the first half of the query."""
        body: dict[str, object] = {
            "session_id": f"load-{uuid.uuid4().hex}",
            "deadline_ms": deadline_ms,
        }
        if kind == "search":
            body["query"] = query
        elif kind == "suggest":
            body["prefix"] = query[: max(len(query) // 2, 1)]
        content = json.dumps(body).encode()
        head = (
            f"POST /v1/{kind} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
            f"Connection: close\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        return cls(kind, head.encode() + content)


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="of a service")
    parser.add_argument("--rates", default="20,40", help="requests a second")
    parser.add_argument("--deadline", type=int, default=1000, help="ms")
    parser.add_argument("--seconds", type=float, default=10, help="of each round")
    parser.add_argument("--rounds", type=int, default=5, help="of each rate")
    options = parser.parse_args()
    with shared_index() as (client, names):
        queries = some_queries(client, names, 500)
    rates = [float(rate) for rate in options.rates.split(",")]
    answered = {rate: Answered() for rate in rates}
    rng = random.Random(13)
    for number in range(options.rounds + 1):  # the first one warms up
        for rate in rates:
            kinds = rng.choices(list(SHARES), list(SHARES.values()), k=int(rate * options.seconds))
            asked = [Request.of(kind, rng.choice(queries), options.deadline) for kind in kinds]
            into = answered[rate] if number else Answered()
            asyncio.run(_offer(options.url, asked, rate, options.deadline / 1000, into))
            time.sleep(PAUSE_S)
    for rate, each in answered.items():
        print(f"{rate:g}/s", each.figures(), file=sys.stderr)
    best = max(each.good.total() / each.seconds for each in answered.values())
    last = answered[rates[-1]]
    print(json.dumps({
        "rates": {f"{rate:g}": each.figures() for rate, each in answered.items()},
        "last_to_best": round(last.good.total() / last.seconds / best, 2) if best else None,
    }))  # fmt: skip


async def _offer(
    url: str, requests: list[Request], rate: float, deadline_s: float, into: Answered
) -> None:
    """Send the requests at the rate; note each answer."""
    good_before, begun = into.good.total(), time.perf_counter()
    sent = []
    for number, each in enumerate(requests):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        sent.append(asyncio.create_task(_ask(url, each, deadline_s, into)))
    await asyncio.gather(*sent)
    seconds = time.perf_counter() - begun
    into.seconds += seconds
    into.of_rounds.append((into.good.total() - good_before) / seconds)


async def _ask(url: str, each: Request, deadline_s: float, into: Answered) -> None:
    host, port = urlsplit(url).hostname, urlsplit(url).port
    reader, writer = await asyncio.open_connection(host, port)
    began = time.perf_counter()
    writer.write(each.content)
    head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    late_s = time.perf_counter() - began - deadline_s
    writer.close()
    status = int(head.split()[1])
    degraded = status == 200 and json.loads(body).get("degraded")
    into.asked[each.kind] += 1
    into.good[each.kind] += status == 200 and not degraded and late_s <= GRACE_S
    into.statuses["degraded" if degraded else str(status)] += 1
    into.unsaid += status == 503 and b"retry-after:" not in head.lower()
    into.latest_ms = max(into.latest_ms, late_s * 1000)


if __name__ == "__main__":
    main()
