"""The user model's training: step 0 is the formulas; it learns, resumes, and fits serving."""

from pathlib import Path

import numpy as np
import pytest
import torch

from indexer.bundle.projections import fit_projections, unit
from indexer.encoder.number_format import choose_device
from indexer.progress import Silence
from learning.data.sessions import Session, from_log, split_users, up_to_last, without_last
from learning.data.tables import Remarks
from learning.data.ubi_log import Click, Impression, UbiLog
from learning.training.checkpoints import CheckpointError, Checkpoints
from learning.training.user_model.session_batches import decayed, formula, padded
from learning.training.user_model.trainer import (
    TrainingSessions,
    UserModelTrainer,
    UserModelTrainingSettings,
    whole_catalogue,
)
from query_service.user.actions import ACTIONS
from query_service.user.session_steps import QUERY
from query_service.user.user_model import UserModelConfig
from query_service.user.user_vector import FusionWeights, behaviour_sequence, event_weights
from query_service.user.vector_part import Source
from tests.query_service.fixtures import bundle, event

ITEMS, D = 40, 12
CONFIG = UserModelConfig(behaviour_dims=8, meaning_dims=6, width=8, max_steps=10, dropout=0.0)
SETTINGS = UserModelTrainingSettings(
    epochs=6,
    batch=16,
    negatives=20,
    learning_rate=0.01,
    residual_decay=0,
    device=choose_device("auto"),
)


def _embeddings() -> np.ndarray:
    return unit(np.random.default_rng(0).normal(size=(ITEMS, D)).astype(np.float32))


def _session(user: int, items: list[int], kinds: list[int] | None = None) -> Session:
    count = len(items)
    return Session(
        str(user),
        np.array(items),
        np.array(kinds or [ACTIONS.index("click")] * count),
        np.arange(count) * 60.0,
        np.full(count, -1),
    )


def _sessions(count: int = 120) -> list[Session]:
    """Who acted on item i acts on i + 1 next: a rule that no text contains."""
    rng = np.random.default_rng(1)
    starts = rng.integers(0, ITEMS, size=count)
    return [_session(u, [(int(s) + k) % ITEMS for k in range(5)]) for u, s in enumerate(starts)]


def _trainer(**changes: object) -> UserModelTrainer:
    settings = UserModelTrainingSettings(**{**SETTINGS.__dict__, **changes})
    e, sessions = _embeddings(), _sessions()
    training = TrainingSessions(sessions, sessions[:40], np.zeros((0, 6), np.float32))
    return UserModelTrainer(CONFIG, settings, e, fit_projections(e, 6, 8), training)


def _run(trainer: UserModelTrainer, folder: Path | None = None) -> UserModelTrainer:
    return trainer.run(Checkpoints(folder, {"it": "this"}), Silence())


def test_the_weights_of_a_batch_are_those_of_serving() -> None:
    index_bundle = bundle("concat")
    kinds = ["click", "dislike", "purchase", "view"]
    times = [0.0, 90.0, 86_400.0, 90_000.0]
    events = [
        event(index_bundle, i, kind, timestamp=t)
        for i, (kind, t) in enumerate(zip(kinds, times, strict=True))
    ]
    codes = np.array([ACTIONS.index(kind) for kind in kinds])
    ours = decayed(codes, np.array(times), np.ones(4, bool), FusionWeights())
    for last in range(4):
        served = event_weights(events[: last + 1], "s", times[last], "shop", FusionWeights())
        np.testing.assert_allclose(ours[last, : last + 1], served, rtol=1e-5)
        assert not ours[last, last + 1 :].any()
    vectors = np.stack([e.vector for e in events if e.vector is not None])
    sources = [Source("event", i) for i in range(4)]
    served_part = behaviour_sequence(vectors, ours[3], sources, index_bundle).vector
    halves = torch.from_numpy(index_bundle.halves(vectors)[1])[None]
    trained = formula(torch.from_numpy(ours)[None], halves)[0, 3].numpy()
    np.testing.assert_allclose(trained, served_part, atol=1e-5)


def test_step_0_equals_the_formulas() -> None:
    trainer = _trainer()
    e, fitted = _embeddings(), fit_projections(_embeddings(), 6, 8)
    b = fitted.behaviour(e)
    for group, users in trainer.users(trainer.validation[:3]):
        for session, user in zip(group, users.cpu().numpy(), strict=True):
            history = session.item[:-1]
            weights = FusionWeights().event_decay ** np.arange(len(history))[::-1]
            np.testing.assert_allclose(user, unit(weights @ b[history]), atol=1e-3)


