"""Make docs/quality.md: the quality on public data, beside references and goals.

    python -m benchmarks.quality [--data DATASETS] [--work DIR] [--out docs/quality.md] [--users N]
        [--rehearse]

Trains with `live-intent learn` and evaluates with `live-intent evaluate`, each in a process of its
own, into the folder --work. Results that exist are kept, so that an interrupted run can be resumed.
Needs a node (LIVE_INTENT_OPENSEARCH_URL), about three hours on two cores, and data sets; a section
without its data is left out, with a message. --rehearse asks validation users and queries in place
of the test, which is to be read once.
"""

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

from benchmarks.datasets import DATASETS
from benchmarks.quality.page import page
from benchmarks.quality.sections import sections
from benchmarks.quality.steps import Context, Step


def main() -> None:
    """Run the missing steps, then write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATASETS)
    parser.add_argument("--work", type=Path, default=Path(".live-intent/quality"))
    parser.add_argument("--out", type=Path, default=Path("docs/quality.md"))
    parser.add_argument("--users", type=int, default=2000, help="test users asked, by a hash")
    parser.add_argument("--rehearse", action="store_true", help="validation in place of the test")
    options = parser.parse_args()
    context = Context(options.data, options.work, options.users, options.rehearse)
    options.work.mkdir(parents=True, exist_ok=True)
    complete = []
    for section in sections(context):
        if section.data.is_dir():
            complete.append(section)
            for step in section.steps:
                run(step)
        else:
            print(f"{section.title}: left out, there is no {section.data} (DATASETS_DIR)")
    options.out.write_text(page(context, complete), "utf-8")
    print(f"wrote {options.out}")


def run(step: Step) -> None:
    """Run a step unless its result exists. Ends the program when it fails."""
    if step.makes.exists():
        return
    print("$ " + step.command, flush=True)
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
