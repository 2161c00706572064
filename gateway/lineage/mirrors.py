"""Mirrors: an artifact that is shared with other accounts has one ARN in each of them, all with the same id."""

from gateway import arn as arns
from gateway.aws.kinds import ARTIFACT, kind_of


class Mirrors:
    """Maps each ARN to its vertex's representative: among mirrors of each other, the ARN that was met first."""

    def __init__(self) -> None:
        """Start without any ARNs."""
        self.owners: set[tuple[str, str]] = set()
        """The accounts and regions of the ARNs so far."""
        self._representatives: dict[str, str] = {}
        self._by_id: dict[tuple[str, str], str] = {}
        self._all: dict[str, list[str]] = {}

    def one(self, arn: str) -> str:
        """Return the representative of this ARN and its mirrors; it never changes."""
        representative = self._representatives.get(arn)
        if representative is None:
            representative = self._representatives[arn] = self._first(arn)
            self._all.setdefault(representative, []).append(arn)
        return representative

    def of(self, representative: str) -> list[str]:
        """Return all ARNs so far of the vertex with this representative, one per account that has it."""
        return self._all[representative]

    def _first(self, arn: str) -> str:
        parsed = arns.parse(arn)
        if parsed is None:
            return arn
        self.owners.add((parsed.account, parsed.region))
        if kind_of(parsed) is not ARTIFACT:
            return arn
        return self._by_id.setdefault((parsed.region, parsed.id), arn)
