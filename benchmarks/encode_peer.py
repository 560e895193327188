"""sentence-transformers in a process of its own, so that it may stand in another environment.

Reads tasks from standard input, a JSON line each, and answers how long each took. Imports nothing
of this project.
"""

import json
import sys
import time
from typing import Any


def main() -> None:
    """Arguments: model folder, backend (torch, onnx, openvino), number format."""
    folder, backend, number_format = sys.argv[1:4]
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries print what they like
    from sentence_transformers import SentenceTransformer

    more: dict[str, Any] = {"dtype": number_format} if backend == "torch" else {}
    model = SentenceTransformer(folder, backend=backend, device="cpu", model_kwargs=more)
    for line in sys.stdin:
        task = json.loads(line)
        if task["alone"]:  # one text at a time
            times = []
            for text in task["texts"]:
                start = time.perf_counter()
                vectors = model.encode(text, normalize_embeddings=True)
                times.append(time.perf_counter() - start)
        else:
            start = time.perf_counter()
            vectors = model.encode(
                task["texts"], normalize_embeddings=True, batch_size=task["batch"]
            )
            times = [time.perf_counter() - start]
        vector = vectors if task["alone"] else vectors[-1]
        answer = {"seconds": times, "last": [float(value) for value in vector]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
