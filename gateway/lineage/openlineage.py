"""Exports a graph as OpenLineage events.

OpenLineage's model has runs of jobs, and datasets that they read and write. A trial component or an action becomes a
job with a single run; an artifact or a context becomes a dataset. An association between a run and a dataset becomes an
input or output in the run's event. An association between two datasets becomes the event of a job without runs that
reads one and writes the other. An association between two runs becomes a dependency of the later run.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TypeVar

from openlineage.client import facet_v2 as facets
from openlineage.client.event_v2 import (
    Dataset,
    DatasetEvent,
    InputDataset,
    Job,
    JobEvent,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
    StaticDataset,
    set_producer,
)
from openlineage.client.serde import Serde

from gateway.aws.kinds import ACTION, ARTIFACT, TRIAL_COMPONENT
from gateway.lineage.graph import ShownEdge
from gateway.lineage.picture import Picture, Vertex

D = TypeVar("D", bound=Dataset)

_SYSTEM = "SAGEMAKER"
"""The integration and tag source in the events."""

_STATES = {
    "InProgress": RunState.RUNNING,
    "Stopping": RunState.RUNNING,
    "Completed": RunState.COMPLETE,
    "Failed": RunState.FAIL,
    "Stopped": RunState.ABORT,
}

set_producer(f"pkg:generic/lineage-gateway@{version('lineage-gateway')}")


def events(picture: Picture) -> Iterator[str]:
    """Yield the events of a graph: of runs, of associations between datasets, and of datasets without associations."""
    vertices = {vertex.arn: vertex for vertex in picture.vertices}
    alone = dict.fromkeys(vertex.arn for vertex in picture.vertices if not _is_run(vertex))
    inputs: dict[str, list[InputDataset]] = defaultdict(list)
    outputs: dict[str, list[OutputDataset]] = defaultdict(list)
    earlier: dict[str, list[Vertex]] = defaultdict(list)
    between_datasets = []
    for edge in picture.edges:
        source, destination = vertices[edge.source], vertices[edge.destination]
        alone.pop(source.arn, None)
        alone.pop(destination.arn, None)
        if _is_run(source) and _is_run(destination):
            earlier[destination.arn].append(source)
        elif _is_run(destination):
            inputs[destination.arn].append(_dataset(InputDataset, source))
        elif _is_run(source):
            outputs[source.arn].append(_dataset(OutputDataset, destination))
        else:
            between_datasets.append(edge)
    as_of = picture.coverage.as_of
    for vertex in filter(_is_run, picture.vertices):
        yield from _run(vertex, as_of, inputs[vertex.arn], outputs[vertex.arn], earlier[vertex.arn])
    for edge in between_datasets:
        yield _association(edge, vertices[edge.source], vertices[edge.destination], as_of)
    for arn in alone:
        yield _line(DatasetEvent(eventTime=_time(as_of), dataset=_dataset(StaticDataset, vertices[arn])))


def _line(event: RunEvent | JobEvent | DatasetEvent) -> str:
    return Serde.to_json(event, separators=(",", ":"))


def _is_run(vertex: Vertex) -> bool:
    return vertex.kind in {ACTION, TRIAL_COMPONENT}


def _run(
    vertex: Vertex,
    as_of: datetime,
    inputs: list[InputDataset],
    outputs: list[OutputDataset],
    earlier: list[Vertex],
) -> Iterator[str]:
    """Yield a run's START event, if its start time is known, and an event with its latest state."""
    record = vertex.record
    state = _STATES.get(record.read("Status.PrimaryStatus" if vertex.kind is TRIAL_COMPONENT else "Status"))
    run, job = Run(_run_id(vertex)), Job(_namespace(vertex), _path(vertex), _job_facets(vertex))
    if state and (began := record.read("StartTime")):
        yield _line(RunEvent(eventType=RunState.START, eventTime=_time(began), run=run, job=job))
    if earlier:
        run = Run(run.runId, {"jobDependencies": _dependencies(earlier)})
    times = (record.read(member) for member in ("EndTime", "LastModifiedTime", "CreationTime"))
    yield _line(
        RunEvent(
            eventType=state or RunState.OTHER,
            eventTime=_time(next(filter(None, times), as_of)),
            run=run,
            job=job,
            inputs=inputs,
            outputs=outputs,
        )
    )


