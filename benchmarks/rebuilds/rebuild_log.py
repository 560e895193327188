"""What a rebuild's log says of its stages."""

LOADING = "start"  # the stage before the first


def begun_stage(line: str) -> str | None:
    """The stage that a line says has begun, None if it says something else."""
    text = line.strip()
    if text.endswith(" ...") or (text.endswith(" items") and ": " in text):
        return text.removesuffix(" ...").partition(":")[0]
    return None
