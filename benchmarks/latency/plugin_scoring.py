"""What the engine plugin's re-ranker costs: nanoseconds a candidate, for a visitor with 50 events.

    python -m benchmarks.latency.plugin_scoring

The median of 300 lists of 200 candidates in each layout, after 300 that are not counted; the
arithmetic alone, without a node.
"""

import tempfile
from pathlib import Path

from tests.engine_plugin.java_classes import compiled, jdk_tool, run


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        classes = compiled(Path(folder))
        main_class = "liveintent.ranking.ScoringBenchmark"
        print(run(jdk_tool("java"), "-cp", classes.class_path, main_class))


if __name__ == "__main__":
    main()
