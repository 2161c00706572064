"""The store: what survives, which account owns it, and that every query uses an index."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Timer
from typing import Any

import httpx
import orjson
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from graphs import arn, artifact, artifact_arn, association, component, component_arn, context
from local_conftest import client, load

from gateway.local import protocol, store, transfer
from gateway.local.identity import prepare
from gateway.local.server import LocalServer
from gateway.local.service import Service
from gateway.local.store import Store, StoreError

ACCOUNT, REGION = "123456789012", "us-east-1"

SERVING = """
import sys
from gateway.local.server import serve
serve(host="127.0.0.1", port=0, grace_seconds=1, announce=lambda url: print(url, flush=True), store=sys.argv[1])
"""

SMALL_DISK = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n{SERVING}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lineage.sqlite"


def test_file_survives_a_restart(path: Path) -> None:
    with LocalServer(store=path) as local:
        load(local, artifact(1), artifact(2), association(artifact_arn(1), artifact_arn(2)))
        made = client(local.url).create_artifact(ArtifactType="t", Source={"SourceUri": "s3://x"})["ArtifactArn"]
        token = client(local.url).list_artifacts(MaxResults=1)["NextToken"]
        exported = httpx.get(f"{local.url}/_local/export").content
    with LocalServer(store=str(path)) as local:
        assert httpx.get(f"{local.url}/_local/export").content == exported
        again = client(local.url)
        assert again.describe_artifact(ArtifactArn=made)
        assert len(again.list_associations()["AssociationSummaries"]) == 1
        assert len(again.list_artifacts(NextToken=token)["ArtifactSummaries"]) == 2
        assert not local.calls.keys() & {"CreateArtifact"}


def test_walks_survive_a_restart(path: Path) -> None:
    request = {"StartArns": [artifact_arn(0)], "MaxResults": 3}
    with LocalServer(store=path) as local:
        load(local, *(artifact(number) for number in range(7)))
        load(local, *(association(artifact_arn(0), artifact_arn(number)) for number in range(1, 7)))
        token = client(local.url).query_lineage(**request)["NextToken"]
    with LocalServer(store=path) as local:
        page = client(local.url).query_lineage(**request, NextToken=token)
        assert [vertex["Arn"] for vertex in page["Vertices"]] == [artifact_arn(number) for number in (3, 4, 5)]


def test_kill_loses_nothing_acknowledged(path: Path) -> None:
    acknowledged = []
    with subprocess.Popen([sys.executable, "-c", SERVING, str(path)], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout
        sagemaker = client(process.stdout.readline().strip())
        Timer(0.5, process.kill).start()
        with suppress(BotoCoreError):
            for number in range(3000):
                name = f"a{number}"
                sagemaker.create_action(ActionName=name, ActionType="t", Source={"SourceUri": "s3://x"})
                acknowledged.append(name)
        assert process.wait() == -signal.SIGKILL
    assert 0 < len(acknowledged) < 3000
    with LocalServer(store=path) as local:
        for name in acknowledged:
            assert client(local.url).describe_action(ActionName=name)


def test_full_disk_keeps_no_part_of_imports(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", SMALL_DISK, str(path)], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout
        url = process.stdout.readline().strip()
        answer = httpx.post(f"{url}/_local/import", content=b"\n".join(map(orjson.dumps, map(artifact, range(3000)))))
        assert client(url).list_artifacts()["ArtifactSummaries"] == []
        process.terminate()
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "STORE_FAILED")


def test_times_increase_over_restarts(path: Path) -> None:
    first = Store(str(path), ACCOUNT, REGION)
    service = Service(first, ACCOUNT, REGION)
    source = {"SourceUri": "s3://x"}
    for number in range(50):  # faster than the clock ticks
        name = f"c{number}"
        protocol.call(service, "CreateContext", {"ContextName": name, "ContextType": "t", "Source": source})
    last = first.now() - 1
    first.close()
    second = Store(str(path), ACCOUNT, REGION)
    assert second.now() > last
    second.close()


def test_used_file_is_refused(path: Path) -> None:
    with LocalServer(store=path), pytest.raises(StoreError, match="in use by another process"):
        LocalServer(store=path).start()
    with LocalServer(store=path) as local:
        assert client(local.url).list_artifacts()


def test_one_of_two_starters_wins(path: Path) -> None:
    loser = sqlite3.connect(path, check_same_thread=False)
    loser.execute("PRAGMA locking_mode = EXCLUSIVE")
    assert loser.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)  # from here on it has a lock
    closing_soon = Timer(0.2, loser.close)
    closing_soon.start()
    Store(str(path)).close()
    closing_soon.join()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"account": "999999999999"}, "belongs to account 123456789012"),
        ({"region": "eu-west-1"}, "belongs to account 123456789012 in us-east-1"),
    ],
)
def test_other_accounts_file_is_refused(path: Path, options: dict[str, str], reason: str) -> None:
    with LocalServer(store=path):
        pass
    with pytest.raises(StoreError, match=reason):
        LocalServer(store=path, **options).start()


def test_file_records_its_account(path: Path) -> None:
    with LocalServer(store=path, account="999999999999", region="eu-west-1"):
        pass
    with LocalServer(store=path) as local:
        [group] = client(local.url).list_lineage_groups()["LineageGroupSummaries"]
        assert group["LineageGroupArn"].startswith("arn:aws:sagemaker:eu-west-1:999999999999:")


def test_read_only_file_is_refused(path: Path) -> None:
    Store(str(path), ACCOUNT, REGION).close()
    path.chmod(0o444)
    command = [sys.executable, "-m", "gateway", "local", "--port", "0", "--store", str(path)]
    if os.access(path, os.W_OK):  # as root, to whom modes do not apply without this
        if not shutil.which("setpriv"):
            pytest.skip("setpriv is not there, and root may write to read-only files.")
        command = ["setpriv", "--bounding-set=-dac_override", *command]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert told.returncode == 2
    assert "is read-only" in told.stderr


def test_other_versions_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(str(path), ACCOUNT, REGION).close()
    monkeypatch.setattr(store, "VERSION", 2)
    with pytest.raises(StoreError, match="holds version 1 "):
        Store(str(path), ACCOUNT, REGION)


def test_other_files_are_refused(path: Path, tmp_path: Path) -> None:
    path.write_text("something else, and long enough to be no database by any means\n" * 20)
    with pytest.raises(StoreError, match="not a database"):
        Store(str(path), ACCOUNT, REGION)
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(StoreError, match="no store"):
        Store(str(tmp_path / "other.sqlite"), ACCOUNT, REGION)
    with pytest.raises(StoreError, match="unable to open"):
        Store(str(tmp_path / "no" / "folder"), ACCOUNT, REGION)


def test_failed_requests_leave_nothing(service: LocalServer) -> None:
    sagemaker = client(service.url)
    tags = [{"Key": f"k{number}", "Value": ""} for number in range(49)] + [{"Key": "aws:x", "Value": ""}]
    with pytest.raises(ClientError):
        sagemaker.create_context(ContextName="c", ContextType="t", Source={"SourceUri": "s3://x"}, Tags=tags)
    assert sagemaker.list_contexts()["ContextSummaries"] == []
    assert sagemaker.list_tags(ResourceArn=arn("context", "c"))["Tags"] == []


# Every query uses an index. SQLite keeps no statistics here, so its plans are the same for a store of any size.


class Watched:
    """A service whose SQLite query plans can be read."""

    def __init__(self, lines: list[dict[str, Any]]) -> None:
        self.store = Store(None, ACCOUNT, REGION)
        self.service = Service(self.store, ACCOUNT, REGION)
        prepare(self.service)
        transfer.load(self.service, [orjson.dumps(line) for line in lines])

    def plans(self, operation: str, request: dict[str, Any]) -> list[str]:
        """Return the plan steps of every query that an operation's first two pages make."""
        asked: list[tuple[str, Any]] = []
        rows = self.store.rows

        def watched(sql: str, parameters: Any = ()) -> list[Any]:
            asked.append((sql, parameters))
            return rows(sql, parameters)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.store, "rows", watched)
            page = protocol.call(self.service, operation, request)
            if "NextToken" in page:
                protocol.call(self.service, operation, request | {"NextToken": page["NextToken"]})
        return [row[3] for sql, parameters in asked for row in rows(f"EXPLAIN QUERY PLAN {sql}", parameters)]


