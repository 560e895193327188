"""The memory of a rebuild over time, on a generated catalogue of any size.

    python -m benchmarks.rebuilds.memory --items 100000 [--encoder minilm|tiny] [--plot OUT.svg]

Runs `live-intent index rebuild` as a process of its own and samples its resident memory. Prints
the peak of each stage, the memory at each line of its log, and the base: with the encoder loaded,
before the catalogue is read. The encoder `tiny` is random, of one layer and `--dims`
dimensions: a million items end with it. The indexes have a prefix of their own and are removed.
"""

import argparse
import io
import json
import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TextIO

from benchmarks.plots import COLOURS, STYLE
from benchmarks.process_figures import resident_mib
from benchmarks.rebuilds.generated_catalogue import one_layer_encoder, tiny_encoder, write_generated
from benchmarks.rebuilds.rebuild_log import LOADING, begun_stage
from benchmarks.served import COMMAND, own_index

PERIOD_S, ROW_S = 0.2, 5
_WRITTEN = re.compile(r"encode and index: \d+ % \((\d+) of (\d+)")


@dataclass(frozen=True)
class Sample:
    """Resident memory at a time, MiB; mapped files count."""

    seconds: float
    stage: str
    resident: int


class MemoryWatch:
    """Runs a command and samples its memory; `stages`: what its log said last, by sample."""

    def __init__(
        self, command: Sequence[str], environment: dict[str, str], rows: TextIO | None = None
    ) -> None:
        """`rows`: where each sample goes as it is taken, as CSV."""
        self.samples: list[Sample] = []
        self.lines: list[tuple[float, str]] = []
        self._stage, self._started, self._written = LOADING, time.monotonic(), 0
        self._rows = rows
        self._process = subprocess.Popen(
            command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self) -> str:
        """Return what the command printed; end the program when it fails."""
        reader = threading.Thread(target=self._read_log, daemon=True)
        reader.start()
        while self._process.poll() is None:
            self._sample()
            time.sleep(PERIOD_S)
        assert self._process.stdout is not None
        printed = self._process.stdout.read()
        reader.join(timeout=5)
        if self._process.returncode:
            log = "\n".join(line for _, line in self.lines)
            raise SystemExit(f"the rebuild ended with {self._process.returncode}:\n{log}")
        return printed

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            text = line.strip()
            self.lines.append((time.monotonic() - self._started, text))
            if written := _WRITTEN.search(text):
                self._written = int(written[1].replace(",", ""))
            self._stage = begun_stage(text) or self._stage

    def _sample(self) -> None:
        resident = resident_mib(self._process.pid)
        if resident is None:  # it has just ended
            return
        elapsed = time.monotonic() - self._started
        sample = Sample(elapsed, self._stage, resident)
        if self._rows and (
            not self.samples or elapsed // ROW_S > self.samples[-1].seconds // ROW_S
        ):
            row = f"{elapsed:.0f},{sample.stage},{sample.resident},{self._written}"
            print(row, file=self._rows, flush=True)
        self.samples.append(sample)


def main() -> None:
    """Run the trial with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--encoder", help="or tiny; default: the first layer of the default one")
    parser.add_argument("--described", type=int, default=30, help="words of a description")
    parser.add_argument("--dims", type=int, default=64, help="of the encoder `tiny`")
    parser.add_argument("--plot", type=Path, help="an SVG of memory over time")
    parser.add_argument(
        "--csv", type=argparse.FileType("w"), help="a row each 5 seconds, meanwhile"
    )
    parser.add_argument("--keep", action="store_true", help="leave the indexes where they are")
    parser.add_argument("--option", action="append", default=[], help="one of the rebuild's own")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, own_index("memory", keep=options.keep):
        catalogue = write_generated(Path(folder) / "items.jsonl", options.items, options.described)
        encoder = options.encoder
        if encoder == "tiny":
            encoder = str(tiny_encoder(Path(folder) / "encoder", options.dims))
        elif encoder is None:
            encoder = str(one_layer_encoder(Path(folder) / "encoder"))
        command = [*COMMAND, "index", "rebuild", str(catalogue), *options.option]
        watch = MemoryWatch(command, {**os.environ, "LIVE_INTENT_ENCODER": encoder}, options.csv)
        watch.run()
    print(json.dumps(figures(options.items, watch.samples), indent=2))
    for seconds, line in watch.lines:
        print(f"{seconds:8.1f} s  {resident_at(watch.samples, seconds):5d} MiB  {line}")
    if options.plot:
        options.plot.write_text(chart(options.items, watch), "utf-8")


def figures(items: int, samples: Sequence[Sample]) -> dict[str, object]:
    """Return the base, the peak, and the peak of each stage, MiB."""
    stages: dict[str, int] = {}
    for sample in samples:
        stages[sample.stage] = max(stages.get(sample.stage, 0), sample.resident)
    return {
        "items": items,
        "seconds": round(samples[-1].seconds, 1),
        "base_mib": stages[LOADING],
        "peak_mib": max(stages.values()),
        "beside_the_model_mib": max(stages.values()) - stages[LOADING],
        "peak_by_stage_mib": stages,
    }


def resident_at(samples: Sequence[Sample], seconds: float) -> int:
    """Return the resident memory in MiB of the sample nearest to a time."""
    return min(samples, key=lambda sample: abs(sample.seconds - seconds)).resident


def chart(items: int, watch: MemoryWatch) -> str:
    """Return an SVG of memory and of the written items a second, over time."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7.5, 3.2), layout="constrained")
        memory = figure.subplots()
        minutes = [sample.seconds / 60 for sample in watch.samples]
        memory.plot(minutes, [sample.resident for sample in watch.samples], color=COLOURS[0])
        memory.set(xlabel="minutes", ylabel="resident memory, MiB", ylim=(0, None))
        memory.set_title(f"A rebuild of {items:,} generated items")
        written = [
            (seconds / 60, int(found[1]), int(found[2]))
            for seconds, line in watch.lines
            if (found := _WRITTEN.search(line))
        ]
        rate = memory.twinx()
        rates = [
            (at, (done - before) / max((at - since) * 60, 1e-9))
            for (since, before, _), (at, done, _) in pairwise(written)
        ]
        rate.plot([at for at, _ in rates], [each for _, each in rates], ".", color=COLOURS[1])
        rate.set(ylabel="items/s", ylim=(0, None))
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


if __name__ == "__main__":
    main()
