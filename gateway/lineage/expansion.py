"""What a walk knows of the expansion of its vertices: which are expanded, and why the others are not or need not be.

A vertex is *expanded* once all its associations in the walk's direction are loaded, and *dangling* if an association
refers to it although it does not exist. The unexpanded vertices of the least depth are the *frontier*.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gateway.aws.places import Place
from gateway.lineage.coverage import Reason
from gateway.lineage.found import Found, led_to
from gateway.records import Edge


@dataclass(eq=False)
class Expansion:
    """What is known of the expansion of the vertices in ``found``; sets contain ARNs, as each mirror is expanded."""

    found: Found
    place: Callable[[str], Place | None]
    """Returns the account and region in which an ARN can be queried, if the gateway has access to it."""
    expanded: set[str] = field(default_factory=set)
    dangling: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    """Vertices from which a query has succeeded."""
    denied: set[str] = field(default_factory=set)
    """Vertices that AWS did not let be queried, or that are in an account without access."""
    cut: set[str] = field(default_factory=set)
    """Vertices whose chains were stopped early because they had already returned as many as the walk may find."""
    unsure: set[str] = field(default_factory=set)
    """Vertices whose existence could not be determined."""
    _apart: set[str] = field(default_factory=set)
    """Vertices that a query from another vertex did not expand, as the path there leads through another account."""
    _typeless: set[str] = field(default_factory=set)
    """Vertices without a type on a page of their own place."""
    _typed: set[str] = field(default_factory=set)
    """Vertices with a type on some page."""

    @property
    def doubtful(self) -> set[str]:
        """The starts that are not yet known to exist or not."""
        return set(self.found.starts) - self.answered - self.denied

    @property
    def shut(self) -> set[str]:
        """The vertices whose associations are missing as AWS denied them; other calls may have returned them."""
        return self.denied - self.expanded

    @property
    def typeless(self) -> set[str]:
        """The vertices that are possibly dangling, as no page states their type."""
        return self._typeless - self._typed

    def frontier(self) -> tuple[int, list[str]]:
        """Return the depth of the frontier and its vertices' ARNs; depth 0 and no ARNs if none are left."""
        skipped = self.expanded | self.denied | self.cut
        waiting: dict[int, list[str]] = defaultdict(list)
        for vertex, depth in self.found.depths.items():
            if depth < self.found.max_depth:
                waiting[depth] += [arn for arn in self.found.mirrors.of(vertex) if arn not in skipped]
        level = min((depth for depth, arns in waiting.items() if arns), default=0)
        return level, sorted(waiting[level])

    def behind(self, level: int, layers: int) -> list[list[str]]:
        """Return the expanded vertices one level before a level, two levels before it, and so on."""
        behind: list[list[str]] = [[] for _ in range(layers)]
        for vertex in self.expanded & self.found.depths.keys() - self.dangling - self.denied - self.cut:
            back = level - self.found.depths[vertex]
            if 0 < back <= layers:
                behind[back - 1].append(vertex)
        return behind

    def is_shared(self, arn: str) -> bool:
        """Whether a query from another vertex of its place that leads to it expands it too."""
        return arn not in self._apart and self.found.mirrors.of(self.found.mirrors.one(arn)) == [arn]

    def expand(self, start: str, limit: int, edges: Iterable[Edge]) -> None:
        """Mark what a query from ``start`` has expanded: the vertices in its place nearer to it than ``limit``."""
        mirrors, place = self.found.mirrors, self.place(start)
        near = self.found.within(mirrors.one(start), limit)
        expanded = {arn for vertex in near for arn in mirrors.of(vertex) if self.place(arn) == place}
        if len(mirrors.owners) > 1:
            # A place may not know the associations that lead back to it through other places and mirrors.
            self._apart |= expanded
            expanded &= led_to(start, edges, self.found.direction, limit)
            self._apart -= expanded
        self.expanded |= expanded

    def note_types(self, vertices: Iterable[tuple[str, str | None]], place: Place | None) -> None:
        """Note which vertices have a type on a page from ``place``; it may lack the types of vertices elsewhere."""
        for arn, type_name in vertices:
            if type_name is not None:
                self._typed.add(self.found.mirrors.one(arn))
            elif self.place(arn) == place:
                self._typeless.add(self.found.mirrors.one(arn))

    def add_dangling(self, dangling: Iterable[str]) -> None:
        """Mark vertices that do not exist, and leave out the starts among them of which no query has succeeded."""
        self.dangling.update(dangling)
        for start in self.doubtful.intersection(self.dangling):
            self.found.leave_out(start)

    def missing(self, kept: set[str]) -> tuple[set[Reason], set[str]]:
        """Return why a result with the vertices ``kept`` is incomplete, and the vertices beyond which it may be."""
        found = self.found
        unexpanded = {arn for arn in kept if not self.expanded.issuperset(found.mirrors.of(arn))} - self.dangling
        is_true = {
            Reason.ACCESS_DENIED: kept.intersection(map(found.mirrors.one, self.shut)),
            Reason.DANGLING: self.dangling & (kept | found.missing),
            Reason.MAX_VERTICES: len(kept) < len(found.depths),
            Reason.MAX_DEPTH: any(found.depths[arn] == found.max_depth for arn in unexpanded),
        }
        frontier = unexpanded | {arn for arn in kept if not found.beyond(arn) <= kept}
        frontier |= (kept & self.unsure) | (set(found.starts) - kept)
        return {reason for reason, holds in is_true.items() if holds}, frontier
