"""The learned re-ranker: the fixed re-ranker's score plus a learned residual.

The residual is computed from `features` and by target attention (Zhou et al. 2018): a small network
reads the candidate beside each event, and decides which events matter for it. Before training it is
zero, so that step 0 is the fixed order. The shares of a score still add up: the residual is one
share, "learned re-ranker".
"""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from indexer.bundle.hashed_folder import BundleError
from query_service.ranking.cooccurrence import IDS, Cooccurrence
from query_service.ranking.feature_matrix import FEATURE_SET, FeatureSet
from query_service.ranking.rerank_input import RerankInput
from query_service.ranking.reranker import FEATURE_GROUPS, Reranker
from query_service.ranking.scores import Scores

CONFIG, WEIGHTS, TREES = "config.json", "weights.safetensors", "lightgbm-{kind}.txt"
LIMIT = 5.0  # standard deviations, at which features are clipped
Kind = Literal["search", "recommend", "rank"]


@dataclass(frozen=True)
class RerankerConfig:
    """Shape of the network, and what it was trained for.

    `kinds`: of requests; others keep the fixed order. `trees_for`: those of `kinds` that LightGBM's
    trees score in place of the network. `fingerprint`: of the item vectors in its training.
    """

    fingerprint: str = ""
    kinds: tuple[str, ...] = ("search",)
    columns: tuple[str, ...] = FEATURE_SET.columns
    pairs: tuple[str, ...] = FEATURE_SET.pairs
    hidden: int = 64
    attention: int = 16
    summary: int = 8
    dropout: float = 0.1
    trees_for: tuple[str, ...] = ()


def kind_of(inputs: RerankInput) -> Kind:
    """The kind of request: items for a query, items without one, or an order of given items."""
    if inputs.given:
        return "rank"
    return "search" if inputs.query_terms else "recommend"


