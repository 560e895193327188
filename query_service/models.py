"""The models of a pipeline: the re-ranker, and the user model of a learned bundle."""

from dataclasses import dataclass
from pathlib import Path

from indexer.bundle.hashed_folder import BundleError
from indexer.bundle.learned_bundle import RERANKER, USER_MODEL, LearnedBundle
from indexer.encoder_spec import EncoderSpec
from query_service.ranking.learned.learned_reranker import LearnedReranker
from query_service.ranking.reranker import Reranker
from query_service.user.user_model import UserModel


@dataclass(frozen=True)
class Models:
    """`user_model` None: the formulas alone make the user vector."""

    reranker: Reranker | LearnedReranker
    user_model: UserModel | None = None
    bundle: str = ""  # the learned bundle's name


def load_models(folder: Path | None, spec: EncoderSpec, device: str = "cpu") -> Models:
    """The models of the learned bundle in `folder` (None: the fixed ones), for `spec`'s vectors.

    Raises BundleError when the bundle is damaged, or was learned on other item vectors.
    """
    if folder is None:
        return Models(Reranker(device=device))
    bundle = LearnedBundle.open(folder)
    user_model = None
    if bundle.has(USER_MODEL):
        user_model = UserModel.load(bundle.path(USER_MODEL))
        _check(bundle, USER_MODEL, user_model.config.fingerprint, spec)
    reranker: Reranker | LearnedReranker = Reranker(device=device)
    if bundle.has(RERANKER):
        reranker = LearnedReranker.load(bundle.path(RERANKER), device)
        _check(bundle, RERANKER, reranker.fingerprint, spec)
    return Models(reranker, user_model, bundle.folder.resolve().name)


def _check(bundle: LearnedBundle, part: str, learned_on: str, spec: EncoderSpec) -> None:
    if learned_on != spec.fingerprint:
        raise BundleError(
            f"the {part} of the learned bundle {bundle.folder} was learned on item vectors "
            f"{learned_on}; the settings give {spec.fingerprint} ({spec.model}). Set "
            "LIVE_INTENT_ENCODER, LIVE_INTENT_POOLING and what goes with them as they were, or "
            "learn again with --from this bundle"
        )
