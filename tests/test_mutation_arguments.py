"""Invalid arguments of mutations: the error has a code and the argument's name, and nothing is changed."""

import pytest
from conftest import Ask
from graphql import get_named_type
from graphs import arn, artifact_arn
from shapes import graphql_name
from test_mutation_inputs import CREATED, PREFIXES, Value, input_type, mutation

from gateway.local.server import LocalServer


def arns_of_inputs() -> list[tuple[str, str]]:
    return [
        (operation, name)
        for operation in PREFIXES
        for name, field in input_type(operation).fields.items()
        if get_named_type(field.type).name == "Arn"
    ]


def required(operation: str, name: str, value: str) -> Value:
    """Return an input with only its required fields, and ``value`` as its ARNs."""
    whole: Value = {"sourceArn": artifact_arn(1), "destinationArn": artifact_arn(2), "tags": [], "tagKeys": ["k"]}
    return {field: whole[field] for field in input_type(operation).fields if field in whole} | {name: value}


@pytest.mark.parametrize(("operation", "name"), arns_of_inputs())
@pytest.mark.parametrize("text", ["", "artifact-0", "arn:aws:s3:::bucket", f"{artifact_arn(0)}\n", "\0"])
async def test_malformed_arn_is_refused_by_name(
    unchanged: Ask, service: LocalServer, operation: str, name: str, text: str
) -> None:
    document = f"mutation($input: {operation}Input!) {{ {graphql_name(operation)}(input: $input) {{ __typename }} }}"
    error = await unchanged(document, "BAD_USER_INPUT", input=required(operation, name, text))
    assert error["extensions"]["argument"] == f"input.{name}"
    assert error["message"].startswith(f"input.{name}: ")
    assert not service.calls


@pytest.mark.parametrize(
    ("operation", "name"), [(operation, name) for operation, name in arns_of_inputs() if name != "resourceArn"]
)
async def test_arn_of_another_kind_is_refused(unchanged: Ask, service: LocalServer, operation: str, name: str) -> None:
    document = f"mutation($input: {operation}Input!) {{ {graphql_name(operation)}(input: $input) {{ __typename }} }}"
    error = await unchanged(document, "BAD_USER_INPUT", input=required(operation, name, arn("project", "p")))
    assert error["extensions"]["argument"] == f"input.{name}"
    assert not service.calls


@pytest.mark.parametrize(
    ("kind", "given", "argument"),
    [(kind, given, name) for kind, given, _ in CREATED for name in given if isinstance(given[name], list)],
)
async def test_repeated_key_is_refused(
    unchanged: Ask, service: LocalServer, kind: str, given: Value, argument: str
) -> None:
    twice = given | {argument: given[argument][:1] * 2}
    error = await unchanged(mutation("Create", kind, "{ arn }"), "BAD_USER_INPUT", input=twice)
    assert error["extensions"]["argument"] == f"input.{argument}"
    assert not service.calls


@pytest.mark.parametrize("value", [{}, {"stringValue": "x", "numberValue": 1}, {"stringValue": None}])
async def test_parameter_has_one_value(unchanged: Ask, value: Value) -> None:
    given = {"name": "new", "parameters": [{"key": "p"} | value]}
    error = await unchanged(mutation("Create", "TrialComponent", "{ arn }"), "BAD_USER_INPUT", input=given)
    assert error["extensions"]["argument"] == "input.parameters"


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 400])
async def test_infinite_number_is_refused(unchanged: Ask, service: LocalServer, number: str) -> None:
    document = f"""mutation {{
      createTrialComponent(input: {{ name: "run", parameters: [{{ key: "lr", numberValue: {number} }}] }}) {{
        trialComponent {{ arn }}
      }}
    }}"""
    error = await unchanged(document, "BAD_USER_INPUT")
    assert error["extensions"]["argument"] == "input.parameters"
    assert not service.calls


@pytest.mark.parametrize("given", [{}, {"arn": artifact_arn(1), "source": {"sourceUri": "s3://bucket/1"}}])
async def test_artifact_is_deleted_by_one(unchanged: Ask, given: Value) -> None:
    document = "mutation($input: DeleteArtifactInput!) { deleteArtifact(input: $input) { arn } }"
    error = await unchanged(document, "BAD_USER_INPUT", input=given)
    assert error["extensions"]["argument"] == "input"


@pytest.mark.parametrize(
    ("given", "said"),
    [({"name": "a b"}, "contextName"), ({"name": ""}, "contextName"), ({"description": "x" * 4000}, "description")],
)
async def test_awss_refusal_is_reported(unchanged: Ask, given: Value, said: str) -> None:
    whole = {"name": "new", "type": "Endpoint", "source": {"sourceUri": "s3://bucket/x"}} | given
    error = await unchanged(mutation("Create", "Context", "{ arn }"), "BAD_USER_INPUT", input=whole)
    assert said in error["message"]