@pytest.fixture
def watched() -> Iterator[Watched]:
    lines = [artifact(1), artifact(2), component("one"), context("c")]
    lines += [association(ONE, TWO), association(TWO, ONE)]
    lines += [{"entity": "Experiment", "record": {"ExperimentName": "e"}}]
    lines += [{"entity": "Trial", "record": {"TrialName": "t", "ExperimentName": "e"}}]
    made = Watched(lines)
    yield made
    made.store.close()


ONE, TWO = artifact_arn(1), artifact_arn(2)
OUT, IN = {"SourceArn": ONE}, {"DestinationArn": ONE}


def looked_up(name: str, value: str) -> dict[str, Any]:
    filters = [{"Name": name, "Operator": "In", "Value": value}, {"Name": name, "Value": value}]
    return {"Resource": "ExperimentTrialComponent", "SearchExpression": {"Filters": filters, "Operator": "Or"}}


@pytest.mark.parametrize(
    ("operation", "request_", "index"),
    [
        ("DescribeArtifact", {"ArtifactArn": ONE}, "entity_1 (arn=?)"),
        ("DescribeContext", {"ContextName": "c"}, "entity_by_name (kind=? AND listed=? AND name=?)"),
        ("CreateContext", {"ContextName": "d", "ContextType": "t", "Source": {"SourceUri": "u"}}, "entity_1 (arn=?)"),
        ("CreateArtifact", {"ArtifactType": "t", "Source": {"SourceUri": "u"}}, "entity_by_source"),
        ("DeleteContext", {"ContextName": "c"}, "association_to (destination=?)"),
        ("DeleteTrial", {"TrialName": "t"}, "m USING PRIMARY KEY (trial=?)"),
        ("DeleteTrialComponent", {"TrialComponentName": "one"}, "membership_by_component (component=?)"),
        ("AddAssociation", OUT | IN, "association_1 (source=? AND destination=?)"),
        ("ListAssociations", {}, "association_by_time"),
        ("ListAssociations", OUT, "association_from_by_time (source=?)"),
        ("ListAssociations", OUT | {"CreatedAfter": 5}, "association_from_by_time (source=? AND created>?)"),
        ("ListAssociations", OUT | {"SortBy": "DestinationArn"}, "association_1 (source=?)"),
        ("ListAssociations", OUT | {"DestinationType": "Model"}, "association_from_by_time (source=?)"),
        ("ListAssociations", OUT | {"AssociationType": "Produced"}, "association_from_by_time (source=?)"),
        ("ListAssociations", OUT | {"DestinationArn": TWO}, "association_1 (source=? AND destination=?)"),
        ("ListAssociations", IN, "association_to_by_time (destination=?)"),
        ("ListAssociations", IN | {"SortBy": "SourceArn"}, "association_to (destination=?)"),
        ("ListAssociations", IN | {"SourceType": "Model"}, "association_to_by_time (destination=?)"),
        ("ListAssociations", {"SourceType": "DataSet"}, "association_by_source_type (source_type=?)"),
        ("ListAssociations", {"DestinationType": "DataSet"}, "association_by_destination_type (destination_type=?)"),
        ("ListAssociations", {"AssociationType": "Produced"}, "association_by_type (type=?)"),
        ("ListAssociations", {"SortBy": "SourceArn"}, "association_1"),
        ("ListAssociations", {"SortBy": "DestinationArn"}, "association_to"),
        ("ListAssociations", {"SortBy": "SourceType"}, "association_by_source_type"),
        ("ListArtifacts", {}, "entity_by_time (kind=? AND listed=?)"),
        ("ListArtifacts", {"CreatedAfter": 5}, "entity_by_time (kind=? AND listed=? AND created>?)"),
        ("ListArtifacts", {"SourceUri": "u"}, "entity_by_source (kind=? AND listed=? AND source=?)"),
        ("ListArtifacts", {"ArtifactType": "t"}, "entity_by_type (kind=? AND listed=? AND type=?)"),
        ("ListArtifacts", {"SourceUri": "u", "ArtifactType": "t"}, "entity_by_source"),
        ("ListContexts", {"SortBy": "Name"}, "entity_by_name (kind=? AND listed=?)"),
        ("ListTrialComponents", {"SourceArn": "s"}, "entity_by_source (kind=? AND listed=? AND source=?)"),
        ("ListTrials", {"ExperimentName": "e"}, "entity_by_parent (kind=? AND listed=? AND parent=?)"),
        ("ListModelPackages", {"ModelPackageGroupName": "g"}, "entity_by_parent (kind=? AND listed=? AND parent=?)"),
        ("ListTags", {"ResourceArn": ONE}, "PRIMARY KEY (arn=?)"),
        ("QueryLineage", {"StartArns": [ONE]}, "association_to (destination=? AND source>?)"),
        (
            "QueryLineage",
            {"StartArns": [ONE], "Filters": {"Types": ["t"]}},
            "association_1 (source=? AND destination>?)",
        ),
        ("Search", looked_up("TrialComponentArn", component_arn("one")), "entity_1 (arn=?)"),
        ("Search", looked_up("TrialComponentName", "one"), "entity_by_name (kind=? AND listed=? AND name=?)"),
        ("Search", looked_up("Source.SourceArn", "s"), "entity_by_source (kind=? AND listed=? AND source=?)"),
    ],
)
def test_every_query_uses_indexes(watched: Watched, operation: str, request_: dict[str, Any], index: str) -> None:
    small = {"MaxResults": 1} if operation.startswith("List") and operation != "ListTags" else {}
    plans = watched.plans(operation, request_ | small)
    assert any(f"USING INDEX sqlite_autoindex_{index}" in step or index in step for step in plans), plans
    for step in plans:
        assert "TEMP B-TREE" not in step, plans
        assert "USING" in step or not step.startswith(("SCAN a", "SCAN e", "SCAN m", "SCAN t", "SEARCH")), plans


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("ListTrialComponents", {"TrialName": "t"}),
        ("ListTrialComponents", {"ExperimentName": "e"}),
        ("ListTrials", {"TrialComponentName": "one"}),
    ],
)
def test_parts_are_found_by_name(watched: Watched, operation: str, request_: dict[str, Any]) -> None:
    by_name = "SEARCH entity USING INDEX entity_by_name (kind=? AND listed=? AND name=?)"
    plans = watched.plans(operation, request_)
    assert plans.count(by_name) == 2, plans
    assert not any("entity_by_time" in step or step.startswith("SCAN") for step in plans), plans


