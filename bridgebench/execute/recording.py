"""Records of cells that have ended."""

from __future__ import annotations

from bridgebench.execute.cell import Outcome
from bridgebench.execute.records import Record, Status, Value
from bridgebench.plan.model import Plan, PlannedCell


def record_of(plan: Plan, planned: PlannedCell, outcome: Outcome) -> Record:
    """The record of a cell that has ended."""
    failure = outcome.failure
    method = planned.cell.method
    return Record(
        identity=planned.identity,
        key=planned.key,
        status=_status(planned, outcome),
        reason=planned.skip or (failure.reason if failure else ""),
        traceback=failure.traceback if failure else "",
        axes=planned.axes,
        baseline=method.baseline,
        values={
            name: Value(value=score.value, low=score.low, high=score.high)
            for name, score in outcome.scores.items()
        },
        cost=outcome.cost,
        facts={"supervision": method.supervision.value, "latent_std": outcome.latent_std},
        fingerprint=plan.fingerprint,
        provenance=planned.provenance,
    )


def _status(planned: PlannedCell, outcome: Outcome) -> Status:
    if planned.skip:
        return "skipped"
    if outcome.failure is None:
        return "ok"
    return "timeout" if outcome.timed_out else "failed"
