"""Blocks of item texts over the remote encoders of a Ray cluster."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import numpy as np

from indexer.bundle.projections import Vectors
from indexer.encoder.distributed.ray_cluster import RayCluster, RayUnavailable
from indexer.encoder.distributed.remote_encoder import RemoteEncoder
from indexer.encoder.distributed.remote_worker import Block, RemoteWorker
from indexer.settings import RaySettings

IN_FLIGHT = 2  # blocks of one encoder: the next is there before the first is done
_PAUSE_S = 0.05
_RESIZE_S = 5.0
_TRIES = 5  # of a block, before it counts as the cause of the failures


class ActorPool:
    """Remote encoders, as many as the cluster has room for, and a thread that feeds them.

    A block of an encoder that dies goes to another. Ray restarts nothing: the pool asks for a new
    actor, which Ray puts wherever there is room, now or later.
    """

    def __init__(
        self,
        cluster: RayCluster,
        settings: RaySettings,
        encoder_settings: dict[str, Any],
        fingerprint: str,
        note: Callable[[str], None],
    ) -> None:
        """`fingerprint`: that of the encoder which every remote one must be equal to."""
        self._cluster, self._ray, self._settings = cluster, cluster.ray, settings
        self._encoder_settings, self._fingerprint, self._note = encoder_settings, fingerprint, note
        self._actor_class = self._ray.remote(RemoteEncoder).options(
            num_cpus=settings.ray_cpus, num_gpus=settings.ray_gpus, max_restarts=0
        )
        self._workers: list[RemoteWorker] = []
        self._waiting: deque[Block] = deque()
        self._lock = threading.Lock()
        self._wake, self._closed, self._ready = (threading.Event() for _ in range(3))
        self._error: BaseException | None = None
        self._deaths = 0  # since the last result
        self._beat = self._ready_at = self._resized_at = self._replace_at = time.monotonic()
        self.size = self._room()
        self._thread = threading.Thread(target=self._run, name="ray-blocks", daemon=True)

    def start(self) -> None:
        """Wait for the first remote encoder. Raises RayUnavailable, WorkerUnfit."""
        self._beat = self._ready_at = time.monotonic()
        self._thread.start()
        while not self._ready.wait(0.2):
            self._raise_error()
            self._check_beat()

    def submit(self, texts: Sequence[str]) -> "Future[Vectors]":
        """The embeddings of a block to come, float32 [n, D]; any thread may call it.

        Raises what made the pool fail.
        """
        block = Block(texts)
        with self._lock:
            self._raise_error()
            self._waiting.append(block)
        self._wake.set()
        return block.vectors

    def result(self, vectors: "Future[Vectors]") -> Vectors:
        """The embeddings of a block, float32 [n, D], when they are there.

        Raises what made the pool fail.
        """
        while True:
            try:
                return vectors.result(timeout=1)
            except TimeoutError:
                self._check_beat()

    def close(self) -> None:
        """End the remote encoders; blocks that are under way are dropped."""
        self._closed.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _check_beat(self) -> None:
        """Raises RayUnavailable when a call of Ray's library does not come back."""
        silent_s = time.monotonic() - self._beat
        if silent_s > self._settings.ray_timeout_s:
            raise RayUnavailable(
                f"Ray has not answered for {silent_s:.0f} s: its process on this machine may be "
                "dead (`ray status`). Run the rebuild again when it is back: it goes on"
            )

    def _room(self) -> int:
        settings = self._settings
        if settings.ray_actors:
            return settings.ray_actors
        return max(1, self._cluster.room(settings.ray_cpus, settings.ray_gpus))

    def _run(self) -> None:
        try:
            while not self._closed.is_set():
                self._beat = time.monotonic()
                self._resize()
                self._assign()
                self._collect()
                self._check_alive()
        except RayUnavailable as error:
            self._fail(error)
        except BaseException as error:
            failed = RayUnavailable(
                f"the Ray cluster at {self._cluster.address} failed ({type(error).__name__}: "
                f"{_first_line(error)}). Run the rebuild again when it is back: it goes on"
            )
            failed.__cause__ = error
            self._fail(failed)
        finally:
            for worker in self._workers:
                self._kill(worker)

    def _resize(self) -> None:
        """Follows the cluster: machines come and go."""
        if time.monotonic() - self._resized_at > _RESIZE_S:
            self.size, self._resized_at = self._room(), time.monotonic()
        surplus = len(self._workers) - self.size
        for worker in [each for each in self._workers if each.loading][: max(0, surplus)]:
            self._workers.remove(worker)
            self._kill(worker)
        while len(self._workers) < self.size and time.monotonic() >= self._replace_at:
            actor = self._actor_class.remote(self._encoder_settings)
            self._workers.append(RemoteWorker(actor, actor.load.remote()))

    def _assign(self) -> None:
        for _ in range(IN_FLIGHT):
            for worker in self._workers:
                if worker.loading or len(worker.blocks) >= IN_FLIGHT:
                    continue
                with self._lock:
                    if not self._waiting:
                        return
                    block = self._waiting.popleft()
                if not worker.blocks:
                    worker.last_result = time.monotonic()
                worker.blocks[worker.actor.encode.remote(block.texts)] = block

    def _collect(self) -> None:
        of = {worker.loading: worker for worker in self._workers if worker.loading}
        of |= {reference: worker for worker in self._workers for reference in worker.blocks}
        if not of or not any(worker.blocks for worker in self._workers):
            self._wake.wait(_PAUSE_S)
        self._wake.clear()
        done, _ = self._ray.wait(list(of), num_returns=len(of), timeout=0) if of else ([], [])
        if not done and of:
            done, _ = self._ray.wait(list(of), num_returns=1, timeout=_PAUSE_S)
        for reference in done:
            worker = of[reference]
            if worker in self._workers:  # else it was lost with an earlier one of these
                self._take(worker, reference)

    def _take(self, worker: RemoteWorker, reference: Any) -> None:
        from ray.exceptions import RayError, RayTaskError

        try:
            result = self._ray.get(reference)
        except RayTaskError as error:
            if worker.loading == reference:
                raise worker.unfit(_first_line(error)) from error
            self._lose(worker, _first_line(error))
        except RayError as error:
            self._lose(worker, str(error))
        else:
            if worker.loading == reference:
                worker.check(result, self._fingerprint)
                worker.loading = None
                self._ready.set()
                return
            block = worker.blocks.pop(reference)
            worker.last_result, self._deaths = time.monotonic(), 0
            block.vectors.set_result(np.array(result))  # a copy, which frees Ray's memory

    def _lose(self, worker: RemoteWorker, reason: str) -> None:
        """Puts the blocks of a dead encoder at the head of the queue."""
        if "No module named" in reason:
            raise worker.unfit(_first_line(reason, "No module named"))
        self._workers.remove(worker)
        self._kill(worker)
        self._deaths += 1
        # Ray may put new ones on a dead machine for as long as it has not noticed that it is dead.
        pause_s = min(_PAUSE_S * 2.0**self._deaths, _RESIZE_S)
        self._replace_at = time.monotonic() + pause_s
        blocks = list(worker.blocks.values())
        for block in blocks:
            block.failures += 1
        with self._lock:
            self._waiting.extendleft(reversed(blocks))
        where = f" on {worker.host}" if worker.host else ""
        self._note(
            f"an encoder{where} was lost; {len(blocks)} blocks go to others ({_first_line(reason)})"
        )
        worst = max((block.failures for block in blocks), default=0)
        if worst >= _TRIES or self._deaths > _TRIES + 2 * self.size:
            raise RayUnavailable(
                f"encoders of the Ray cluster die again and again{where}: {_first_line(reason)}. "
                "Too little memory? See `ray logs` there; LIVE_INTENT_FILL_WINDOW makes blocks "
                "smaller, LIVE_INTENT_RAY_CPUS encoders fewer. The same command goes on"
            )

    def _check_alive(self) -> None:
        now, settings = time.monotonic(), self._settings
        for worker in list(self._workers):
            if worker.blocks and now - worker.last_result > settings.ray_block_timeout_s:
                self._lose(worker, f"no answer in {settings.ray_block_timeout_s:g} s")
        if any(not worker.loading for worker in self._workers):
            self._ready_at = now
        elif now - self._ready_at > settings.ray_timeout_s:
            raise RayUnavailable(
                f"no machine of the Ray cluster at {self._cluster.address} had room for an encoder "
                f"with {settings.ray_cpus:g} CPUs and {settings.ray_gpus:g} GPUs and loaded it in "
                f"{settings.ray_timeout_s:g} s. See `ray status` there; LIVE_INTENT_RAY_CPUS, "
                "LIVE_INTENT_RAY_GPUS and LIVE_INTENT_RAY_TIMEOUT_S change these. The same "
                "command goes on"
            )

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            self._error = error
            blocks = [*self._waiting, *(b for w in self._workers for b in w.blocks.values())]
            self._waiting.clear()
        for block in blocks:
            if not block.vectors.done():
                block.vectors.set_exception(error)

    def _kill(self, worker: RemoteWorker) -> None:
        with suppress(Exception):  # it is dead, or the cluster is
            self._ray.kill(worker.actor)


def _first_line(reason: object, containing: str = "") -> str:
    lines = [line.strip() for line in str(reason).splitlines() if line.strip()]
    chosen = [line for line in lines if containing in line]
    return (chosen or lines or ["no reason given"])[-1 if containing else 0][:300]