def test_it_learns_what_no_text_tells() -> None:
    history = _run(_trainer()).history
    assert history[0]["NDCG@10"] < 0.45
    assert max(row["NDCG@10"] for row in history) > 0.8
    assert history[-1]["loss"] < history[1]["loss"]


def test_the_same_seed_gives_the_same_weights() -> None:
    one, other = _run(_trainer(epochs=2)), _run(_trainer(epochs=2))
    torch.testing.assert_close(one.table.residuals, other.table.residuals)


def test_a_resumed_training_gives_the_weights_of_an_uninterrupted_one(tmp_path: Path) -> None:
    class InterruptsInEpoch3(Silence):
        def note(self, message: str) -> None:
            if message.startswith("epoch 3"):
                raise KeyboardInterrupt

    uninterrupted = _run(_trainer(epochs=5))
    with pytest.raises(KeyboardInterrupt):
        _trainer(epochs=5).run(Checkpoints(tmp_path, {"it": "this"}), InterruptsInEpoch3())
    resumed = _run(_trainer(epochs=5), tmp_path)
    torch.testing.assert_close(resumed.table.residuals, uninterrupted.table.residuals)
    histories = (resumed.history, uninterrupted.history)
    assert [r["NDCG@10"] for r in histories[0]] == [r["NDCG@10"] for r in histories[1]]


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    _run(_trainer(epochs=1), tmp_path)
    with pytest.raises(CheckpointError, match="differs in it"):
        Checkpoints(tmp_path, {"it": "that"}).load()


def test_a_session_s_own_items_are_not_ranked_above_its_target() -> None:
    trainer = _trainer()
    values = whole_catalogue(trainer, [_session(0, [3, 3, 3, 4]), _session(1, [5, 9, 5])])
    assert all(len(v) == 2 for v in values.values())


def test_a_disliked_item_is_no_target() -> None:
    click, dislike = ACTIONS.index("click"), ACTIONS.index("dislike")
    batch = padded([_session(0, [1, 2, 3], [click, dislike, click])], FusionWeights())
    assert batch.target.tolist() == [[-1, 3]]


def test_users_are_divided_by_a_hash() -> None:
    users = [str(i) for i in range(1000)]
    train, validation = split_users(users, test_apart=False)
    assert not set(train) & set(validation)
    assert 550 < len(train) < 650  # the test split is left out
    everyone, _ = split_users(users, test_apart=True)
    assert len(everyone) + len(validation) == 1000
    assert len(split_users(users, True, most=50)[1]) == 50


def test_a_session_without_its_last_event_has_at_least_two() -> None:
    assert [len(s) for s in without_last([_session(0, [1, 2]), _session(1, [1, 2, 3])])] == [2]


def test_a_log_gives_sessions_with_their_queries_as_steps() -> None:
    log = UbiLog(
        impressions=(
            Impression(
                "q1", "red phone", "s1", ("a", "b"), (1, 2), (Click("b", 2, 12.0),),
                (("purchase", "b"), ("view", "gone")), 10.0,
            ),
            Impression("q2", "case", "s1", ("c",), (1,), (Click("c", 1, 31.0),), (), 30.0),
            Impression("q3", "red phone", "s2", ("a",), (1,), (), (), 40.0),
        ),
        remarks=Remarks(),
    )  # fmt: skip
    sessions, texts = from_log(log, {"a": 0, "b": 1, "c": 2})
    assert texts == ["red phone", "case"]
    (only,) = sessions  # the other one has no event
    assert only.kind.tolist() == [QUERY, *map(ACTIONS.index, ("purchase", "click")), QUERY, 1]
    assert only.item.tolist() == [-1, 1, 1, -1, 2]
    assert only.query.tolist() == [0, -1, -1, 1, -1]
    assert log.remarks.counts == {"its item is not among the items": 1}
    assert up_to_last(sessions)[0].last_event == 4


def test_a_long_session_is_cut_into_pieces_that_predict_each_step_once() -> None:
    pieces = _session(0, list(range(23))).pieces(11)
    assert [piece.item.tolist()[0] for piece in pieces] == [0, 2, 12]
    predicted = [item for piece in pieces for item in piece.item[1:].tolist()]
    assert predicted == list(range(1, 23))


def test_a_session_longer_than_the_model_reads_is_cut_to_its_newest_steps() -> None:
    trainer = _trainer()
    values = whole_catalogue(trainer, [_session(0, [i % ITEMS for i in range(35)])])
    assert len(values["NDCG@10"]) == 1
