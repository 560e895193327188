"""What 100 rules cost `/v1/search`, 3 of which apply, against none: in pairs, within one run.

It searches the live index of the settings:

    .venv/bin/python -m benchmarks.latency.rules [--pairs 100]
"""

from functools import partial
from typing import Any

import click

from benchmarks.pairs import medians_ms
from plugin_config.settings import ClusterSettings, load
from query_service.context import NoQueryRecorder
from query_service.rules.rule_book import WITHOUT_RULES, FixedRules, RulesInForce
from query_service.schemas.administration.rules import RuleSet
from query_service.schemas.search.requests import SearchRequest
from query_service.serving.assembly import make_service
from query_service.settings import ServiceSettings

QUERY = "headphones"


def rules_of(item_ids: list[str], matching: list[dict[str, Any]]) -> RuleSet:
    """`matching` consequences for QUERY, after rules for other queries that pin and boost."""
    others = [
        {"id": f"other-{n}", "when": {"query": {"contains": [f"word{n} lamp", f"{n} cable"]}},
         "then": {"pin": [{"item_id": item_ids[0], "position": 1}]}}
        for n in range(100 - len(matching))
    ]  # fmt: skip
    own = [
        {"id": f"own-{n}", "when": {"query": {"contains": QUERY}}, "then": then}
        for n, then in enumerate(matching)
    ]
    return RuleSet.model_validate({"rules": others + own})


@click.command()
@click.option("--pairs", default=100, show_default=True)
def main(pairs: int) -> None:
    """Print the medians and the ratio for rules of several kinds."""
    service = make_service(load(ServiceSettings), load(ClusterSettings))
    service.pipeline.views.refresh()
    request = SearchRequest(query=QUERY, session_id="benchmark", deadline_ms=60_000)
    without = service.pipeline.with_rules(WITHOUT_RULES, NoQueryRecorder())
    ids = [hit.item_id for hit in without.search(request).hits]
    boost = {"boost": [{"filters": {"price": {"lt": 100}}, "by": 0.3}]}
    pin = {"pin": [{"item_id": ids[5], "position": 1}, {"item_id": ids[8], "position": 3}]}
    hide, banner = {"hide": {"item_ids": ids[:2]}}, {"banner": {"text": "Sale"}}
    for name, matching in (
        ("100 rules, none applies", []),
        ("3 apply: a hide, a redirect, a banner", [hide, {"redirect": "/"}, banner]),
        ("3 apply: two pins, a hide, a banner", [pin, hide, banner]),
        ("3 apply: two pins, a hide, a boost", [pin, hide, boost]),
    ):
        rules = FixedRules(RulesInForce.of(rules_of(ids, matching)))
        pipeline = service.pipeline.with_rules(rules, NoQueryRecorder())
        before, after = medians_ms(
            pairs, partial(without.search, request), partial(pipeline.search, request)
        )
        click.echo(f"{name}: {before:.1f} ms without, {after:.1f} ms with; {after / before:.2f} x")
    service.close()


if __name__ == "__main__":
    main()
