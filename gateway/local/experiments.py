"""The membership of trial components in trials, and the operations that change it."""

from typing import Any

import orjson

from gateway.local.identity import demand
from gateway.local.kinds import KINDS
from gateway.local.service import Handler, Request, Response, Service
from gateway.local.store import Entity

_TRIAL, _COMPONENT = KINDS["Trial"], KINDS["TrialComponent"]


def associate(service: Service, request: Request) -> Response:
    """Add a trial component to a trial; no effect if it is part of it already.

    Raises:
        NotFoundError: one of them does not exist.
    """
    trial, component = _ends(service, request)
    join(service, *_names(trial, component))
    return _arns(trial, component)


def disassociate(service: Service, request: Request) -> Response:
    """Remove a trial component from a trial; no effect if it is not part of it.

    Raises:
        NotFoundError: one of them does not exist.
    """
    trial, component = _ends(service, request)
    service.store.change("DELETE FROM membership WHERE trial = ? AND component = ?", _names(trial, component))
    return _arns(trial, component)


def _ends(service: Service, request: Request) -> tuple[Entity, Entity]:
    return demand(service, _TRIAL, request["TrialName"]), demand(service, _COMPONENT, request["TrialComponentName"])


def _names(trial: Entity, component: Entity) -> tuple[str, str]:
    return trial.name or "", component.name or ""


def _arns(trial: Entity, component: Entity) -> Response:
    return {"TrialArn": trial.arn, "TrialComponentArn": component.arn}


def join(service: Service, trial: str, component: str, experiment: str | None = None) -> None:
    """Store a membership; the experiment is for trials that the store does not have."""
    service.store.change("INSERT OR REPLACE INTO membership VALUES (?, ?, ?)", (trial, component, experiment))


def leave(service: Service, component: str) -> None:
    """Remove the component from every trial."""
    service.store.change("DELETE FROM membership WHERE component = ?", (component,))


def forget(service: Service, deleted: Entity) -> None:
    """Delete the memberships of a trial or a component that was deleted; other kinds have none."""
    if deleted.kind == _TRIAL.name:
        service.store.change("DELETE FROM membership WHERE trial = ?", (deleted.name,))
    if deleted.kind == _COMPONENT.name:
        leave(service, deleted.name or "")


def parents(service: Service, component: str) -> list[dict[str, str | None]]:
    """The names of the trials that the component is part of, each with its experiment."""
    found = service.store.rows(
        "SELECT m.trial, coalesce(t.parent, m.experiment) FROM membership m"
        " LEFT JOIN entity t ON t.kind = 'Trial' AND t.listed = 1 AND t.name = m.trial"
        " WHERE m.component = ? ORDER BY m.trial",
        (component,),
    )
    return [{"TrialName": trial, "ExperimentName": experiment} for trial, experiment in found]


def components(service: Service, trial: str) -> list[dict[str, Any]]:
    """The TrialComponentSimpleSummary of each component in the trial."""
    found = service.store.rows(
        "SELECT c.record FROM membership m"
        " JOIN entity c ON c.kind = 'TrialComponent' AND c.listed = 1 AND c.name = m.component"
        " WHERE m.trial = ? ORDER BY m.component",
        (trial,),
    )
    records = [orjson.loads(record) for (record,) in found]
    return [record | {"TrialComponentSource": record.get("Source")} for record in records]


OPERATIONS: dict[str, Handler] = {
    "AssociateTrialComponent": associate,
    "DisassociateTrialComponent": disassociate,
}
