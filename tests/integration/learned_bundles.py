"""Learned bundles whose orders differ from the fixed re-ranker's, without a training."""

from pathlib import Path

import torch

from indexer.bundle.learned_bundle import RERANKER, draft_bundle
from query_service.ranking.learned.learned_reranker import LearnedReranker
from query_service.ranking.learned.residual import RerankerConfig


def learned_bundle(folder: Path, fingerprint: str) -> Path:
    """A bundle whose re-ranker puts unpopular items first."""
    config = RerankerConfig(fingerprint)
    [z_score] = [n for n, name in enumerate(config.columns) if name.startswith("popularity")][:1]
    reranker = LearnedReranker(config)
    with torch.no_grad():
        reranker.residual.wide.weight[0, z_score] = -100.0
    with draft_bundle(folder) as draft:
        reranker.save(draft.folder(RERANKER))
        draft.set_provenance(RERANKER, {})
    return folder
