"""The encoder: against transformers' own forward pass, in every order, from many threads."""

import importlib.util
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from indexer.encoder.encoder import Encoder
from indexer.encoder.loading import load_encoder
from indexer.encoder.model_folder import ModelUnavailable
from indexer.encoder.model_names import model_folder
from indexer.encoder.number_format import TOLERANCE, cpu_has_bfloat16
from indexer.encoder_spec import EncoderMismatch, EncoderSpec, check_fingerprint
from indexer.settings import EncoderSettings
from plugin_config.errors import SettingsError
from plugin_config.settings import load

TEXTS = [
    "wireless headphones",
    "a",
    "",
    "Simpson Strong-Tie 12-Gauge Angle, galvanised, for outdoor decks and fences",
    "手机 phone",
    "long " * 600,
    "red shoe",
    "blue shoe",
]


def encoder(**changes: object) -> Encoder:
    return load_encoder(load(EncoderSettings, **changes))


@pytest.fixture(scope="module")
def minilm() -> Encoder:
    return encoder(number_format="float32")


@pytest.fixture(scope="module")
def tiny() -> Path:
    """A two-layer BERT's folder, without sentence-transformers' files."""
    package = importlib.util.find_spec("cognition")
    assert package is not None
    assert package.submodule_search_locations
    return Path(package.submodule_search_locations[0]) / "model"


