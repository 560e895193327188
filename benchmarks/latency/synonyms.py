"""What 1,000 lines of synonyms cost `/v1/search`, against none: in pairs, within one run.

It searches the live index of the settings:

    .venv/bin/python -m benchmarks.latency.synonyms [--pairs 100]
"""

from functools import partial

import click

from benchmarks.pairs import medians_ms
from plugin_config.settings import ClusterSettings, load
from query_service.context import NoQueryRecorder
from query_service.rules.rule_book import WITHOUT_RULES, FixedRules, RulesInForce
from query_service.rules.synonyms import Synonyms
from query_service.schemas.search.requests import SearchRequest
from query_service.serving.assembly import make_service
from query_service.settings import ServiceSettings

OTHERS = [f"word{n}, other{n}, third text{n}" for n in range(998)]
OWN = ["headphones, earphones, headset", "wireless => cordless"]


@click.command()
@click.option("--pairs", default=100, show_default=True)
@click.option("--query", default="wireless headphones", show_default=True)
def main(pairs: int, query: str) -> None:
    """Print the medians and the ratio where no line, one, and two lines apply."""
    service = make_service(load(ServiceSettings), load(ClusterSettings))
    service.pipeline.views.refresh()
    request = SearchRequest(query=query, session_id="benchmark", deadline_ms=60_000)
    misspelt = SearchRequest(query="wireles hedphones", session_id="b", deadline_ms=60_000)
    without = service.pipeline.with_rules(WITHOUT_RULES, NoQueryRecorder())
    for count in range(3):
        synonyms = Synonyms.of([*OTHERS, *OWN[:count]])
        rules = FixedRules(RulesInForce(synonyms=synonyms))
        pipeline = service.pipeline.with_rules(rules, NoQueryRecorder())
        texts = pipeline.search(request).synonyms
        before, after = medians_ms(
            pairs, partial(without.search, request), partial(pipeline.search, request)
        )
        click.echo(
            f"{count} of 1,000 lines apply, {len(texts)} texts more: {before:.1f} ms without, "
            f"{after:.1f} ms with; {after / before:.2f} x"
        )
    original = misspelt.model_copy(update={"spelling": False})
    before, after = medians_ms(
        pairs, partial(without.search, original), partial(without.search, misspelt)
    )
    click.echo(
        f"a query with two misspelt words: {before:.1f} ms as it is, {after:.1f} ms corrected; "
        f"{after / before:.2f} x"
    )
    service.close()


if __name__ == "__main__":
    main()
