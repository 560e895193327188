"""What languages cost: a search without one against an index without any, and a search in one.

    .venv/bin/python -m benchmarks.latency.languages [--items 1000] [--pairs 100]

Two indexes of the sample catalogue, one of them with a translation of each item (its words with
their letters reversed). Prints medians of searches in turns, their ratios, and the indexes' sizes.
"""

import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import click

from benchmarks.pairs import medians_ms
from benchmarks.served import own_index, rebuild
from live_intent.sample.catalogue import sample_items, write_json_lines
from plugin_config.settings import ClusterSettings, load
from query_service.schemas.search.requests import SearchRequest
from query_service.serving.assembly import make_service
from query_service.settings import ServiceSettings

QUERIES = ("wireless headphones", "coffee machine", "running shoes", "desk lamp black", "rug")


def reversed_words(text: str) -> str:
    """The text with the letters of each word reversed: as many words, and other ones."""
    return " ".join(word[::-1] for word in text.split())


def rows(count: int, *, translated: bool) -> Iterator[dict[str, Any]]:
    """The first items of the sample catalogue."""
    for row in islice(sample_items(), count):
        texts = {name: reversed_words(str(row[name])) for name in ("title", "description")}
        yield {**row, "translations": {"de": texts}} if translated else dict(row)


@click.command()
@click.option("--items", default=1000, show_default=True)
@click.option("--pairs", default=100, show_default=True)
def main(items: int, pairs: int) -> None:
    """Print the medians, the ratios and the sizes."""
    with (
        tempfile.TemporaryDirectory() as folder,
        own_index("plain", keep=False) as (client, plain),
    ):
        catalogue = Path(folder) / "items.jsonl"
        write_json_lines(catalogue, rows(items, translated=False))
        rebuild(catalogue)
        service = make_service(load(ServiceSettings), load(ClusterSettings))
        service.pipeline.views.refresh()
        with own_index("languages", keep=False) as (_, translated):
            write_json_lines(catalogue, rows(items, translated=True))
            rebuild(catalogue)
            other = make_service(load(ServiceSettings), load(ClusterSettings))
            other.pipeline.views.refresh()
            for query in QUERIES:
                own = SearchRequest(query=query, session_id="b", deadline_ms=60_000)
                german = own.model_copy(update={"query": reversed_words(query), "language": "de"})
                without, beside, within = medians_ms(
                    pairs,
                    partial(service.pipeline.search, own),
                    partial(other.pipeline.search, own),
                    partial(other.pipeline.search, german),
                )
                click.echo(
                    f"{query}: {without:.1f} ms without languages, {beside:.1f} ms beside them "
                    f"({beside / without:.2f} x), {within:.1f} ms in one ({within / beside:.2f} x)"
                )
            for names in (plain, translated):
                client.indices.forcemerge(index=names.items, params={"max_num_segments": 1})
                size = client.indices.stats(index=names.items)["_all"]["primaries"]["store"]
                click.echo(f"{names.items}: {size['size_in_bytes'] / 1e6:.2f} MB")
            other.close()
        service.close()


if __name__ == "__main__":
    main()