class Residual(nn.Module):
    """The network whose output is added to the fixed score. Zero before training."""

    def __init__(self, config: RerankerConfig) -> None:
        super().__init__()
        F, P = len(config.columns), len(config.pairs)
        self.dropout = config.dropout
        for name, size in (("columns", F), ("pairs", P)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_scale", torch.ones(size))
            self.register_buffer(f"{name}_kept", torch.ones(size))
        self.look = nn.Linear(P, config.attention)
        self.tell = nn.Linear(config.attention, 1 + config.summary)
        self.first = nn.Linear(F + config.summary, config.hidden)
        self.second = nn.Linear(config.hidden, config.hidden // 2)
        self.deep = nn.Linear(config.hidden // 2, 1)
        self.wide = nn.Linear(F, 1, bias=False)
        nn.init.zeros_(self.deep.weight)
        nn.init.zeros_(self.deep.bias)
        nn.init.zeros_(self.wide.weight)

    def forward(
        self,
        columns: Tensor,  # [B, n, F]
        pairs: Tensor,  # [B, n, E, P]
        real_events: Tensor,  # [B, E], False: padding
    ) -> Tensor:
        """The residual of each candidate, [B, n]."""
        x = self._standard(columns, "columns")
        pooled = self.attend(pairs, real_events)  # [B, n, summary]
        rate = self.dropout if self.training else 0.0
        hidden = functional.gelu(self.first(torch.cat([x, pooled], dim=-1)))
        hidden = functional.dropout(hidden, rate)
        hidden = functional.dropout(functional.gelu(self.second(hidden)), rate)
        residual: Tensor = (self.deep(hidden) + self.wide(x))[..., 0]
        return residual

    def attend(self, pairs: Tensor, real_events: Tensor) -> Tensor:
        """Attention pooling over the events of each candidate, [B, n, summary].

        `tell` gives each event's attention logit and its value projection.
        """
        if pairs.shape[2] == 0:
            return pairs.new_zeros(*pairs.shape[:2], self.tell.out_features - 1)
        output = self.tell(functional.gelu(self.look(self._standard(pairs, "pairs"))))
        logits, values = output[..., 0], output[..., 1:]
        logits = logits.masked_fill(~real_events[:, None], -1e9)  # [B, n, E]
        attention = torch.softmax(logits, dim=-1) * real_events[:, None]
        pooled: Tensor = (attention[..., None] * values).sum(dim=2)
        return pooled

    def _standard(self, values: Tensor, name: str) -> Tensor:
        """z-scores, clipped; 0 in the columns that an ablation switches off."""
        mean, scale, kept = (
            self.get_buffer(f"{name}_{what}") for what in ("mean", "scale", "kept")
        )
        return ((values - mean) / scale).clamp(-LIMIT, LIMIT) * kept

    def fit_scales(self, matrices: Sequence[NDArray[Any]], pairs: Sequence[NDArray[Any]]) -> None:
        """Set the means and standard deviations of columns, from lists' [n, F] and [n, E, P]."""
        for name, tables in (("columns", matrices), ("pairs", pairs)):
            rows = sum(table[..., 0].size for table in tables)
            if rows:  # list by list: all at once would be several GB
                axes = tuple(range(tables[0].ndim - 1))
                mean = sum(t.sum(axis=axes, dtype=np.float64) for t in tables) / rows
                square = sum(((t - mean) ** 2).sum(axis=axes) for t in tables) / rows
                scale = np.where(np.sqrt(square) > 1e-6, np.sqrt(square), 1.0)
                for what, values in (("mean", mean), ("scale", scale)):
                    self.get_buffer(f"{name}_{what}").copy_(torch.from_numpy(values))


class LearnedReranker(nn.Module):
    """Scores as `Reranker` does; `groups` can be switched off for an ablation."""

    reads_titles = True

    def __init__(
        self,
        config: RerankerConfig,
        cooccurrence: Cooccurrence | None = None,
        *,
        fixed: Reranker | None = None,
        trees: Mapping[str, Any] | None = None,
        features: FeatureSet = FEATURE_SET,
    ) -> None:
        """`trees`: a lightgbm.Booster for each kind of request in `trees_for`."""
        super().__init__()
        self.config, self.trees = config, trees or {}
        self.cooccurrence: Cooccurrence | None = cooccurrence
        self.fixed, self.features = fixed or Reranker(), features
        self.fingerprint, self.groups = config.fingerprint, features.groups
        self.residual = Residual(config)
        self.eval()

    def without(self, group: str) -> "LearnedReranker":
        """The same model without one of `groups`: its columns at their mean, its fixed weight 0."""
        fixed = self.fixed.without(group) if group in FEATURE_GROUPS else self.fixed
        other = LearnedReranker(
            self.config, self.cooccurrence, fixed=fixed, trees=self.trees, features=self.features
        )
        other.residual = copy.deepcopy(self.residual)
        other.residual.get_buffer("columns_kept")[self.features.columns_of(group)] = 0.0
        other.residual.get_buffer("pairs_kept")[self.features.pairs_of(group)] = 0.0
        return other

    @torch.inference_mode()
    def score(self, inputs: RerankInput) -> Scores:
        """Scores of n >= 1 candidates, as numpy; the fixed ones for kinds without training."""
        scores = self.fixed.score(inputs)
        kind = kind_of(inputs)
        if kind not in self.config.kinds:
            return replace(scores, model=np.zeros_like(scores.total))
        matrix = self.features.matrix(inputs, scores.total, self.cooccurrence)
        if kind in self.config.trees_for:
            kept = self.residual.get_buffer("columns_kept").cpu().numpy() > 0
            mean = self.residual.get_buffer("columns_mean").cpu().numpy()
            columns = np.where(kept, matrix.columns, mean)
            predicted = self.trees[kind].predict(columns, num_threads=1)
            residual = predicted.astype(np.float32) - scores.total
        else:
            device = self.residual.wide.weight.device
            pairs = torch.from_numpy(matrix.pairs)[None].to(device)
            real = torch.ones(1, pairs.shape[2], dtype=torch.bool, device=device)
            values = torch.from_numpy(matrix.columns)[None].to(device)
            residual = self.residual(values, pairs, real)[0].cpu().numpy()
        return replace(scores, total=scores.total + residual, model=residual)

    def save(self, folder: Path) -> None:
        """Write config, weights, co-occurrence and trees, as a part of a learned bundle."""
        from safetensors.torch import save_file

        (folder / CONFIG).write_text(json.dumps(asdict(self.config), indent=2), "utf-8")
        tensors = self.residual.state_dict().items()
        save_file({k: v.detach().cpu().contiguous() for k, v in tensors}, folder / WEIGHTS)
        if self.cooccurrence is not None:
            self.cooccurrence.save(folder)
        for kind in self.config.trees_for:
            text = self.trees[kind].model_to_string()
            (folder / TREES.format(kind=kind)).write_text(text, "utf-8")

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """The inverse of `save`, ready to serve.

        Raises BundleError when it was learned on other columns, or needs lightgbm, which is absent.
        """
        from safetensors.torch import load_file

        saved = json.loads((folder / CONFIG).read_text("utf-8"))
        _check_columns(saved, folder)
        tuples = {name: tuple(saved[name]) for name in ("kinds", "columns", "pairs", "trees_for")}
        config = RerankerConfig(**{**saved, **tuples})
        cooccurrence = Cooccurrence.load(folder) if (folder / IDS).is_file() else None
        trees = {kind: _trees(folder, kind) for kind in config.trees_for}
        model = cls(config, cooccurrence, fixed=Reranker(device=device), trees=trees)
        model.residual.load_state_dict(load_file(folder / WEIGHTS))
        model.to(device)
        return model.eval()


def _check_columns(saved: Mapping[str, Any], folder: Path) -> None:
    for name, ours in (("columns", FEATURE_SET.columns), ("pairs", FEATURE_SET.pairs)):
        learned = tuple(saved[name])
        if learned != ours:
            differ = sorted(set(learned) ^ set(ours)) or ["their order"]
            raise BundleError(
                f"the re-ranker in {folder} was learned on other features ({', '.join(differ)}): "
                "learn it again with this version (live-intent learn reranker), or use the version "
                "that learned it"
            )


def _trees(folder: Path, kind: str) -> Any:
    try:
        import lightgbm
    except ImportError as error:
        raise BundleError(
            f"the re-ranker in {folder} uses LightGBM, which is not installed: "
            "pip install lightgbm, or learn it with --use network"
        ) from error
    return lightgbm.Booster(model_str=(folder / TREES.format(kind=kind)).read_text("utf-8"))
