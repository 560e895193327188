"""Reads out of a node's log why it did not start."""

import re
from pathlib import Path

# First match wins: what Java says before OpenSearch runs, then OpenSearch's innermost cause.
JAVA_SAYS = re.compile(
    r"^(Error: .+|Invalid .+ heap size.*|Unrecognized .+ option.*|Error occurred during .+|"
    r".*(?:insufficient memory|Cannot allocate memory|Too small maximum heap).*|"
    r".*(?:Permission denied|No such file or directory).*)$",
    re.MULTILINE,
)
CAUSE = re.compile(r"^(?:Likely root cause: |.*Caused by: |.*nested: )(.+)$", re.MULTILINE)
ERROR = re.compile(r"^.*\[(?:ERROR|FATAL)[ ]*\].*$|^.*(?:Exception|Error): .+$", re.MULTILINE)


def cause(logs: Path, lines: int = 8) -> str:
    """One line saying why the node ended, where the log says so, else the log's last lines."""
    text = ""
    for log in (logs / "console.log", *sorted(logs.glob("*.log"))):
        if log.is_file() and log.name != "gc.log":
            text += log.read_text(encoding="utf-8", errors="replace")[-200_000:] + "\n"
    said = [match[1].strip() for match in JAVA_SAYS.finditer(text)]
    if said:
        return " ".join(dict.fromkeys(said[:3]))
    for pattern in (CAUSE, ERROR):
        found = pattern.findall(text)
        if found:
            return str(found[-1]).strip()
    return "\n".join(text.strip().splitlines()[-lines:]) or "the log is empty"
