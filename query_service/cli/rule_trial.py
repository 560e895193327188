"""Rules tried on one request, without applying them: the answers before and after."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from plugin_config.errors import SettingsError
from plugin_config.settings import ClusterSettings, load
from query_service.context import NoQueryRecorder
from query_service.rules.rule_book import FixedRules, RulesInForce
from query_service.rules.synonyms import Synonyms
from query_service.schemas.administration.rules import RuleSet
from query_service.schemas.search.answers import Hit, SearchResponse
from query_service.schemas.search.requests import RecommendRequest, SearchRequest
from query_service.serving.assembly import make_service
from query_service.settings import ServiceSettings

LEAST_WIDTH, MOST_WIDTH = 80, 160  # columns of the terminal


@dataclass(frozen=True)
class RuleTrial:
    """`at`: seconds since 1970 at which the rules are looked at; None: now."""

    rules: RuleSet
    at: float | None = None

    def run(self, fields: Mapping[str, object]) -> tuple[SearchResponse, SearchResponse]:
        """The answers without and with the rules; nothing is stored of the request.

        `fields` are those of a search, or without `query` those of a recommendation. Raises
        ClusterUnavailable, EncoderMismatch, BundleError, SettingsError for a wrong field.
        """
        try:
            in_force = replace(RulesInForce.of(self.rules), at=self.at)
            request = (SearchRequest if "query" in fields else RecommendRequest)(**fields)  # type: ignore[arg-type]
        except ValidationError as error:
            detail = error.errors()[0]
            raise SettingsError(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}") from None
        except ValueError as error:
            raise SettingsError(str(error)) from None
        service = make_service(load(ServiceSettings), load(ClusterSettings))
        try:
            service.pipeline.views.refresh()
            answers = []
            store = service.rule_store
            synonyms = Synonyms.of(store.synonyms(store.current().number))
            for rules in (RulesInForce(synonyms=synonyms), replace(in_force, synonyms=synonyms)):
                pipeline = service.pipeline.with_rules(FixedRules(rules), NoQueryRecorder())
                answers.append(
                    pipeline.search(request)
                    if isinstance(request, SearchRequest)
                    else pipeline.recommend(request)
                )
            return answers[0], answers[1]
        finally:
            service.close()


def side_by_side(before: SearchResponse, after: SearchResponse) -> Iterator[str]:
    """The two lists as lines, then what each rule did.

    `+` marks a hit that the rules brought to this page, `-` one that they took from it, `^` and `v`
    one that rose or sank.
    """
    width = min(max(shutil.get_terminal_size().columns, LEAST_WIDTH), MOST_WIDTH)
    column = (width - 7) // 2
    was = {hit.item_id: hit.position for hit in before.hits}
    now = {hit.item_id: hit.position for hit in after.hits}
    yield f"    {'before':{column}} {'after'}"
    for number in range(max(len(before.hits), len(after.hits))):
        left = before.hits[number] if number < len(before.hits) else None
        right = after.hits[number] if number < len(after.hits) else None
        gone = "-" if left and left.item_id not in now else " "
        row = f"{_cell(left, gone, column)} {_cell(right, _moved(right, was), column)}"
        yield f"{number + 1:3} {row}".rstrip()
    yield f"{before.total.value} hits before, {after.total.value} after"
    if not after.rules_applied:
        yield "no rule applies to this request"
    for applied in after.rules_applied:
        yield f"{applied.id} “{applied.name}”: {'; '.join(applied.did)}"
    if after.redirect:
        yield f"redirect: {after.redirect}"
    for banner in after.banners:
        yield f"banner of {banner.rule_id}: {banner.data}"
    for part in after.degraded:
        yield f"degraded: {part.stage}: {part.reason}"


def _moved(hit: Hit | None, was: Mapping[str, int]) -> str:
    if hit is None or was.get(hit.item_id) == hit.position:
        return " "
    if hit.item_id not in was:
        return "+"
    return "^" if was[hit.item_id] > hit.position else "v"


def _cell(hit: Hit | None, mark: str, width: int) -> str:
    if hit is None:
        return " " * width
    text = f"{mark} {hit.item_id}  {hit.source.get('title', '')}"
    return f"{text if len(text) < width else text[: width - 2] + '…':{width}}"