@pytest.mark.parametrize("name", ["Parents.TrialName", "Parents.ExperimentName"])
def test_parents_are_searched_by_membership(watched: Watched, name: str) -> None:
    plans = watched.plans("Search", looked_up(name, "t"))
    assert "SEARCH entity USING INDEX entity_by_name (kind=? AND listed=? AND name=?)" in plans, plans
    assert not any("entity_by_time" in step for step in plans), plans


def test_next_search_page_reads_only_itself(watched: Watched) -> None:
    transfer.load(watched.service, map(orjson.dumps, (component(name) for name in ("two", "three"))))
    request = {"Resource": "ExperimentTrialComponent", "MaxResults": 1}
    token = protocol.call(watched.service, "Search", request)["NextToken"]
    plans = watched.plans("Search", request | {"NextToken": token})
    assert any("entity_1 (arn=?)" in step for step in plans), plans
    assert not any("kind=?" in step and "name=?" not in step for step in plans), plans


def test_next_walk_page_reads_only_itself(watched: Watched) -> None:
    lines = [artifact(3), association(ONE, artifact_arn(3))]
    transfer.load(watched.service, map(orjson.dumps, lines))
    request = {"StartArns": [ONE], "MaxDepth": 1, "MaxResults": 1}
    token = protocol.call(watched.service, "QueryLineage", request)["NextToken"]
    plans = watched.plans("QueryLineage", request | {"NextToken": token})
    assert not any("source>?" in step or "destination>?" in step for step in plans), plans


def test_foreign_database_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "theirs.sqlite"
    with closing(sqlite3.connect(path)) as theirs:
        theirs.execute("CREATE TABLE t (x)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="no store"):
        Store(str(path), "123456789012", "us-east-1")
    assert path.read_bytes() == before


def test_demo_is_seeded_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store.sqlite"

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("gateway.local.demo._make_by_hand", full)
        with pytest.raises(sqlite3.OperationalError):
            LocalServer(store=store, demo=True).start()
    with LocalServer(store=store, demo=True) as again:
        assert len(httpx.get(f"{again.url}/_local/export").text.splitlines()) > 100
