"""README's IAM policy allows exactly the operations that the gateway's code can call."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from botocore.session import Session

from gateway.aws.kinds import KINDS, LINEAGE

ROOT = Path(__file__).parents[1]
SAGEMAKER = Session().get_service_model("sagemaker")
OPERATIONS = set(SAGEMAKER.operation_names)
WRITES = ("Add", "Create", "Delete", "Disassociate", "Update")


def possible_values(node: ast.AST) -> Iterator[str]:
    """Return an expression's possible values: a string itself, and ``f"Create{kind.name}"`` for each kind of vertex."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.JoinedStr) and len(node.values) == 2 and isinstance(node.values[0], ast.Constant):
        yield from (f"{node.values[0].value}{kind.name}" for kind in LINEAGE)


def called() -> set[str]:
    """Return every SageMaker operation that the gateway's code names; it cannot call any other."""
    files = [file for file in (ROOT / "gateway").rglob("*.py") if "local" not in file.relative_to(ROOT).parts]
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    return {name for node in nodes for name in possible_values(node)} & OPERATIONS


def statements() -> dict[str, Any]:
    text = (ROOT / "README.md").read_text()
    [policy] = re.findall(r'```json\n(\{\n  "Version": "2012-10-17".*?)```', text, re.DOTALL)
    return {statement["Sid"]: statement for statement in orjson.loads(policy)["Statement"]}


def actions(statement: str) -> list[str]:
    return [action.removeprefix("sagemaker:") for action in statements()[statement]["Action"]]


def test_kinds_operations_are_found() -> None:
    rows = {name for kind in KINDS for name in (kind.describe, kind.list, kind.batch.operation if kind.batch else "")}
    assert rows - {""} <= called()


def test_reading_takes_exactly_these() -> None:
    assert actions("Read") == sorted(name for name in called() if not name.startswith(WRITES))


def test_writing_takes_exactly_these() -> None:
    assert actions("Write") == sorted(name for name in called() if name.startswith(WRITES))


def test_other_accounts_need_their_roles() -> None:
    text = (ROOT / "README.md").read_text()
    accounts = orjson.loads(re.findall(r"GATEWAY_ACCOUNTS='(.*?)'", text, re.DOTALL)[0])
    roles = [account if isinstance(account, str) else account["role_arn"] for account in accounts.values()]
    assert statements()["Assume"] == {
        "Sid": "Assume",
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "Resource": roles,
    }


@pytest.mark.parametrize("statement", ["Read", "Write"])
def test_actions_are_of_the_service(statement: str) -> None:
    prefixes = {action.partition(":")[0] for action in statements()[statement]["Action"]}
    assert prefixes == {SAGEMAKER.signing_name}
    assert set(actions(statement)) <= OPERATIONS
    assert statements()[statement]["Effect"] == "Allow"
