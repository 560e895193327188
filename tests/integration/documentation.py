"""The commands of a page of the documentation, and a reader who types them."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


def read_page(name: str) -> str:
    """Return the text of a page, named by its path in the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def shell_commands(page: str) -> list[str]:
    """Return the commands of the `sh` blocks, without comments; continued lines are joined."""
    lines = [
        line
        for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
        for line in re.sub(r"\s*\\\n\s*", " ", block).splitlines()
    ]
    commands = [re.sub(r"\s+#.*", "", line).strip() for line in lines]
    return [command for command in commands if command]


@dataclass(frozen=True)
class Reader:
    """Somebody who types commands in `folder`."""

    folder: Path
    environment: dict[str, str]

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in a shell."""
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    def type(self, command: str) -> str:
        """Run a command that must succeed; return what it prints."""
        ended = self.run(command)
        assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout
