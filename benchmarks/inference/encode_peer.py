"""sentence-transformers in a process of its own, which may run in another environment.

Reads tasks from standard input, a JSON line each, and answers with their times. Imports nothing of
this project.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any


def timed(encode: Callable[[Any], Any], texts: Sequence[str], alone: bool) -> tuple[Any, Any]:
    """Encode the texts; return seconds [calls], and the vector of the last text.

    `alone`: `encode` takes one text at a time and returns its vector; else all in one call.
    """
    seconds = []
    for each in texts if alone else [texts]:
        start = time.perf_counter()
        result = encode(each)
        seconds.append(time.perf_counter() - start)
    return seconds, result if alone else result[-1]


def main() -> None:
    """Arguments: model folder, backend (torch, onnx, openvino), number format, batch, device."""
    arguments: list[Any] = sys.argv[1:6]
    folder, backend, number_format, batch_size, device = arguments
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries print to standard output
    from sentence_transformers import SentenceTransformer

    more: dict[str, Any] = {"dtype": number_format} if backend == "torch" else {}
    model = SentenceTransformer(folder, backend=backend, device=device, model_kwargs=more)

    def encode(texts: Any) -> Any:
        return model.encode(texts, normalize_embeddings=True, batch_size=int(batch_size))

    for line in sys.stdin:
        task = json.loads(line)
        seconds, vector = timed(encode, task["texts"], task["alone"])
        answer = {"seconds": seconds, "last": [float(value) for value in vector]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
