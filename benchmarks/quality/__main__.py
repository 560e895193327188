"""Makes docs/quality.md: what is reached on public data, beside the references and the goals.

    python -m benchmarks.quality [--data DATASETS] [--work DIR] [--out docs/quality.md] [--users N]
        [--rehearse]

Trains with `live-intent learn`, evaluates with `live-intent evaluate`, each as a process, into the
folder --work; what is there already is not made again, so that it can be broken off and gone on
with. Needs a node (LIVE_INTENT_OPENSEARCH_URL), about three hours on two cores and, of the data,
what is there: a section without its data says so. --rehearse asks validation users and queries in
place of the test, which is to be read once.
"""

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

from benchmarks.quality.page import page
from benchmarks.quality.steps import Context, Step, sections
from benchmarks.served import DATASETS


def main() -> None:
    """Run what is missing, then write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATASETS)
    parser.add_argument("--work", type=Path, default=Path(".live-intent/quality"))
    parser.add_argument("--out", type=Path, default=Path("docs/quality.md"))
    parser.add_argument("--users", type=int, default=2000, help="test users asked, by a hash")
    parser.add_argument("--rehearse", action="store_true", help="validation in place of the test")
    given = parser.parse_args()
    context = Context(given.data, given.work, given.users, given.rehearse)
    given.work.mkdir(parents=True, exist_ok=True)
    made = sections(context)
    for section in made:
        if section.data.is_dir():
            for step in section.steps:
                run(step)
        else:
            print(f"{section.title}: left out, there is no {section.data} (DATASETS_DIR)")
    text = page(context, [section for section in made if section.data.is_dir()])
    given.out.write_text(text, "utf-8")
    print(f"wrote {given.out}")


def run(step: Step) -> None:
    """Runs a step unless what it makes is there. Ends the program when it fails."""
    if step.makes.exists():
        return
    print("$ " + step.told, flush=True)
    environment = {k: v for k, v in os.environ.items() if k != "LIVE_INTENT_BUNDLE"}
    result = subprocess.run(
        [sys.executable, "-m", *step.arguments], env=environment | step.environment, check=False,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    if result.returncode:
        raise SystemExit(f"it failed with status {result.returncode}: {shlex.join(step.arguments)}")
    if step.keeps_output:
        step.makes.with_suffix(".txt").write_text(result.stdout, "utf-8")


if __name__ == "__main__":
    main()
