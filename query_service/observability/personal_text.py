"""The text of a person's query, cut out of what is logged."""

import json
import re

LEAST = 3  # characters: a shorter text stands in every line
CUT = "(a text of the visitor)"


def without_personal_text(message: str, text: str) -> str:
    """The message without `text`, as it is or as JSON escapes it, in any letter case."""
    if len(text) < LEAST:
        return message
    forms = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    lowered = message.lower()
    for form in sorted(forms, key=len, reverse=True):
        if form.lower() in lowered:
            message = re.sub(re.escape(form), CUT, message, flags=re.IGNORECASE)
    return message
