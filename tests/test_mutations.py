"""Mutations: their effects, their calls and their errors."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from conftest import Ask, asking, expecting_data, expecting_error, running
from endpoint import SILENCE, answer, endpoint
from fault_proxy import fault_proxy
from graphql import build_schema
from graphs import action, arn, artifact, artifact_arn, association, component_arn, context

from gateway import schema
from gateway.local.server import LocalServer
from gateway.settings import Settings

HERE = arn("context", "here")
THERE = arn("context", "there")
ELSEWHERE = HERE.replace("123456789012", "999999999999")

CREATE = """mutation($name: String!) {
  createContext(input: {name: $name, type: "Endpoint", source: {sourceUri: "s3://bucket/x"}}) { context { arn } }
}"""
UPDATE = 'mutation($arn: Arn!) { updateContext(input: {arn: $arn, description: "new"}) { context { description } } }'
DELETE = "mutation($arn: Arn!) { deleteContext(input: {arn: $arn}) { arn deleted removedAssociations { type } } }"
ADD = """mutation($from: Arn!, $to: Arn!) {
  addAssociation(input: {sourceArn: $from, destinationArn: $to, type: DERIVED_FROM}) {
    association { id type source { arn } destination { arn } }
  }
}"""
REMOVE = """mutation($from: Arn!, $to: Arn!) {
  deleteAssociation(input: {sourceArn: $from, destinationArn: $to}) { sourceArn destinationArn }
}"""


def test_schema_has_none_by_default() -> None:
    assert build_schema(schema.build(Settings()).sdl).mutation_type is None
    assert not [
        name for name in build_schema(schema.build(Settings()).sdl).type_map if name.endswith(("Payload", "TagInput"))
    ]


async def test_mutation_is_unknown_by_default(refused: Ask, calls: Counter[str]) -> None:
    await refused(CREATE, "GRAPHQL_VALIDATION_FAILED", name="new")
    assert not calls


@pytest.mark.parametrize("accept", ["*/*", "application/graphql-response+json", "text/event-stream"])
async def test_get_refuses_mutations(writable: httpx.AsyncClient, calls: Counter[str], accept: str) -> None:
    document = f"query Q {{ __typename }} {CREATE.replace('mutation', 'mutation M')}"
    asked = {"query": document, "variables": '{"name": "new"}'}
    response = await writable.get("/graphql", params=asked | {"operationName": "M"}, headers={"accept": accept})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["BAD_USER_INPUT"]
    response = await writable.get("/graphql", params=asked | {"operationName": "Q"})
    assert response.json() == {"data": {"__typename": "Query"}}
    assert not calls


async def test_bare_write_is_one_call(change: Ask, calls: Counter[str]) -> None:
    assert await change(CREATE, name="here") == {"createContext": {"context": {"arn": HERE}}}
    assert calls == {"CreateContext": 1}
    await change(CREATE, name="there")
    data = await change(ADD, **{"from": HERE, "to": THERE})
    ends = {"source": {"arn": HERE}, "destination": {"arn": THERE}}
    assert data["addAssociation"]["association"].pop("id")
    assert data == {"addAssociation": {"association": {"type": "DERIVED_FROM"} | ends}}
    data = await change(REMOVE, **{"from": HERE, "to": THERE})
    assert data == {"deleteAssociation": {"sourceArn": HERE, "destinationArn": THERE}}
    assert calls == {"CreateContext": 2, "AddAssociation": 1, "DeleteAssociation": 1}


async def test_named_write_checks_its_account(change: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(context("here"))
    assert await change(UPDATE, arn=HERE) == {"updateContext": {"context": {"description": "new"}}}
    assert calls == {"DescribeContext": 2, "UpdateContext": 1}
    calls.clear()
    data = await change(DELETE, arn=HERE)
    assert data == {"deleteContext": {"arn": HERE, "deleted": True, "removedAssociations": []}}
    assert calls == {"DescribeContext": 1, "DeleteContext": 1}


async def test_other_accounts_namesake_is_untouched(
    unchanged: Ask, ask: Ask, load: Callable[..., None], calls: Counter[str]
) -> None:
    load(context("here"), context("here", ContextArn=ELSEWHERE))
    for document in (UPDATE, DELETE, DELETE.replace("$arn}", "$arn, disassociate: true}")):
        await unchanged(document, "NOT_FOUND", arn=ELSEWHERE)
    assert calls == {"DescribeContext": 3}
    assert await ask('{ context(name: "here") { description } }') == {"context": {"description": None}}


async def test_association_is_read_when_selected(change: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(context("here"), context("there"))
    document = """mutation($from: Arn!, $to: Arn!) {
      addAssociation(input: {sourceArn: $from, destinationArn: $to}) {
        association { type ... on Association { creationTime createdBy { iamIdentity { arn } } } }
      }
    }"""
    data = await change(document, **{"from": HERE, "to": THERE})
    found = data["addAssociation"]["association"]
    assert (found["type"], bool(found["creationTime"]), bool(found["createdBy"])) == (None, True, True)
    assert calls == {"AddAssociation": 1, "ListAssociations": 1}


async def test_association_not_listed_yet_is_as_sent() -> None:
    ends = {"from": artifact_arn(1), "to": artifact_arn(2)}
    added = {"SourceArn": ends["from"], "DestinationArn": ends["to"]}
    query = ADD.replace("association { id", "association { creationTime")
    async with endpoint() as aws, running(Settings(local_url=aws.url, cache_url="off", mutations=True)) as client:
        aws.respond_with(*(answer(orjson.dumps(one)) for one in (added, {"AssociationSummaries": []})))
        said = await expecting_data(asking(client))(query, **ends)
    shown = {"creationTime": None, "type": "DERIVED_FROM", "source": {"arn": ends["from"]}}
    assert said == {"addAssociation": {"association": shown | {"destination": {"arn": ends["to"]}}}}


async def test_all_tags_are_returned(change: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(context("here", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]))
    data = await change(
        """mutation($arn: Arn!) {
          addTags(input: {resourceArn: $arn, tags: [{key: "b", value: "3"}, {key: "c", value: ""}]}) {
            tags { key value }
          }
          deleteTags(input: {resourceArn: $arn, tagKeys: ["a", "never"]}) { tags { key value } }
        }""",
        arn=HERE,
    )
    kept = [{"key": "b", "value": "3"}, {"key": "c", "value": ""}]
    assert data == {"addTags": {"tags": [{"key": "a", "value": "1"}, *kept]}, "deleteTags": {"tags": kept}}
    assert calls == {"AddTags": 1, "DeleteTags": 1, "ListTags": 2}


async def test_tagged_resource_is_returned(change: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(context("here", Tags=[{"Key": "a", "Value": "1"}]))
    resource = "resource { id ... on LineageEntity { tags { key } } }"
    data = await change(
        f"""mutation($arn: Arn!) {{
          addTags(input: {{resourceArn: $arn, tags: [{{key: "b", value: ""}}]}}) {{ {resource} }}
          deleteTags(input: {{resourceArn: $arn, tagKeys: ["a"]}}) {{ tags {{ key }} {resource} }}
        }}""",
        arn=HERE,
    )
    both, left = ([{"key": key} for key in keys] for keys in ("ab", "b"))
    assert data["addTags"] == {"resource": {"id": HERE, "tags": both}}
    assert data["deleteTags"] == {"tags": left, "resource": {"id": HERE, "tags": left}}
    assert calls == {"AddTags": 1, "DeleteTags": 1, "ListTags": 2}


async def test_tagged_job_is_no_node(change: Ask) -> None:
    document = """mutation($arn: Arn!) {
      addTags(input: {resourceArn: $arn, tags: [{key: "a", value: ""}]}) { tags { key } resource { id } }
    }"""
    data = await change(document, arn=arn("training-job", "run"))
    assert data == {"addTags": {"tags": [{"key": "a"}], "resource": None}}


READ = """description tags { key } downstream { nodes { name } } artifacts(direction: DOWNSTREAM) { nodes { name } }
  lineage(direction: DOWNSTREAM) { vertices { entity { name } } }"""


async def test_reads_see_earlier_writes(change: Ask, load: Callable[..., None]) -> None:
    load(context("here"), artifact(1))
    document = f"""mutation($here: Arn!, $there: Arn!) {{
      before: updateContext(input: {{arn: $here}}) {{ context {{ {READ} }} }}
      described: updateContext(input: {{arn: $here, description: "new"}}) {{ context {{ {READ} }} }}
      tagged: addTags(input: {{resourceArn: $here, tags: [{{key: "k", value: "v"}}]}}) {{ tags {{ key }} }}
      joined: addAssociation(input: {{sourceArn: $here, destinationArn: $there}}) {{
        association {{ source {{ ... on Context {{ {READ} }} }} }}
      }}
      named: updateArtifact(input: {{arn: $there, name: "other"}}) {{
        artifact {{ name upstream {{ nodes {{ ... on Context {{ {READ} }} }} }} }}
      }}
      parted: deleteArtifact(input: {{arn: $there, disassociate: true}}) {{ deleted }}
      after: updateContext(input: {{arn: $here}}) {{ context {{ {READ} }} }}
    }}"""
    data = await change(document, here=HERE, there=artifact_arn(1))
    alone = {
        "tags": [],
        "description": None,
        "downstream": {"nodes": []},
        "artifacts": {"nodes": []},
        "lineage": {"vertices": [{"entity": {"name": "here"}}]},
    }
    assert data["before"]["context"] == alone
    assert data["described"]["context"] == alone | {"description": "new"}
    assert data["tagged"] == {"tags": [{"key": "k"}]}
    then = alone | {"description": "new", "tags": [{"key": "k"}]}
    assert data["joined"]["association"]["source"] == then | reaching("artifact-1")
    assert data["named"]["artifact"] == {"name": "other", "upstream": {"nodes": [then | reaching("other")]}}
    assert data["parted"] == {"deleted": True}
    assert data["after"]["context"] == then


def reaching(name: str) -> dict[str, Any]:
    found = {"nodes": [{"name": name}]}
    vertices = [{"entity": {"name": "here"}}, {"entity": {"name": name}}]
    return {"downstream": found, "artifacts": found, "lineage": {"vertices": vertices}}


async def test_first_failure_ends_the_request(outcome: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(context("there"))
    input = 'type: "Endpoint", source: {sourceUri: "s3://bucket/x"}'
    said = await outcome(
        f"""mutation {{
          first: createContext(input: {{name: "here", {input}}}) {{ context {{ name }} }}
          second: createContext(input: {{name: "there", {input}}}) {{ context {{ name }} }}
          third: createContext(input: {{name: "nowhere", {input}}}) {{ context {{ name }} }}
        }}"""
    )
    assert said["data"] is None
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [(["second"], "CONFLICT")]
    assert calls == {"CreateContext": 2, "DescribeContext": 1}


EXISTING = [
    ("Artifact", '{name: "a", type: "DataSet", source: {sourceUri: "s3://bucket/1"}}'),
    ("Context", '{name: "here", type: "Endpoint", source: {sourceUri: "s3://bucket/x"}}'),
    ("Action", '{name: "here", type: "Approval", source: {sourceUri: "s3://bucket/x"}}'),
    ("TrialComponent", '{name: "here"}'),
]


@pytest.mark.parametrize(("kind", "input"), EXISTING)
async def test_existing_entity_is_a_conflict(change: Ask, unchanged: Ask, kind: str, input: str) -> None:
    document = f"mutation {{ create{kind}(input: {input}) {{ __typename }} }}"
    await change(document)
    error = await unchanged(document, "CONFLICT")
    assert "already exists" in error["message"]
    assert "try" not in error["message"]


async def test_arguments_do_not_decide_codes(unchanged: Ask, load: Callable[..., None]) -> None:
    constraint = arn("context", "constraint")
    load(context("constraint"), context("there"), association(constraint, THERE))
    await unchanged(DELETE, "CONFLICT", arn=constraint)
    await unchanged(CREATE, "BAD_USER_INPUT", name="already exists")


async def test_existing_association_is_a_conflict(unchanged: Ask, load: Callable[..., None]) -> None:
    load(context("here"), context("there"), association(HERE, THERE))
    await unchanged(ADD, "CONFLICT", **{"from": HERE, "to": THERE})


async def test_exceeded_quota_is_a_conflict(unchanged: Ask, service: LocalServer) -> None:
    target = {"x-amz-target": "SageMaker.CreateContext"}
    async with httpx.AsyncClient(base_url=service.url, headers=target) as client:
        for number in range(500):
            made = {"ContextName": f"c-{number}", "ContextType": "x", "Source": {"SourceUri": "x"}}
            assert (await client.post("/", content=orjson.dumps(made))).status_code == 200
    error = await unchanged(CREATE, "CONFLICT", name="new")
    assert "500" in error["message"]


UNKNOWN = [
    f'updateArtifact(input: {{arn: "{artifact_arn(1)}"}}) {{ __typename }}',
    f'deleteArtifact(input: {{arn: "{artifact_arn(1)}"}}) {{ __typename }}',
    f'deleteArtifact(input: {{arn: "{artifact_arn(1)}", disassociate: true}}) {{ __typename }}',
    'deleteArtifact(input: {source: {sourceUri: "s3://bucket/1"}}) { __typename }',
    'deleteArtifact(input: {source: {sourceUri: "s3://bucket/1"}, disassociate: true}) { __typename }',
    f'updateContext(input: {{arn: "{HERE}"}}) {{ __typename }}',
    f'deleteContext(input: {{arn: "{HERE}", disassociate: true}}) {{ __typename }}',
    f'updateAction(input: {{arn: "{arn("action", "x")}"}}) {{ __typename }}',
    f'deleteAction(input: {{arn: "{arn("action", "x")}"}}) {{ __typename }}',
    f'updateTrialComponent(input: {{arn: "{component_arn("x")}"}}) {{ __typename }}',
    f'deleteTrialComponent(input: {{arn: "{component_arn("x")}"}}) {{ __typename }}',
    f'addAssociation(input: {{sourceArn: "{HERE}", destinationArn: "{THERE}"}}) {{ __typename }}',
    f'deleteAssociation(input: {{sourceArn: "{HERE}", destinationArn: "{THERE}"}}) {{ __typename }}',
]


@pytest.mark.parametrize("field", UNKNOWN)
async def test_missing_entity_is_not_found(unchanged: Ask, field: str) -> None:
    await unchanged(f"mutation {{ {field} }}", "NOT_FOUND")


DENIED = [
    ("Create", f"createContext(input: {EXISTING[1][1]}) {{ __typename }}"),
    ("Update", f'updateAction(input: {{arn: "{arn("action", "x")}"}}) {{ __typename }}'),
    ("Delete", f'deleteArtifact(input: {{arn: "{artifact_arn(1)}"}}) {{ __typename }}'),
    ("Add", f'addAssociation(input: {{sourceArn: "{HERE}", destinationArn: "{THERE}"}}) {{ __typename }}'),
    ("Add", f'addTags(input: {{resourceArn: "{HERE}", tags: []}}) {{ __typename }}'),
]


@pytest.mark.parametrize(("verb", "field"), DENIED)
async def test_denied_write_is_forbidden(
    unchanged: Ask, load: Callable[..., None], service: LocalServer, verb: str, field: str
) -> None:
    load(artifact(1), action("x"))
    service.behaviour.deny = [f"{verb}*:*"]
    error = await unchanged(f"mutation {{ {field} }}", "FORBIDDEN")
    assert "local" not in error["message"]


async def test_failed_write_may_have_happened(service: LocalServer) -> None:
    service.behaviour.fault_rate = 1.0
    async with running(Settings(local_url=service.url, mutations=True, max_attempts=1)) as client:
        error = await expecting_error(asking(client))(CREATE, "UPSTREAM_UNAVAILABLE", name="here")
    assert "It may still have been carried out." in error["message"]


async def test_unanswered_write_may_have_happened() -> None:
    limits: dict[str, Any] = {"deadline_seconds": 0.5, "read_timeout_seconds": 5, "max_attempts": 1}
    async with endpoint() as aws, running(Settings(local_url=aws.url, mutations=True, **limits)) as client:
        aws.respond_with(SILENCE)
        error = await expecting_error(asking(client))(CREATE, "DEADLINE_EXCEEDED", name="here")
    assert "It may still have been carried out." in error["message"]


async def test_lost_response_is_reported(service: LocalServer) -> None:
    async with fault_proxy(service.url) as proxy, running(Settings(local_url=proxy.url, mutations=True)) as client:
        proxy.lost = {"CreateContext", "DeleteContext"}
        error = await expecting_error(asking(client))(CREATE, "CONFLICT", name="here")
        assert "This was try 2; an earlier one whose answer was lost may have succeeded." in error["message"]
        error = await expecting_error(asking(client))(DELETE, "NOT_FOUND", arn=HERE)
        assert "This was try 2" in error["message"]
    assert service.calls == {"CreateContext": 2, "DescribeContext": 1, "DeleteContext": 2}


@pytest.mark.parametrize(
    ("code", "ours"), [("ThrottlingException", "THROTTLED"), ("AccessDeniedException", "FORBIDDEN")]
)
async def test_refused_retry_tells_of_loss(service: LocalServer, code: str, ours: str) -> None:
    async with (
        fault_proxy(service.url) as proxy,
        running(Settings(local_url=proxy.url, mutations=True, max_attempts=3)) as client,
    ):
        refused = expecting_error(asking(client))
        proxy.lost, proxy.refused_later = {"CreateContext"}, {"CreateContext": (code, "no")}
        assert "whose answer was lost may have succeeded" in (await refused(CREATE, ours, name="here"))["message"]
        assert "lost" not in (await refused(CREATE, ours, name="there"))["message"]
    assert service.calls == {"CreateContext": 1}


async def test_lost_response_fails_no_removal(service: LocalServer, load: Callable[..., None]) -> None:
    load(context("here"), context("there"), association(HERE, THERE))
    async with fault_proxy(service.url) as proxy, running(Settings(local_url=proxy.url, mutations=True)) as client:
        proxy.lost = {"DeleteAssociation"}
        data = await expecting_data(asking(client))(DELETE.replace("$arn}", "$arn, disassociate: true}"), arn=HERE)
    assert data["deleteContext"] == {"arn": HERE, "deleted": True, "removedAssociations": [{"type": "CONTRIBUTED_TO"}]}


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("ConflictException", "CONFLICT"),
        ("ResourceInUse", "CONFLICT"),
        ("ResourceLimitExceeded", "CONFLICT"),
        ("ValidationException", "BAD_USER_INPUT"),
        ("AccessDeniedException", "FORBIDDEN"),
    ],
)
async def test_aws_codes_are_translated(service: LocalServer, load: Callable[..., None], code: str, ours: str) -> None:
    load(context("here"))
    async with fault_proxy(service.url) as proxy, running(Settings(local_url=proxy.url, mutations=True)) as client:
        proxy.refused = {"UpdateContext": (code, "no")}
        await expecting_error(asking(client))(UPDATE, ours, arn=HERE)
