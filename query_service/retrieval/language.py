"""The language whose texts a request means."""

from collections.abc import Sequence

from indexer.index.attribute_schema import AttributeSchema
from query_service.retrieval.filters import MAX_LISTED, FilterProblem
from query_service.schemas.answers import FieldError


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