def _association(edge: ShownEdge, source: Vertex, destination: Vertex, as_of: datetime) -> str:
    """Return the event of an association between two datasets: a job that reads one and writes the other."""
    described: dict[str, facets.JobFacet] = {"jobType": _job_type(edge.type or "Association")}
    if edge.hidden_hops:
        described["documentation"] = facets.documentation_job.DocumentationJobFacet(
            f"The shortest way from the one to the other leads over this many hidden vertices: {edge.hidden_hops}."
        )
    job = Job(_namespace(destination), f"association/{source.arn}/{destination.arn}", described)
    return _line(
        JobEvent(
            eventTime=_time(as_of),
            job=job,
            inputs=[_dataset(InputDataset, source)],
            outputs=[_dataset(OutputDataset, destination)],
        )
    )


def _run_id(vertex: Vertex) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, vertex.arn))


def _namespace(vertex: Vertex) -> str:
    _, _, _, region, account, _ = vertex.arn.split(":", 5)
    return f"sagemaker.{region}.{account}"


def _path(vertex: Vertex) -> str:
    """Return the part of the ARN that is unique in its account and region, such as ``action/approve``."""
    return vertex.arn.split(":", 5)[5]


def _job_facets(vertex: Vertex) -> dict[str, facets.JobFacet]:
    tags = {"arn": vertex.arn, "sourceUri": vertex.source_uri}
    found: dict[str, facets.JobFacet] = {
        "jobType": _job_type(vertex.type or vertex.kind.name),
        "tags": facets.tags_job.TagsJobFacet(
            [facets.tags_job.TagsJobFacetFields(key, value, _SYSTEM) for key, value in tags.items() if value]
        ),
    }
    if text := vertex.record.read("Description") or vertex.record.read("DisplayName"):
        found["documentation"] = facets.documentation_job.DocumentationJobFacet(text)
    return found


def _job_type(type: str) -> facets.JobFacet:
    return facets.job_type_job.JobTypeJobFacet(processingType="BATCH", integration=_SYSTEM, jobType=type)


def _dependencies(earlier: list[Vertex]) -> facets.RunFacet:
    jobs = facets.job_dependencies_run
    return jobs.JobDependenciesRunFacet(
        upstream=[
            jobs.JobDependency(
                job=jobs.JobIdentifier(_namespace(vertex), _path(vertex)),
                run=jobs.RunIdentifier(_run_id(vertex)),
                dependency_type="IMPLICIT_DEPENDENCY",
            )
            for vertex in earlier
        ]
    )


def _dataset(role: type[D], vertex: Vertex) -> D:
    """Return a vertex as a dataset, with its ARN, the only unique name, as a symlink."""
    identifier = facets.symlinks_dataset.Identifier(_namespace(vertex), vertex.arn, vertex.kind.name)
    found: dict[str, facets.DatasetFacet] = {
        "datasetType": facets.dataset_type_dataset.DatasetTypeDatasetFacet(
            vertex.type or vertex.kind.name, vertex.kind.name
        ),
        "symlinks": facets.symlinks_dataset.SymlinksDatasetFacet([identifier]),
    }
    if text := vertex.record.read("Description") or vertex.name:
        found["documentation"] = facets.documentation_dataset.DocumentationDatasetFacet(text)
    if states := vertex.record.read("Source.SourceTypes"):
        found["version"] = facets.dataset_version_dataset.DatasetVersionDatasetFacet(states[0]["Value"])
    return role(*_dataset_name(vertex), facets=found)


def _dataset_name(vertex: Vertex) -> tuple[str, str]:
    """Return a dataset's namespace and name; for an S3 URI bucket and key, by OpenLineage's naming convention."""
    uri = vertex.source_uri if vertex.kind is ARTIFACT else None
    if uri and uri.startswith("s3://"):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return f"s3://{bucket}", key.removesuffix("/") or "/"
    return _namespace(vertex), uri or _path(vertex)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
