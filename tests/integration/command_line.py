"""The command `live-intent`: in this process, or as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from live_intent.main import cli
from plugin_config.settings import PREFIX, variable

ROOT = Path(__file__).parents[2]
LIVE_INTENT = (sys.executable, "-m", "live_intent.main")
PYTHONPATH = {"PYTHONPATH": str(ROOT)}  # so that the command can run in any folder


def process_environment(**settings: object) -> dict[str, str]:
    """Environment with these settings as `LIVE_INTENT_*` variables, and with no others."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    own = {variable(name): str(value) for name, value in settings.items()}
    return inherited | own


def invoke(environment: dict[str, str], *arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], env=environment)


def run(
    environment: dict[str, str], *arguments: object, folder: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run the command as a process; `folder` is its working directory."""
    return subprocess.run(
        [*LIVE_INTENT, *map(str, arguments)],
        env=environment | PYTHONPATH,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def start(
    environment: dict[str, str],
    *arguments: object,
    folder: Path | None = None,
    log: Path | None = None,
) -> "subprocess.Popen[str]":
    """Start the command as a process with pipes; with `log`, all its output goes to that file."""
    line = [*LIVE_INTENT, *map(str, arguments)]
    environment = environment | PYTHONPATH
    if log is None:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            line, env=environment, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )
    with log.open("wb") as output:
        return subprocess.Popen(
            line, env=environment, cwd=folder, stdout=output, stderr=subprocess.STDOUT, text=True
        )
