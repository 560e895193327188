"""The learned re-ranker: the fixed re-ranker's score plus a learned residual.

The residual is computed from `features` and by target attention (Zhou et al. 2018): a small network
reads the candidate beside each event, and decides which events matter for it. Before training it is
zero, so that step 0 is the fixed order. It acts as far as the scale of the request's segment allows
(`learned_scale`). The shares of a score still add up: what is left of the residual is one share,
"learned re-ranker".
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from indexer.bundle.hashed_folder import BundleError
from query_service.ranking.learned.cooccurrence import IDS, Cooccurrence
from query_service.ranking.learned.feature_matrix import FEATURE_SET, FeatureSet
from query_service.ranking.learned.learned_scale import (
    LearnedScale,
    RequestKind,
    Segment,
    blended,
    on_scale_of,
)
from query_service.ranking.learned.residual import RerankerConfig, Residual
from query_service.ranking.query_kind import query_kind_of
from query_service.ranking.rerank_input import RerankInput
from query_service.ranking.reranker import FEATURE_GROUPS, Reranker, RerankerWeights
from query_service.ranking.scores import Scores

CONFIG, WEIGHTS, TREES = "config.json", "weights.safetensors", "lightgbm-{kind}.txt"
Floats = NDArray[np.float32]


def kind_of(inputs: RerankInput) -> RequestKind:
    """The kind of request: items for a query, items without one, or an order of given items.

    Given items and a query are a search by another engine: what is learned of searches orders them.
    """
    if inputs.query_terms:
        return "search"
    return "rank" if inputs.given else "recommend"


def segment_of(inputs: RerankInput, complete: NDArray[np.bool_]) -> Segment:
    """The segment of a request; `complete` [n]: which candidates' titles have all its words."""
    query = query_kind_of(inputs, complete)
    return Segment(kind_of(inputs), query, len(inputs.event_weights) > 0)


class LearnedReranker(nn.Module):
    """Scores as `Reranker` does; `groups` can be switched off for an ablation."""

    name = "learned"
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

    @property
    def weights(self) -> RerankerWeights:
        """Those of the fixed re-ranker, to whose score it adds."""
        return self.fixed.weights

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
        """Scores of n >= 1 candidates, as numpy; the fixed ones for segments of scale 0."""
        scores = self.fixed.score(inputs)
        fixed = scores.total
        complete = inputs.title_table.complete(inputs.query_text)
        segment = segment_of(inputs, complete)
        scale = self.config.scale_of(segment)
        if scale == 0:
            return replace(scores, model=np.zeros_like(fixed))
        total = blended(fixed, self._learned(inputs, fixed, segment.request), scale, complete)
        note = "" if scale == 1 else f", {scale:g} of it for a request like this"
        return replace(scores, total=total, model=total - fixed, model_note=note)

    def _learned(self, inputs: RerankInput, fixed: Floats, request: str) -> Floats:
        """The learned scores alone, float32 [n]."""
        matrix = self.features.matrix(inputs, fixed, self.cooccurrence)
        if request in self.config.trees_for:
            kept = self.residual.get_buffer("columns_kept").cpu().numpy() > 0
            mean = self.residual.get_buffer("columns_mean").cpu().numpy()
            columns = np.where(kept, matrix.columns, mean)
            return on_scale_of(fixed, self.trees[request].predict(columns, num_threads=1))
        device = self.residual.wide.weight.device
        pairs = torch.from_numpy(matrix.pairs)[None].to(device)
        real = torch.ones(1, pairs.shape[2], dtype=torch.bool, device=device)
        values = torch.from_numpy(matrix.columns)[None].to(device)
        learned: Floats = fixed + self.residual(values, pairs, real)[0].cpu().numpy()
        return learned

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
        tuples: dict[str, Any] = {
            name: tuple(saved[name]) for name in ("kinds", "columns", "pairs", "trees_for")
        }
        if saved.get("scales") is not None:
            tuples["scales"] = tuple(
                LearnedScale(Segment(**each["segment"]), each["scale"]) for each in saved["scales"]
            )
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
