"""Redaction of errors, which may tell nothing of the schema that the request did not say itself."""

import re
from typing import Any

_WORD = re.compile(r"\w+")
_QUOTED = re.compile(r"(['`])([^'`\s]*)\1")
_SCALAR = re.compile(r"\b\w++(?= cannot represent)")  # in one pass, however long the word is
_SUGGESTION = re.compile(r" Did you mean .*", re.DOTALL)


def words(*said: Any) -> set[str]:
    """Return the words in the parts of a request."""
    return {word for part in said for word in _words_of(part)}


def redacted(message: str, known: set[str]) -> str:
    """Take out of an error's message what it suggests, and the names that are not among those known."""

    def hidden(quoted: re.Match[str]) -> str:
        return quoted[0] if known.issuperset(_WORD.findall(quoted[2])) else "'…'"

    return _QUOTED.sub(hidden, _SCALAR.sub("'…'", _SUGGESTION.sub("", message)))


def _words_of(part: Any) -> list[str]:
    try:
        return _WORD.findall(str(part))
    except RecursionError:
        return []  # variables nested too deeply to be read; what they say is then hidden too
