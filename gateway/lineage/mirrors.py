"""Which ARNs are one vertex: an artifact keeps its id in every account that mirrors it."""

from gateway import arn as arns
from gateway.aws.kinds import ARTIFACT, kind_of


class Mirrors:
    """The ARNs met so far; of mirrors of each other, the one met first stands for all."""

    def __init__(self) -> None:
        """Begin with none."""
        self.owners: set[tuple[str, str]] = set()
        """The accounts and regions that they belong to."""
        self._shown: dict[str, str] = {}
        self._by_id: dict[tuple[str, str], str] = {}
        self._all: dict[str, list[str]] = {}

    def one(self, arn: str) -> str:
        """Return the ARN that stands for this one and its mirrors, from now on."""
        shown = self._shown.get(arn)
        if shown is None:
            shown = self._shown[arn] = self._first(arn)
            self._all.setdefault(shown, []).append(arn)
        return shown

    def of(self, shown: str) -> list[str]:
        """Return all ARNs of a vertex, one for each account that has it."""
        return self._all[shown]

    def _first(self, arn: str) -> str:
        parsed = arns.parse(arn)
        if parsed is None:
            return arn
        self.owners.add((parsed.account, parsed.region))
        if kind_of(parsed) is not ARTIFACT:
            return arn
        return self._by_id.setdefault((parsed.region, parsed.id), arn)
