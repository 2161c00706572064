"""Content negotiation: the media types and encodings in a request's ``Accept`` headers (RFC 9110, 12.5)."""

from starlette.datastructures import Headers


class Accept:
    """The values of an ``Accept`` header with their weights, from 0 (not acceptable) to 1."""

    def __init__(self, headers: Headers, name: str = "accept") -> None:
        """Parse the header of this name; if it is absent, everything is accepted."""
        ranges = [part.split(";") for part in ",".join(headers.getlist(name) or ["*/*"]).split(",")]
        self._weights = {name.strip().lower(): _weight(parameters) for name, *parameters in ranges}

    def names(self, one: str) -> bool:
        """Whether the header lists a media type or an encoding explicitly, not by a wildcard, as acceptable."""
        return self._weights.get(one, 0) > 0

    def prefers(self, media_type: str, other: str) -> bool:
        """Whether the header lists a media type explicitly, with at least the weight of ``other``."""
        return self.names(media_type) and self._weights[media_type] >= self._of(other)

    def _of(self, media_type: str) -> float:
        for name in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
            if name in self._weights:
                return self._weights[name]
        return 0


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0
    return 1
