"""The losses of lists against loops in plain numpy."""

import numpy as np
import pytest
import torch

from learning.training.reranker.losses import both, listwise, pairwise


def a_batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    scores = torch.from_numpy(rng.normal(size=(3, 6)).astype(np.float32))
    gains = torch.tensor([[0, 1, 0, 0, 0, 0], [0.2, 0, 1, 0, 0.2, 0], [0, 0, 0, 20.0, 0, 0]])
    mask = torch.tensor([[True] * 6, [True] * 6, [True] * 4 + [False] * 2])
    return scores, gains, mask


def by_loop(scores: np.ndarray, gains: np.ndarray) -> tuple[float, float]:
    rank = {int(i): rank for rank, i in enumerate(np.argsort(-scores))}
    ideal = sum(g / np.log2(p + 2) for p, g in enumerate(sorted(gains, reverse=True)))
    pairs = 0.0
    for i, j in np.ndindex(len(scores), len(scores)):
        if gains[i] > gains[j]:
            discount = abs(1 / np.log2(rank[i] + 2) - 1 / np.log2(rank[j] + 2))
            cost = (gains[i] - gains[j]) * discount / ideal
            pairs += cost * np.log1p(np.exp(scores[j] - scores[i]))
    share = np.exp(scores) / np.exp(scores).sum()
    lists = -sum(g / gains.sum() * np.log(s) for g, s in zip(gains, share, strict=True))
    return pairs * gains.max(), lists * gains.max()


def test_losses_equal_a_loop_and_ignore_padding() -> None:
    scores, gains, mask = a_batch()
    rows = [
        by_loop(s[m].double().numpy(), g[m].double().numpy())
        for s, g, m in zip(scores, gains, mask, strict=True)
    ]
    pairs, lists = np.mean(rows, axis=0)
    assert float(pairwise(scores, gains, mask)) == pytest.approx(pairs, rel=1e-4)
    assert float(listwise(scores, gains, mask)) == pytest.approx(lists, rel=1e-4)
    assert float(both(scores, gains, mask)) == pytest.approx(pairs + lists, rel=1e-4)


def test_a_gradient_step_raises_the_scores_of_items_with_a_gain() -> None:
    for loss in (pairwise, listwise):
        scores, gains, mask = a_batch()
        scores.requires_grad_()
        loss(scores, gains, mask).backward()
        assert scores.grad[0, 1] < 0 < scores.grad[0, 0]
        assert scores.grad[1, 2] < 0
        assert not scores.grad[2, 4:].any()
