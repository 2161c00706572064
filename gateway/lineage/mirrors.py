"""Which ARNs are one vertex: an artifact keeps its id in every account that mirrors it."""

from gateway import arn as arns
from gateway.aws.kinds import ARTIFACT, kind_of


class Mirrors:
    """The ARNs met so far, and the one among its mirrors by which each is shown: whichever was met first."""

    def __init__(self) -> None:
        """Have met none."""
        self._shown: dict[str, str] = {}
        self._by_id: dict[tuple[str, str], str] = {}
        self._all: dict[str, list[str]] = {}

    def one(self, arn: str) -> str:
        """Return the ARN by which a vertex is shown, which from now on stays the same."""
        shown = self._shown.get(arn)
        if shown is None:
            shown = self._shown[arn] = self._first(arn)
            self._all.setdefault(shown, []).append(arn)
        return shown

    def of(self, shown: str) -> list[str]:
        """Return all ARNs of a vertex, which lie in as many accounts."""
        return self._all[shown]

    def _first(self, arn: str) -> str:
        parsed = arns.parse(arn)
        if parsed is None or kind_of(parsed) is not ARTIFACT:
            return arn
        return self._by_id.setdefault((parsed.region, parsed.id), arn)
