"""Which media types and encodings a client takes, as its ``Accept`` headers say (RFC 9110, 12.5)."""

from starlette.datastructures import Headers


class Accept:
    """What is accepted, with its weight: from 0, not at all, to 1."""

    def __init__(self, headers: Headers, name: str = "accept") -> None:
        """Read the header of this name; without one everything is accepted."""
        ranges = [part.split(";") for part in ",".join(headers.getlist(name) or ["*/*"]).split(",")]
        self._weights = {name.strip().lower(): _weight(parameters) for name, *parameters in ranges}

    def names(self, one: str) -> bool:
        """Whether a media type or an encoding is accepted by its own name."""
        return self._weights.get(one, 0) > 0

    def prefers(self, media_type: str, other: str) -> bool:
        """Whether a media type is accepted by its own name, with at least the weight of another."""
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
