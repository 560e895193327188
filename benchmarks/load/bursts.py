"""Many searches at once: how many are answered well, how late the last answer is.

    python -m benchmarks.load.bursts --url before=http://127.0.0.1:8081 --url after=...:8082

Bursts of the named services alternate. Good: status 200, nothing degraded, at most GRACE_S after
the deadline.
"""

import argparse
import asyncio
import json
import sys
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks.latency.search import some_queries
from benchmarks.served import shared_index

GRACE_S = 0.5
PAUSE_S = 1.0  # between bursts


@dataclass
class Bursts:
    """What the bursts of one service gave."""

    good: int = 0
    seconds: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)
    late_ms: list[float] = field(default_factory=list)  # after the deadline, of every answer

    def heard(self, status: int, body: bytes, late_s: float) -> None:
        """Note one answer."""
        degraded = [each["stage"] for each in json.loads(body).get("degraded", ())]
        kind = str(status) if status != 200 or not degraded else "degraded"
        self.good += status == 200 and not degraded and late_s <= GRACE_S
        self.answers[kind] = self.answers.get(kind, 0) + 1
        self.late_ms.append(late_s * 1000)

    def figures(self) -> dict[str, object]:
        """Good answers a second of the time until the last answer, and the rest."""
        return {
            "good": self.good,
            "good_per_s": round(self.good / self.seconds, 1),
            "answers": self.answers,
            "latest_ms_after_deadline": round(max(self.late_ms)),
        }


def main() -> None:
    """Run the benchmark with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", action="append", required=True, help="NAME=URL of a service")
    parser.add_argument("--sizes", default="16,64,128", help="searches at once")
    parser.add_argument("--deadlines", default="300,1000", help="ms")
    parser.add_argument("--bursts", type=int, default=10, help="of each kind and service")
    options = parser.parse_args()
    services = dict(each.split("=", 1) for each in options.url)
    with shared_index() as (client, names):
        queries = some_queries(client, names, 500)
    results = {}
    for size in map(int, options.sizes.split(",")):
        for deadline_ms in map(int, options.deadlines.split(",")):
            of_each = {name: Bursts() for name in services}
            for number in range(options.bursts):
                for name, url in services.items():
                    first = number * size
                    asked = [queries[(first + n) % len(queries)] for n in range(size)]
                    asyncio.run(_burst(url, asked, deadline_ms, of_each[name]))
                    time.sleep(PAUSE_S)
            for name, bursts in of_each.items():
                results[f"{name}: {size} at once, {deadline_ms} ms"] = bursts.figures()
                print(name, size, deadline_ms, bursts.figures(), file=sys.stderr)
    print(json.dumps(results))


async def _burst(url: str, queries: list[str], deadline_ms: int, bursts: Bursts) -> None:
    host, port = urlsplit(url).hostname, urlsplit(url).port
    ready = [await asyncio.open_connection(host, port) for _ in queries]
    started = time.perf_counter()

    async def search(number: int, query: str) -> None:
        reader, writer = ready[number]
        session = f"burst-{uuid.uuid4().hex}"
        asked = {"query": query, "session_id": session, "deadline_ms": deadline_ms}
        body = json.dumps(asked).encode()
        head = (
            "POST /v1/search HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        sent = time.perf_counter()
        writer.write(head.encode() + body)
        status = int((await reader.readline()).split()[1])
        length = 0
        while line := (await reader.readline()).strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        answer = await reader.readexactly(length)
        bursts.heard(status, answer, time.perf_counter() - sent - deadline_ms / 1000)
        writer.close()

    await asyncio.gather(*(search(*each) for each in enumerate(queries)))
    bursts.seconds += time.perf_counter() - started


if __name__ == "__main__":
    main()
