"""Mutations: SageMaker's Create, Update and Delete operations on vertices, associations and tags."""

from functools import partial
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry import Info

from gateway.aws.kinds import LINEAGE
from gateway.errors import BadUserInput
from gateway.lineage import removal
from gateway.lineage.removal import Removal
from gateway.schema import inputs
from gateway.schema.arguments import argument
from gateway.schema.entity import Described
from gateway.schema.inputs import request
from gateway.schema.lineage import Action, Artifact, Context, TrialComponent
from gateway.schema.payloads import (
    AddAssociationPayload,
    AddTagsPayload,
    CreateActionPayload,
    CreateArtifactPayload,
    CreateContextPayload,
    CreateTrialComponentPayload,
    DeleteActionPayload,
    DeleteArtifactPayload,
    DeleteAssociationPayload,
    DeleteContextPayload,
    DeleteTagsPayload,
    DeleteTrialComponentPayload,
    UpdateActionPayload,
    UpdateArtifactPayload,
    UpdateContextPayload,
    UpdateTrialComponentPayload,
)
from gateway.schema.scalars import checked_arn, is_given

D = TypeVar("D", bound=Described)


New = argument("What to create.")
Changes = argument("What to change, and how.")
Which = argument("What to delete.")

_mutation = partial(strawberry.federation.mutation, tags=["write"])
"""Declares a mutation with a federation tag, so that a read-only graph can exclude it."""


@strawberry.type(
    description="Changes to the account. The mutations of one request run one after another, and each sees what "
    "earlier ones wrote. The first that fails ends the request: earlier ones stand although `data` is null, later "
    "ones are not tried, and the error's path says which one failed. Only a deletion with `disassociate` that stops "
    "half-way still returns data, and later ones are tried."
)
class Mutation:
    """The root type of mutations."""

    @_mutation(
        description="Creates an artifact. One call. CONFLICT when there is one with this source, or as many artifacts "
        "as AWS allows."
    )
    async def create_artifact(
        self, info: Info, input: Annotated[inputs.CreateArtifactInput, New]
    ) -> CreateArtifactPayload:
        """Create an artifact."""
        return CreateArtifactPayload(artifact=await _create(info, Artifact, input))

    @_mutation(description="Changes an artifact's name and properties. One call.")
    async def update_artifact(
        self, info: Info, input: Annotated[inputs.UpdateArtifactInput, Changes]
    ) -> UpdateArtifactPayload:
        """Update an artifact."""
        return UpdateArtifactPayload(artifact=await _update(info, Artifact, input))

    @_mutation(
        description="Deletes an artifact. One call; with `disassociate`, one more per association and per 100 listed. "
        "CONFLICT when AWS refuses because it has associations."
    )
    async def delete_artifact(
        self, info: Info, input: Annotated[inputs.DeleteArtifactInput, Which]
    ) -> DeleteArtifactPayload:
        """Delete an artifact."""
        if is_given(input.arn) == is_given(input.source):
            raise BadUserInput("give exactly one of `arn` and `source`.", inputs.INPUT)
        if is_given(input.arn):
            return DeleteArtifactPayload(removal=await _delete(info, Artifact, input.arn, input.disassociate))
        if input.disassociate:
            arn = await removal.artifact_of(info.context, request(input)["Source"])
            return DeleteArtifactPayload(removal=await _delete(info, Artifact, arn, disassociate=True))
        answer = await info.context.write("DeleteArtifact", **request(input))
        return DeleteArtifactPayload(removal=Removal(answer["ArtifactArn"], deleted=True))

    @_mutation(
        description="Creates a context. One call. CONFLICT when there is one with this name, or as many contexts as "
        "AWS allows."
    )
    async def create_context(
        self, info: Info, input: Annotated[inputs.CreateContextInput, New]
    ) -> CreateContextPayload:
        """Create a context."""
        return CreateContextPayload(context=await _create(info, Context, input))

    @_mutation(description="Changes a context's description and properties. Two calls.")
    async def update_context(
        self, info: Info, input: Annotated[inputs.UpdateContextInput, Changes]
    ) -> UpdateContextPayload:
        """Update a context."""
        return UpdateContextPayload(context=await _update(info, Context, input))

    @_mutation(
        description="Deletes a context. Two calls; with `disassociate`, one more per association and per 100 listed. "
        "CONFLICT when AWS refuses because it has associations."
    )
    async def delete_context(
        self, info: Info, input: Annotated[inputs.DeleteContextInput, Which]
    ) -> DeleteContextPayload:
        """Delete a context."""
        return DeleteContextPayload(removal=await _delete(info, Context, input.arn, input.disassociate))

    @_mutation(
        description="Creates an action. One call. CONFLICT when there is one with this name, or as many actions as "
        "AWS allows."
    )
    async def create_action(self, info: Info, input: Annotated[inputs.CreateActionInput, New]) -> CreateActionPayload:
        """Create an action."""
        return CreateActionPayload(action=await _create(info, Action, input))

    @_mutation(description="Changes an action's description, status and properties. Two calls.")
    async def update_action(
        self, info: Info, input: Annotated[inputs.UpdateActionInput, Changes]
    ) -> UpdateActionPayload:
        """Update an action."""
        return UpdateActionPayload(action=await _update(info, Action, input))

    @_mutation(
        description="Deletes an action. Two calls; with `disassociate`, one more per association and per 100 listed. "
        "CONFLICT when AWS refuses because it has associations."
    )
    async def delete_action(self, info: Info, input: Annotated[inputs.DeleteActionInput, Which]) -> DeleteActionPayload:
        """Delete an action."""
        return DeleteActionPayload(removal=await _delete(info, Action, input.arn, input.disassociate))

    @_mutation(
        description="Creates a trial component for a run tracked by hand. One call. CONFLICT when there is one with "
        "this name."
    )
    async def create_trial_component(
        self, info: Info, input: Annotated[inputs.CreateTrialComponentInput, New]
    ) -> CreateTrialComponentPayload:
        """Create a trial component."""
        return CreateTrialComponentPayload(trial_component=await _create(info, TrialComponent, input))

    @_mutation(
        description="Changes a trial component's display name, status, times, settings, inputs and outputs. Two calls."
    )
    async def update_trial_component(
        self, info: Info, input: Annotated[inputs.UpdateTrialComponentInput, Changes]
    ) -> UpdateTrialComponentPayload:
        """Update a trial component."""
        return UpdateTrialComponentPayload(trial_component=await _update(info, TrialComponent, input))

    @_mutation(
        description="Deletes a trial component. Two calls; with `disassociate`, which removes its associations and "
        "takes it out of its trials, one more for each of them and per 100 listed. CONFLICT when AWS refuses because "
        "it has any."
    )
    async def delete_trial_component(
        self, info: Info, input: Annotated[inputs.DeleteTrialComponentInput, Which]
    ) -> DeleteTrialComponentPayload:
        """Delete a trial component."""
        return DeleteTrialComponentPayload(removal=await _delete(info, TrialComponent, input.arn, input.disassociate))

    @_mutation(
        description="Adds an association from one vertex to another. One call. NOT_FOUND when either does not exist, "
        "CONFLICT when there is one from the first to the second already, or as many associations as AWS allows."
    )
    async def add_association(
        self, info: Info, input: Annotated[inputs.AddAssociationInput, New]
    ) -> AddAssociationPayload:
        """Add an association."""
        made = _checked_ends(input)
        await info.context.write("AddAssociation", info.context.known.place_of(input.source_arn), **made)
        return AddAssociationPayload(loaders=info.context, made=made)

    @_mutation(description="Deletes an association. One call. NOT_FOUND when there is none between the two.")
    async def delete_association(
        self, info: Info, input: Annotated[inputs.DeleteAssociationInput, Which]
    ) -> DeleteAssociationPayload:
        """Delete an association."""
        ends = _checked_ends(input)
        await info.context.write("DeleteAssociation", info.context.known.place_of(input.source_arn), **ends)
        return DeleteAssociationPayload(source_arn=input.source_arn, destination_arn=input.destination_arn)

    @_mutation(description="Sets tags on any SageMaker resource that has an ARN. One call.")
    async def add_tags(
        self, info: Info, input: Annotated[inputs.AddTagsInput, argument("The resource to tag, and the tags.")]
    ) -> AddTagsPayload:
        """Add tags."""
        checked_arn(input.resource_arn, f"{inputs.INPUT}.resourceArn")
        await info.context.write("AddTags", info.context.known.place_of(input.resource_arn), **request(input))
        return AddTagsPayload(loaders=info.context, arn=input.resource_arn)

    @_mutation(description="Removes tags from any SageMaker resource that has an ARN. One call.")
    async def delete_tags(
        self,
        info: Info,
        input: Annotated[inputs.DeleteTagsInput, argument("The resource to remove tags from, and which.")],
    ) -> DeleteTagsPayload:
        """Delete tags."""
        checked_arn(input.resource_arn, f"{inputs.INPUT}.resourceArn")
        await info.context.write("DeleteTags", info.context.known.place_of(input.resource_arn), **request(input))
        return DeleteTagsPayload(loaders=info.context, arn=input.resource_arn)


