"""The payloads of mutations.

AWS responds to a write only with ARNs. The rest of a payload is read after the write, if it is selected.
"""

import strawberry
from strawberry import Info

from gateway.lineage.removal import Removal
from gateway.loaders import Loaders
from gateway.records import Edge
from gateway.schema.associations import Association, association, association_id
from gateway.schema.entity import Node, Tag, shown
from gateway.schema.enums import AssociationType
from gateway.schema.lineage import Action, Artifact, Context, TrialComponent
from gateway.schema.scalars import Arn
from gateway.schema.selection import selected


@strawberry.type(description="An association that was removed together with a vertex.")
class RemovedAssociation:
    """A removed association."""

    source_arn: Arn = strawberry.field(description="The vertex that the arrow started from.")
    destination_arn: Arn = strawberry.field(description="The vertex that the arrow pointed to.")
    type: str | None = strawberry.field(
        graphql_type=AssociationType | None, description="How it related the two; null when not stated."
    )

    @strawberry.field(description="The id that the association had, for a client's cache to drop it.")
    def deleted_id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(association_id(self.source_arn, self.destination_arn))


@strawberry.type(description="The artifact that was created.")
class CreateArtifactPayload:
    """The payload of createArtifact."""

    artifact: Artifact = strawberry.field(description="The artifact.")


@strawberry.type(description="The artifact that was changed.")
class UpdateArtifactPayload:
    """The payload of updateArtifact."""

    artifact: Artifact = strawberry.field(description="The artifact, as it is now.")


@strawberry.type(description="The context that was created.")
class CreateContextPayload:
    """The payload of createContext."""

    context: Context = strawberry.field(description="The context.")


@strawberry.type(description="The context that was changed.")
class UpdateContextPayload:
    """The payload of updateContext."""

    context: Context = strawberry.field(description="The context, as it is now.")


@strawberry.type(description="The action that was created.")
class CreateActionPayload:
    """The payload of createAction."""

    action: Action = strawberry.field(description="The action.")


@strawberry.type(description="The action that was changed.")
class UpdateActionPayload:
    """The payload of updateAction."""

    action: Action = strawberry.field(description="The action, as it is now.")


@strawberry.type(description="The trial component that was created.")
class CreateTrialComponentPayload:
    """The payload of createTrialComponent."""

    trial_component: TrialComponent = strawberry.field(description="The trial component.")


@strawberry.type(description="The trial component that was changed.")
class UpdateTrialComponentPayload:
    """The payload of updateTrialComponent."""

    trial_component: TrialComponent = strawberry.field(description="The trial component, as it is now.")


@strawberry.interface(description="What a deletion removed. When it failed half-way, an error beside it says why.")
class DeletePayload:
    """The payload of a deletion."""

    removal: strawberry.Private[Removal]

    @strawberry.field(description="ARN of what was to be deleted.")
    def arn(self) -> Arn:
        """Return the ARN."""
        return Arn(self.removal.arn)

    @strawberry.field(description="Whether it is gone; false when the deletion stopped half-way.")
    def deleted(self) -> bool:
        """Return whether the deletion was completed."""
        return self.removal.deleted

    @strawberry.field(description="The id that it had, for a client's cache to drop it; null if it is not gone.")
    def deleted_id(self) -> strawberry.ID | None:
        """Return the id."""
        return strawberry.ID(self.removal.arn) if self.removal.deleted else None

    @strawberry.field(
        description="With `disassociate`, the associations that were removed first, in both directions, including any "
        "that were gone when their turn came."
    )
    def removed_associations(self) -> list[RemovedAssociation]:
        """Return the associations."""
        return [_removed(edge) for edge in self.removal.associations]


@strawberry.type(description="What deleting an artifact removed.")
class DeleteArtifactPayload(DeletePayload):
    """The payload of deleteArtifact."""


@strawberry.type(description="What deleting a context removed.")
class DeleteContextPayload(DeletePayload):
    """The payload of deleteContext."""


@strawberry.type(description="What deleting an action removed.")
class DeleteActionPayload(DeletePayload):
    """The payload of deleteAction."""


@strawberry.type(description="What deleting a trial component removed.")
class DeleteTrialComponentPayload(DeletePayload):
    """The payload of deleteTrialComponent."""

    @strawberry.field(description="With `disassociate`, the names of the trials that it was removed from.")
    def removed_trials(self) -> list[str]:
        """Return the names of the trials."""
        return self.removal.trials


@strawberry.type(description="The association that was added.")
class AddAssociationPayload:
    """The payload of addAssociation."""

    loaders: strawberry.Private[Loaders]
    made: strawberry.Private[dict[str, str]]

    @strawberry.field(description="The association. One ListAssociations call if fields beyond those set are selected.")
    async def association(self, info: Info) -> Association:
        """Return the association as AWS lists it, or as sent if AWS does not list it yet, so soon after the write."""
        names = set().union(*selected(info).values())
        known = {"__typename", "id", "source", "destination"} | ({"type"} if "AssociationType" in self.made else set())
        listed = None
        if names - known:
            listed = await self.loaders.associations.between(self.made["SourceArn"], self.made["DestinationArn"])
        return association(self.loaders, listed or self.made)


@strawberry.type(description="The association that was deleted.")
class DeleteAssociationPayload:
    """The payload of deleteAssociation."""

    source_arn: Arn = strawberry.field(description="The vertex that the arrow started from.")
    destination_arn: Arn = strawberry.field(description="The vertex that the arrow pointed to.")

    @strawberry.field(description="The id that the association had, for a client's cache to drop it.")
    def deleted_id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(association_id(self.source_arn, self.destination_arn))


@strawberry.interface(description="A resource's tags after a change to them.")
class TagsPayload:
    """The payload of a change of tags."""

    loaders: strawberry.Private[Loaders]
    arn: strawberry.Private[str]

    @strawberry.field(description="All tags that it has now. One ListTags call.")
    async def tags(self) -> list[Tag]:
        """Return the tags."""
        return await self.loaders.belongings.tags(self.arn)  # type: ignore[return-value] # shown as AWS sent them

    @strawberry.field(description="The resource itself; null if it is nothing that `node` finds, such as a job.")
    def resource(self) -> Node | None:
        """Return the node. It exists, since AWS has changed its tags."""
        node: Node | None = shown(self.loaders, self.arn)
        return node


@strawberry.type(description="A resource's tags after some were set.")
class AddTagsPayload(TagsPayload):
    """The payload of addTags."""


@strawberry.type(description="A resource's tags after some were removed.")
class DeleteTagsPayload(TagsPayload):
    """The payload of deleteTags."""


def _removed(edge: Edge) -> RemovedAssociation:
    return RemovedAssociation(
        source_arn=Arn(edge.source),
        destination_arn=Arn(edge.destination),
        type=edge.type,
    )
