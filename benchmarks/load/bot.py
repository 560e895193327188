"""What a bot costs itself and others: python -m benchmarks.load.bot --events 100000.

Prints the time of its events after 100, 5,000, ... events beside that of a new session's, and of
another visitor's searches while it sends 28 events a second (100,000 an hour) and while it does
not.
"""

import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import click

from benchmarks.chaos.trial import catalogue_lines
from benchmarks.served import Api, own_index, rebuild, served

BATCH = 500
RATE = 100_000 / 3600  # events a second
ROUNDS = 6  # of searches with and without the bot
ROUND_S = 5.0


@click.command(help=__doc__)
@click.option("--events", default=100_000, show_default=True)
@click.option("--keep", is_flag=True, help="Keep the indexes.")
def main(events: int, keep: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, own_index("bot", keep=keep):
        catalogue = Path(folder) / "items.jsonl"
        catalogue.write_text(catalogue_lines(), encoding="utf-8")
        rebuild(catalogue)
        with served(os.environ.get("BOT_URL")) as url:
            bot = Bot(Api(url))
            sent = 0
            for total in (100, 5000, events):
                bot.add(total - sent)
                sent = total
                own, fresh = bot.event_ms()
                click.echo(
                    f"after {total} events: {own:.1f} ms an event, {fresh:.1f} ms one of a new "
                    f"session: ratio {own / fresh:.2f}"
                )
            beside, alone = bot.search_ms()
            click.echo(
                f"another session's search: {beside:.1f} ms beside the bot, {alone:.1f} ms "
                f"without: ratio {beside / alone:.2f}"
            )


class Bot:
    """A session, and a user, that never stop."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._sent = 0

    def _event(self, session_id: str = "bot") -> dict[str, Any]:
        self._sent += 1
        return {"action": "click", "item_id": f"i{self._sent % 60}", "session_id": session_id,
                "user_id": f"user-of-{session_id}"}  # fmt: skip

    def add(self, count: int) -> None:
        """Send events, 500 a request."""
        for start in range(0, count, BATCH):
            batch = [self._event() for _ in range(min(BATCH, count - start))]
            self._api.post("/v1/events", {"events": batch})

    def event_ms(self) -> tuple[float, float]:
        """Medians of one more event, and of one of a new session, alternating."""
        own, fresh = [], []
        for number in range(40):
            own.append(_ms(lambda: self._api.post("/v1/events", self._event())))
            event = self._event(f"new-{self._sent}-{number}")
            fresh.append(_ms(lambda event=event: self._api.post("/v1/events", event)))
        return median(own), median(fresh)

    def search_ms(self) -> tuple[float, float]:
        """Medians of another session's searches beside the bot and without it."""
        body = {"query": "desk lamp", "session_id": "a-visitor"}
        self._api.click(body["session_id"], "i1")
        times: dict[bool, list[float]] = {True: [], False: []}
        for turn in range(2 * ROUNDS):
            busy = turn % 2 == 0
            ended = threading.Event()
            thread = threading.Thread(target=self._act, args=(ended,), daemon=True)
            if busy:
                thread.start()
            until = time.monotonic() + ROUND_S
            while time.monotonic() < until:
                times[busy].append(_ms(lambda: self._api.post("/v1/search", body)))
                time.sleep(0.05)
            ended.set()
            if busy:
                thread.join()
        return median(times[True]), median(times[False])

    def _act(self, ended: threading.Event) -> None:
        while not ended.wait(1 / RATE):
            self._api.post("/v1/events", self._event())


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
