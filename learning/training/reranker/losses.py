"""Losses of lists of candidates: pairwise (LambdaRank) and listwise (softmax cross-entropy).

`scores`, `gains` float32 [B, n]; `real` bool [B, n], False for padding. Both give one number.
"""

import torch
from torch import Tensor
from torch.nn import functional


def pairwise(scores: Tensor, gains: Tensor, real: Tensor) -> Tensor:
    """log(1 + exp(s_j - s_i)) over pairs with gain_i > gain_j, times what a swap costs.

    The cost is the change of DCG, over the ideal DCG of the list (Burges 2010): pairs at the top
    count most. A gain of more than 1 (a click that stands for several) keeps its weight.
    """
    scores = scores.masked_fill(~real, -1e9)
    gains = gains.masked_fill(~real, 0.0)
    order = torch.argsort(scores.detach(), dim=1, descending=True, stable=True)
    place = torch.argsort(order, dim=1)  # [B, n], 0 for the best
    discount = 1 / torch.log2(place + 2.0)
    best = torch.sort(gains, dim=1, descending=True).values
    ideal = (best / torch.log2(torch.arange(best.shape[1], device=best.device) + 2.0)).sum(1)
    worth = gains.amax(dim=1) / ideal.clamp_min(1e-9)
    swap = (gains[:, :, None] - gains[:, None, :]) * (
        discount[:, :, None] - discount[:, None, :]
    ).abs()  # [B, n, n]
    wanted = (gains[:, :, None] > gains[:, None, :]) & real[:, None, :] & real[:, :, None]
    loss = functional.softplus(scores[:, None, :] - scores[:, :, None])
    total: Tensor = (torch.where(wanted, loss * swap, 0.0).sum((1, 2)) * worth).mean()
    return total


def listwise(scores: Tensor, gains: Tensor, real: Tensor) -> Tensor:
    """Cross-entropy of softmax(s) and gains / sum of gains (Cao et al. 2007), times the largest
    gain of the list.
    """
    logs = torch.log_softmax(scores.masked_fill(~real, -1e9), dim=1)
    gains = gains.masked_fill(~real, 0.0)
    share = gains / gains.sum(dim=1, keepdim=True).clamp_min(1e-9)
    total: Tensor = (-(share * logs).sum(1) * gains.amax(dim=1)).mean()
    return total


def both(scores: Tensor, gains: Tensor, real: Tensor) -> Tensor:
    """Pairwise and listwise together."""
    return pairwise(scores, gains, real) + listwise(scores, gains, real)


LOSSES = {"pairwise": pairwise, "pairwise+listwise": both}
