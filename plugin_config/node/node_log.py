"""Reads from a node's logs why it did not start."""

import re
from pathlib import Path

# Tried in this order: a message of Java itself, then OpenSearch's innermost cause, then any error.
JAVA = re.compile(
    r"^(Error: .+|Invalid .+ heap size.*|Unrecognized .+ option.*|Error occurred during .+|"
    r".*(?:insufficient memory|Cannot allocate memory|Too small maximum heap).*|"
    r".*(?:Permission denied|No such file or directory).*)$",
    re.MULTILINE,
)
CAUSE = re.compile(r"^(?:Likely root cause: |.*Caused by: |.*nested: )(.+)$", re.MULTILINE)
ERROR = re.compile(r"^.*\[(?:ERROR|FATAL)[ ]*\].*$|^.*(?:Exception|Error): .+$", re.MULTILINE)


def cause(logs: Path, lines: int = 8) -> str:
    """The cause in one line, if the logs name one, else their last `lines` lines."""
    text = ""
    for log in (logs / "console.log", *sorted(logs.glob("*.log"))):
        if log.is_file() and log.name != "gc.log":
            text += log.read_text(encoding="utf-8", errors="replace")[-200_000:] + "\n"
    messages = [match[1].strip() for match in JAVA.finditer(text)]
    if messages:
        return " ".join(dict.fromkeys(messages[:3]))
    for pattern in (CAUSE, ERROR):
        matches = pattern.findall(text)
        if matches:
            return str(matches[-1]).strip()
    return "\n".join(text.strip().splitlines()[-lines:]) or "the log is empty"
