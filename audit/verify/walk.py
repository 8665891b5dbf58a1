"""The walk over the chain, in steps that can be kept and gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from audit import canonical, chain_sql, keys
from audit.models import ChainHead, Checkpoint, CheckpointKind
from audit.verify import ends
from audit.verify.findings import Finding, Kind, span
from audit.verify.suspects import Suspect, judge

CHUNK = 5000
#: Findings beyond this many are counted, not kept.
MOST_FINDINGS = 200


@dataclass
class Report:
    """What a verification found."""

    rows: int = 0
    first: int = 0
    through: int = 0
    findings: list[Finding] = field(default_factory=list)
    count: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return self.count == 0

    def add(self, finding: Finding) -> None:
        """Note a finding."""
        self.count += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)


class Walk:
    """Goes over events in the order of their numbers, up to the head as it was at the start."""

    def __init__(self, state: dict[str, Any] | None = None) -> None:
        self.report = Report()
        self._own = keys.current()
        self._suspects: list[Suspect] = []
        if state:
            self._resume(state)
        else:
            self._begin()
        checkpoints = Checkpoint.objects.filter(
            sequence__gt=self._position, sequence__lte=self.target
        )
        self._signed = dict(checkpoints.order_by("id").values_list("sequence", "hash"))

    def _begin(self) -> None:
        head = ChainHead.objects.filter(pk=1).first()
        self.target = head.sequence if head else 0
        self._target_hash = head.hash if head else canonical.GENESIS
        start = _retention_end()
        self._position, self._before = start or (0, canonical.GENESIS)
        # Whether the hash of the event before is what was sealed, so that the next must follow.
        self._linked, self._excused = True, False
        self.report.first = self._position + 1
        self.report.through = self._position

    def _resume(self, state: dict[str, Any]) -> None:
        self.target, self._target_hash = state["target"], state["target_hash"]
        self._position, self._before = state["position"], state["before"]
        self._linked, self._excused = state["linked"], state["excused"]
        self.report = Report(
            state["rows"],
            state["first"],
            state["position"],
            [Finding.from_dict(data) for data in state["findings"]],
            state["count"],
        )

    def state(self) -> dict[str, Any]:
        """Return where the walk is, as plain data to resume from."""
        return {
            "target": self.target,
            "target_hash": self._target_hash,
            "position": self._position,
            "before": self._before,
            "linked": self._linked,
            "excused": self._excused,
            "rows": self.report.rows,
            "first": self.report.first,
            "count": self.report.count,
            "findings": [finding.as_dict() for finding in self.report.findings],
        }

    def step(self, rows: int = CHUNK) -> bool:
        """Check the next ``rows`` events; returns whether there are more."""
        read = chain_sql.read(chain_sql.SEALED, (self._position, self.target, rows))
        for row in read:
            self._check(row)
        for finding in judge(self._suspects):
            self.report.add(finding)
        self._suspects = []
        self.report.through = self._position
        return len(read) == rows

    def finish(self, outside: Sequence[dict[str, Any]] = ()) -> Report:
        """Check the ends of the chain, its checkpoints and guards; returns the report.

        ``outside`` are checkpoint statements with their signatures that were sent out.
        """
        tail = ends.Tail(self._position, self._before, self.target, self._target_hash)
        for finding in ends.check(tail, outside):
            self.report.add(finding)
        return self.report

    def _check(self, row: Sequence[Any]) -> None:
        event, proof, sequence, sealed = row[0], row[-3], row[-2], row[-1]
        if sequence != self._position + 1:
            self._gap(sequence)
        content = canonical.digest(row)
        proven = self._proven(content, proof, sequence, event)
        if self._linked and canonical.link(sequence, self._before, content, proof) != sealed:
            # What follows an event that was changed and sealed anew cannot follow it.
            if not (self._excused and proven):
                self._suspects.append(
                    Suspect(sequence, event, self._before, content, proof, sealed, proven)
                )
            self._excused = False
        else:
            self._excused = proven is False
            if self._excused:
                self._unproven(sequence, event, proof)
        self._position, self._before, self._linked = sequence, sealed, True
        self.report.rows += 1
        if self._signed.get(sequence, sealed) != sealed:
            text = f"event {sequence} ({event}) or one before it is not what a checkpoint signed"
            self.report.add(Finding(Kind.REWRITTEN, sequence, text, event))

    def _proven(self, content: str, proof: str, sequence: int, event: str) -> bool | None:
        """Whether this installation wrote it; None where a key of before a rotation would say."""
        if proof.startswith(self._own.id):
            return self._own.proves(content, proof)
        return None if proof else False

    def _unproven(self, sequence: int, event: str, proof: str) -> None:
        name = f"event {sequence} ({event})"
        if proof:
            text = f"{name} is not what the platform wrote: it was changed, and hashed anew"
            self.report.add(Finding(Kind.CHANGED, sequence, text, event))
        else:
            text = f"{name} was not written by the platform"
            self.report.add(Finding(Kind.INSERTED, sequence, text, event))

    def _gap(self, sequence: int) -> None:
        """Events are missing, unless retention deleted them while the walk went on."""
        end = _retention_end()
        if end and self._position < end[0] < sequence:
            self._position, self._before = end
            self._linked = True
            if sequence == end[0] + 1:
                return
        first, last = self._position + 1, sequence - 1
        self.report.add(Finding(Kind.REMOVED, first, f"{span(first, last)} missing"))
        self._linked = False


def _retention_end() -> tuple[int, str] | None:
    pruned = Checkpoint.objects.filter(kind=CheckpointKind.RETENTION)
    return pruned.order_by("-sequence", "-id").values_list("sequence", "hash").first()


def verify(outside: Sequence[dict[str, Any]] = ()) -> Report:
    """Verify the whole chain, from its start or the last retention to its head."""
    walk = Walk()
    while walk.step():
        pass
    return walk.finish(outside)
