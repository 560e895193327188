"""The language whose texts a request means."""

from collections.abc import Sequence
from typing import Any

from indexer.catalogue.attributes.filter_keys import filter_key
from indexer.index.attribute_schema import AttributeSchema
from plugin_config.analysis.index_languages import language_code
from plugin_config.analysis.text_fields import TRANSLATED_TO
from query_service.retrieval.filters.filters import MAX_LISTED, FilterProblem
from query_service.schemas.problems import FieldError


def language_of(attributes: AttributeSchema, wanted: str | Sequence[str] | None) -> str:
    """The language of the index that a request gets; "" for the items' own texts.

    A single language must be there; of a list the first one that is there counts, if any is. Raises
    FilterProblem, which lists the languages that exist.
    """
    if wanted is None:
        return ""
    languages = attributes.languages
    if not isinstance(wanted, str):
        return languages.match(wanted)
    if code := languages.match([wanted]):
        return code
    if languages.analyzers:
        listed = ", ".join(sorted(languages.analyzers)[:MAX_LISTED])
        message = f"there is no language {wanted}. There are: {listed}"
    else:
        message = (
            "the index has no languages: give items `translations`, or set LIVE_INTENT_LANGUAGES, "
            "and run live-intent index rebuild CATALOGUE"
        )
    message += "; a list of languages is a preference, and may name others"
    raise FilterProblem([FieldError(field="language", message=message)])


def readable(
    attributes: AttributeSchema, wanted: str | Sequence[str] | None
) -> dict[str, Any] | None:
    """The clause of items that are shown in a wanted language, or whose language is unknown.

    None where nothing is wanted. `attributes`: with the language that the request gets.
    """
    codes = [wanted] if isinstance(wanted, str) else wanted or ()
    if not codes or attributes.outdated:
        return None
    parts = dict.fromkeys(language_code(code).partition("-")[0] for code in codes)
    keys = [filter_key(part) for part in parts]
    should: list[dict[str, Any]] = [
        {"bool": {"must_not": [{"exists": {"field": "language"}}]}},
        {"terms": {"keys.language": keys}},
        *({"prefix": {"keys.language": key + sign}} for key in keys for sign in "-_"),
    ]
    if attributes.language:
        should.append({"term": {TRANSLATED_TO: attributes.language}})
    return {"bool": {"should": should}}