async def _create(info: Info, shows: type[D], input: Any) -> D:
    """Create an entity from an input; the entity's fields are loaded as they are selected."""
    answer = await info.context.write(f"Create{shows.kind.name}", **request(input))
    return shows(loaders=info.context, key=answer[shows.kind.arn])  # type: ignore[call-arg]


async def _update(info: Info, shows: type[D], input: Any) -> D:
    checked_arn(input.arn, f"{inputs.INPUT}.arn", shows.kind)
    changes = request(input)
    found = await removal.own(info.context, shows.kind, input.arn)
    await info.context.write(f"Update{shows.kind.name}", found.place, **found.parameters, **changes)
    return shows(loaders=info.context, key=found.arn)  # type: ignore[call-arg]


async def _delete(info: Info, shows: type[Described], arn: str, disassociate: bool) -> Removal:  # noqa: FBT001
    """Delete a vertex; if that fails after associations were removed, add the error to the response."""
    checked_arn(arn, f"{inputs.INPUT}.arn", shows.kind)
    removed = await removal.remove(info.context, shows.kind, arn, disassociate=disassociate)
    if removed.error:
        info.context.add_error(removed.error, info)
    return removed


def _checked_ends(input: inputs.AddAssociationInput | inputs.DeleteAssociationInput) -> dict[str, str]:
    checked_arn(input.source_arn, f"{inputs.INPUT}.sourceArn", *LINEAGE)
    checked_arn(input.destination_arn, f"{inputs.INPUT}.destinationArn", *LINEAGE)
    return request(input)
