"""Run a round with aioboto3, with concurrent calls where possible; the endpoint is in the environment."""

import asyncio
import sys
from importlib.metadata import version

import aioboto3
from refusals import refused


async def walk() -> None:
    """Create an action with many artifacts, page through them, query them and delete everything."""
    async with aioboto3.Session().client("sagemaker") as sagemaker:
        action = await sagemaker.create_action(
            ActionName="merge", Source={"SourceUri": "s3://bucket/merge"}, ActionType="Merge"
        )
        made = await asyncio.gather(
            *(
                sagemaker.create_artifact(
                    ArtifactName=f"part-{number}",
                    Source={"SourceUri": f"s3://bucket/{number}"},
                    ArtifactType="DataSet",
                    Properties={"number": str(number)},
                    Tags=[{"Key": "number", "Value": str(number)}],
                )
                for number in range(25)
            )
        )
        parts = [answer["ArtifactArn"] for answer in made]
        assert len(set(parts)) == 25
        await asyncio.gather(
            *(
                sagemaker.add_association(
                    SourceArn=part, DestinationArn=action["ActionArn"], AssociationType="ContributedTo"
                )
                for part in parts
            )
        )

        listed = [
            edge["SourceArn"]
            async for page in sagemaker.get_paginator("list_associations").paginate(
                DestinationArn=action["ActionArn"], PaginationConfig={"PageSize": 10}
            )
            for edge in page["AssociationSummaries"]
        ]
        assert sorted(listed) == sorted(parts)

        request = {"StartArns": [action["ActionArn"]], "Direction": "Ascendants", "IncludeEdges": False}
        request["Filters"] = {"LineageTypes": ["Artifact"], "Types": ["DataSet"]}
        reached, token = set(), {}
        while True:
            page = await sagemaker.query_lineage(**request, **token, MaxResults=10)
            reached |= {vertex["Arn"] for vertex in page["Vertices"]}
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        assert reached == set(parts)

        await sagemaker.update_artifact(ArtifactArn=parts[0], PropertiesToRemove=["number"])
        first, *rest = await asyncio.gather(*(sagemaker.describe_artifact(ArtifactArn=part) for part in parts))
        assert not first.get("Properties")
        assert [one["Properties"]["number"] for one in rest] == [str(number) for number in range(1, 25)]
        tags = await asyncio.gather(*(sagemaker.list_tags(ResourceArn=part) for part in parts))
        assert [one["Tags"][0]["Value"] for one in tags] == [str(number) for number in range(25)]

        await asyncio.gather(
            *(sagemaker.delete_association(SourceArn=part, DestinationArn=action["ActionArn"]) for part in parts)
        )
        await asyncio.gather(*(sagemaker.delete_artifact(ArtifactArn=part) for part in parts))
        await sagemaker.delete_action(ActionName="merge")
        assert (await sagemaker.list_artifacts())["ArtifactSummaries"] == []
        with refused("ResourceNotFound"):
            await sagemaker.describe_action(ActionName="merge")


asyncio.run(walk())
sys.stdout.write(version("aioboto3"))
