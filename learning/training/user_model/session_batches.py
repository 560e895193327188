"""Sessions as padded batches, and the formula's D_B after each of their steps, in torch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from learning.data.sessions import Session
from query_service.user.actions import ACTIONS, weight
from query_service.user.session_steps import QUERY
from query_service.user.user_vector import FusionWeights

SCENARIO = "shop"


@dataclass(frozen=True)
class SessionBatch:
    """B sessions of up to n steps, padded at the end; after each step the next one is predicted.

    `item` int64 [B, n]: row in the catalogue, 0 where there is none; `is_event` bool [B, n]: the
    step has an item; `query` int64 [B, n]: row in the query vectors, -1 for none; `kind` int64
    [B, n]; `gap` float32 [B, n]: seconds since the step before; `mix` float32 [B, n, n]: the
    weight of event j in D_B after step t; `target` int64 [B, n]: row of the item acted on next, -1
    where there is nothing to learn.
    """

    item: Tensor
    is_event: Tensor
    query: Tensor
    kind: Tensor
    gap: Tensor
    mix: Tensor
    target: Tensor


def shuffled_batches(
    sessions: Sequence[Session], size: int, rng: np.random.Generator
) -> Iterator[Sequence[Session]]:
    """Batches in a random order, of sessions of similar lengths; each session once."""
    noise = rng.random(len(sessions)) * 4
    order = np.argsort([len(s) + n for s, n in zip(sessions, noise, strict=True)], kind="stable")
    groups = [order[first : first + size] for first in range(0, len(order), size)]
    for index in rng.permutation(len(groups)):
        yield [sessions[i] for i in groups[index]]


def padded(sessions: Sequence[Session], weights: FusionWeights) -> SessionBatch:
    """The steps but the last of each session as input, the item acted on next as target."""
    length = max(len(session) for session in sessions) - 1
    shape = (len(sessions), max(length, 1))
    item, query = np.zeros(shape, np.int64), np.full(shape, -1)
    kind, target = np.full(shape, QUERY), np.full(shape, -1)
    time = np.zeros(shape)
    for row, session in enumerate(sessions):
        steps = len(session) - 1
        item[row, :steps] = np.maximum(session.item[:-1], 0)
        query[row, :steps] = session.query[:-1]
        kind[row, :steps] = session.kind[:-1]
        time[row, :steps] = session.time[:-1]
        time[row, steps:] = session.time[max(steps - 1, 0)]
        target[row, :steps] = _next_items(session)
    is_event = kind != QUERY
    mix = np.stack(
        [decayed(k, t, e, weights) for k, t, e in zip(kind, time, is_event, strict=True)]
    )
    target[~mix.any(axis=2)] = -1  # nothing known of the visitor yet
    gap = np.diff(time, axis=1, prepend=time[:, :1]).astype(np.float32)
    arrays = (item, is_event, query, kind, gap, mix, target)
    return SessionBatch(*(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays))


def decayed(
    kind: NDArray[np.int64],
    time: NDArray[np.float64],
    is_event: NDArray[np.bool_],
    weights: FusionWeights,
) -> NDArray[np.float32]:
    """The weight of event j in D_B after step t, float32 [n, n]: as `user_vector.event_weights`.

    A batch's form of it: `kind` int64, `time` float64 (seconds), `is_event` bool, [n] each.
    """
    by_action = np.array([weight(SCENARIO, action) for action in ACTIONS] + [0.0])
    count = np.cumsum(is_event)
    events_since: NDArray[np.int64] = count[:, None] - count[None, :]
    age = time[:, None] - time[None, :]
    causal = np.tril(np.ones((len(kind), len(kind)), bool))
    value = by_action[kind][None, :] * weights.event_decay ** np.maximum(events_since, 0)
    value = value * 0.5 ** (np.maximum(age, 0.0) / weights.event_half_life_s)
    return np.where(causal & is_event[None, :], value, 0.0).astype(np.float32)


def formula(mix: Tensor, behaviour: Tensor) -> Tensor:
    """D_B after each step, [B, n, K], unit length, of item halves [B, n, K]."""
    return functional.normalize(torch.einsum("btj,bjk->btk", mix, behaviour), dim=-1)


def _next_items(session: Session) -> NDArray[np.int64]:
    """After each step but the last: the item of the next event, -1 for an action against it."""
    positive = np.array([weight(SCENARIO, action) > 0 for action in ACTIONS] + [False])
    return np.where(positive[session.kind[1:]], session.item[1:], -1)