@pytest.fixture
def own(tiny: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may write into."""
    return Path(shutil.copytree(tiny, tmp_path / "own-model"))


def oracle(folder: Path, texts: list[str], length: int) -> np.ndarray:
    """Mean of transformers' token vectors, one text at a time."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    rows = []
    for text in texts:
        tokens = tokenizer(text, truncation=True, max_length=length, return_tensors="pt")
        with torch.inference_mode():
            rows.append(model(**tokens).last_hidden_state[0].mean(dim=0).numpy())
    means = np.stack(rows)
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def test_vectors_equal_those_of_transformers(minilm: Encoder) -> None:
    expected = oracle(model_folder("minilm", Path()), TEXTS, 256)
    vectors = minilm.encode_items(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose((vectors * expected).sum(axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("activation", ["gelu", "relu"])  # relu: by transformers' own forward
def test_vectors_of_a_checkpoint_with_old_names_equal_those_of_transformers(
    own: Path, activation: str
) -> None:
    config = json.loads((own / "config.json").read_text())
    (own / "config.json").write_text(json.dumps(config | {"hidden_act": activation}))
    small = encoder(encoder=str(own), number_format="float32", device="cpu", max_length=64)
    assert type(small._forward).__name__.startswith("Lean" if activation == "gelu" else "Transf")
    expected = oracle(own, TEXTS[:2], 64)
    np.testing.assert_allclose(small.encode_items(TEXTS[:2]), expected, atol=2e-6)


def test_a_batch_equals_its_texts_one_by_one_in_order(minilm: Encoder) -> None:
    alone = np.concatenate([minilm.encode_items([text]) for text in TEXTS])
    np.testing.assert_allclose(minilm.encode_items(TEXTS), alone, atol=1e-4)
    order = [5, 2, 7, 0, 6, 1, 4, 3]
    shuffled = minilm.encode_items([TEXTS[index] for index in order])
    np.testing.assert_allclose(shuffled, alone[order], atol=1e-4)
    assert minilm.encode_items([]).shape == (0, 384)


@pytest.mark.skipif(not cpu_has_bfloat16(), reason="this CPU does not compute in bfloat16")
def test_bfloat16_stays_within_the_stated_tolerance(minilm: Encoder) -> None:
    rounded = encoder(number_format="bfloat16")
    assert rounded.dtype == torch.bfloat16
    cosines = (rounded.encode_items(TEXTS) * minilm.encode_items(TEXTS)).sum(axis=1)
    assert cosines.min() >= TOLERANCE
    assert rounded.spec.fingerprint == minilm.spec.fingerprint


def test_the_format_follows_what_the_cpu_reports() -> None:
    dtype = encoder(device="cpu").dtype
    assert dtype == (torch.bfloat16 if cpu_has_bfloat16() else torch.float32)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_gpu_gives_the_same_vectors(minilm: Encoder) -> None:
    cosines = (encoder(device="cuda").encode_items(TEXTS) * minilm.encode_items(TEXTS)).sum(axis=1)
    assert cosines.min() >= TOLERANCE


def test_recent_queries_come_from_the_cache_and_callers_cannot_change_it(tiny: Path) -> None:
    own = encoder(encoder=str(tiny), query_cache_size=2)
    first = own.encode_query("shoe")
    expected = first.copy()
    first[:] = 0  # a caller's copy
    np.testing.assert_array_equal(own.encode_query("shoe"), expected)
    own.encode_queries(["lamp", "sofa", "desk"])
    np.testing.assert_allclose(own.encode_query("shoe"), expected, atol=1e-4)  # encoded again
    np.testing.assert_array_equal(
        own.encode_queries(["shoe", "desk", "shoe"])[0], own.encode_query("shoe")
    )


def test_many_threads_get_the_same_vectors_as_one(minilm: Encoder) -> None:
    texts = [f"{text} {n}" for n in range(20) for text in ("shoe", "green lamp for a desk")]
    alone = {text: minilm.encode_items([text])[0] for text in texts}
    fresh = encoder(number_format="float32", query_cache_size=8)
    with ThreadPoolExecutor(8) as threads:
        for text, vector in zip(texts, threads.map(fresh.encode_query, texts), strict=True):
            assert vector @ alone[text] > 0.9999


def test_a_model_s_use_comes_from_its_folder_unless_set(own: Path) -> None:
    (own / "1_Pooling").mkdir()
    (own / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    prompts = {"prompts": {"query": "query: ", "passage": "passage: "}}
    (own / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    (own / "sentence_bert_config.json").write_text('{"max_seq_length": 33}')
    spec = encoder(encoder=str(own)).spec
    assert (spec.pooling, spec.query_prefix, spec.item_prefix) == ("cls", "query: ", "passage: ")
    assert spec.max_length == 33
    assert spec.model == "own-model"  # never a path of one machine
    settings = {"pooling": "mean", "query_prefix": "", "max_length": 20}
    changed = encoder(encoder=str(own), **settings).spec
    assert (changed.pooling, changed.query_prefix, changed.max_length) == ("mean", "", 20)
    assert changed.fingerprint != spec.fingerprint


def test_prefixes_are_put_before_queries_and_items(tiny: Path) -> None:
    prefixed = encoder(encoder=str(tiny), query_prefix="query: ", item_prefix="passage: ")
    plain = encoder(encoder=str(tiny))
    np.testing.assert_allclose(
        prefixed.encode_query("shoe"), plain.encode_query("query: shoe"), atol=1e-4
    )
    np.testing.assert_allclose(
        prefixed.encode_items(["shoe"]), plain.encode_items(["passage: shoe"]), atol=1e-4
    )


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"1_Pooling/config.json": {"pooling_mode_max_tokens": True}}, "pools by"),
        ({"modules.json": [{"type": "sentence_transformers.models.Dense"}]}, "a layer Dense"),
    ],
)
def test_unsupported_poolings_and_layers_are_refused(
    own: Path, files: dict[str, object], message: str
) -> None:
    for name, content in files.items():
        (own / name).parent.mkdir(exist_ok=True)
        (own / name).write_text(json.dumps(content))
    with pytest.raises(ModelUnavailable, match=message):
        encoder(encoder=str(own))


def test_the_error_of_a_missing_model_names_the_setting(tmp_path: Path, own: Path) -> None:
    with pytest.raises(ModelUnavailable, match="LIVE_INTENT_ENCODER"):
        encoder(encoder=str(tmp_path / "nowhere"))
    (own / "model.safetensors").unlink()
    with pytest.raises(ModelUnavailable, match="no weights"):
        encoder(encoder=str(own))


def test_settings_that_this_machine_or_model_lacks_are_refused() -> None:
    if not torch.cuda.is_available():
        with pytest.raises(SettingsError, match="no CUDA device"):
            encoder(device="cuda")
    with pytest.raises(SettingsError, match="float16 is for GPUs"):
        encoder(device="cpu", number_format="float16")
    with pytest.raises(SettingsError, match="at most that"):
        encoder(layout="concat", meaning_dims=500)


def test_another_fingerprint_is_refused(minilm: Encoder, tiny: Path) -> None:
    spec = minilm.spec
    assert EncoderSpec.from_meta(json.loads(json.dumps(spec.to_meta()))) == spec
    assert encoder(number_format="float32").spec.fingerprint == spec.fingerprint
    concat = encoder(layout="concat").spec
    assert concat.fingerprint != spec.fingerprint
    assert (spec.vector_dims, concat.vector_dims) == (384, 300)
    meta = {"fingerprint": spec.fingerprint, "encoder": spec.to_meta()}
    check_fingerprint(spec, meta, "items-1")
    other = encoder(encoder=str(tiny)).spec
    with pytest.raises(EncoderMismatch, match="items-1 holds vectors of minilm"):
        check_fingerprint(other, meta, "items-1")
    prefixed = encoder(query_prefix="query: ").spec
    with pytest.raises(
        EncoderMismatch, match=r"differ in query_prefix \('' there, 'query: ' here\)"
    ):
        check_fingerprint(prefixed, meta, "items-1")
    with pytest.raises(EncoderMismatch, match="unknown encoder"):
        check_fingerprint(other, {}, "items-1")


def test_multilingual_reads_chinese() -> None:
    own = encoder(encoder="multilingual")
    assert (own.spec.query_prefix, own.spec.item_prefix) == ("query: ", "passage: ")
    phone, shoes = own.encode_queries(["手机", "running shoes"])
    items = own.encode_items(["小米手机", "连衣裙", "Laufschuhe"])
    assert (items @ phone).argmax() == 0
    assert (items @ shoes).argmax() == 2


# Prints by how many MiB the memory grows while batches of 60 different lengths are encoded.
GROWTH = """
import resource
from indexer.encoder.loading import load_encoder
from indexer.settings import EncoderSettings
from plugin_config.settings import load
encoder = load_encoder(load(EncoderSettings, device="cpu", encode_threads=1))
for n in range(660, 560, -1):
    if n == 620:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    encoder.encode_tokens([[7] * 10] * (n // 10) + [[7] * (1 + n % 10)])
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_memory_does_not_grow_with_the_number_of_different_batches() -> None:
    ran = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True)
    assert float(ran.stdout) < 40  # MiB


def test_rows_added_for_the_cpu_change_no_vector(minilm: Encoder) -> None:
    texts = [f"{'red ' * (n % 9)}shoe {n}" for n in range(150)]
    one_by_one = np.concatenate([minilm.encode_items([text]) for text in texts])
    np.testing.assert_allclose(minilm.encode_items(texts), one_by_one, atol=2e-5)


def test_loading_imports_no_compiler_of_torch() -> None:
    """It would bring Triton with it: a second, memory, and lines of leaks at the process's end."""
    program = (
        "import sys\nfrom tests.integration.rebuilding import tiny_encoder\n"
        "tiny_encoder().encode_queries(['lamp'])\n"
        "print([name for name in ('torch._dynamo', 'triton.runtime') if name in sys.modules])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
