"""Redacts error messages: they must not reveal names in the schema that the request does not contain."""

import re
from typing import Any

_WORD = re.compile(r"\w+")
_QUOTED = re.compile(r"(['`])([^'`\s]*)\1")
_SCALAR = re.compile(r"\b\w++(?= cannot represent)")  # possessive: takes linear time for a long word
_SUGGESTION = re.compile(r" Did you mean .*", re.DOTALL)


def words(*parts: Any) -> set[str]:
    """Return all words in the parts of a request."""
    return {word for part in parts for word in _words_of(part)}


def redacted(message: str, known: set[str]) -> str:
    """Remove suggestions and scalars from an error message, and quoted names that are not in ``known``."""

    def hidden(quoted: re.Match[str]) -> str:
        return quoted[0] if known.issuperset(_WORD.findall(quoted[2])) else "'…'"

    return _QUOTED.sub(hidden, _SCALAR.sub("'…'", _SUGGESTION.sub("", message)))


def _words_of(part: Any) -> list[str]:
    try:
        return _WORD.findall(str(part))
    except RecursionError:
        return []  # the variables are nested too deeply; their words are redacted too
