"""Losses of lists of candidates: pairwise (LambdaRank) and listwise (softmax cross-entropy).

`scores`, `gains` float32 [B, n]; `mask` bool [B, n], False for padding. Each gives one number.
"""

import torch
from torch import Tensor
from torch.nn import functional


def pairwise(scores: Tensor, gains: Tensor, mask: Tensor) -> Tensor:
    """log(1 + exp(s_j - s_i)) over pairs with gain_i > gain_j, times what a swap costs.

    The cost is the change of DCG, over the ideal DCG of the list (Burges 2010): pairs at the top
    count most. A gain of more than 1 (a click that stands for several) keeps its weight.
    """
    scores = scores.masked_fill(~mask, -1e9)
    gains = gains.masked_fill(~mask, 0.0)
    order = torch.argsort(scores.detach(), dim=1, descending=True, stable=True)
    rank = torch.argsort(order, dim=1)  # [B, n], 0 for the best
    discount = 1 / torch.log2(rank + 2.0)
    best = torch.sort(gains, dim=1, descending=True).values
    ideal = (best / torch.log2(torch.arange(best.shape[1], device=best.device) + 2.0)).sum(1)
    list_weight = gains.amax(dim=1) / ideal.clamp_min(1e-9)
    cost = (gains[:, :, None] - gains[:, None, :]) * (
        discount[:, :, None] - discount[:, None, :]
    ).abs()  # [B, n, n]
    preferred = (gains[:, :, None] > gains[:, None, :]) & mask[:, None, :] & mask[:, :, None]
    loss = functional.softplus(scores[:, None, :] - scores[:, :, None])
    total: Tensor = (torch.where(preferred, loss * cost, 0.0).sum((1, 2)) * list_weight).mean()
    return total


def listwise(scores: Tensor, gains: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy of softmax(s) and gains / sum of gains (Cao et al. 2007), times the largest
    gain of the list.
    """
    log_softmax = torch.log_softmax(scores.masked_fill(~mask, -1e9), dim=1)
    gains = gains.masked_fill(~mask, 0.0)
    share = gains / gains.sum(dim=1, keepdim=True).clamp_min(1e-9)
    total: Tensor = (-(share * log_softmax).sum(1) * gains.amax(dim=1)).mean()
    return total


def both(scores: Tensor, gains: Tensor, mask: Tensor) -> Tensor:
    """The sum of pairwise and listwise."""
    return pairwise(scores, gains, mask) + listwise(scores, gains, mask)


LOSSES = {"pairwise": pairwise, "pairwise+listwise": both}
