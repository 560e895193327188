"""The language that a request names, or the languages that its visitor reads, the best first."""

from typing import Annotated

from pydantic import Field, StringConstraints

from plugin_config.analysis.index_languages import CODE
from query_service.schemas.fields.alternatives import chosen_by_kind, is_list, is_text

MAX_PREFERENCES = 20
Code = Annotated[
    str,
    StringConstraints(pattern=rf"^{CODE}$"),
    Field(json_schema_extra={"example": "de"}),
]
_Codes = Annotated[list[Code], Field(max_length=MAX_PREFERENCES)]
Language = Annotated[
    Code | _Codes,
    chosen_by_kind(
        'a code such as "de" is wanted, or a list of them', (is_text, Code), (is_list, _Codes)
    ),
]
