"""Warm runners of one worker, one for each toolkit version that it used lately."""

from __future__ import annotations

import time
from collections import OrderedDict

from django.conf import settings

from toolbox import metrics
from toolkits.bundles import trust
from toolkits.runtime.process import RunnerProcess
from toolkits.runtime.process_tree import cpu_seconds
from toolkits.runtime.spec import RunnerSpec

_LARGEST = 8


class RunnerPool:
    """Hands out a runner for one request at a time, started anew or still warm."""

    def __init__(self) -> None:
        self._idle: OrderedDict[RunnerSpec, RunnerProcess] = OrderedDict()
        self._latest: RunnerProcess | None = None

    @property
    def warm(self) -> int:
        """How many runners wait for work."""
        return len(self._idle)

    @property
    def start_ms(self) -> float | None:
        """How long the last started runner took until it was ready, if one was."""
        return self._latest.ready_ms if self._latest else None

    def acquire(self, spec: RunnerSpec) -> RunnerProcess:
        """Return a runner for ``spec``.

        Raises ``OSError`` when none can be started, ``BundleError`` when the files on disk are
        not what was installed or their signature is no longer good enough.
        """
        runner = self._idle.pop(spec, None)
        if runner is not None:
            if runner.alive:
                return runner
            runner.end()
        # A newer version of the same toolkit replaces the runners of older ones.
        for other in [idle for idle in self._idle if idle.slug == spec.slug]:
            self._idle.pop(other).end()
        if spec.digest:
            trust.still_good(spec.bundle, spec.digest)
        metrics.count("toolbox_runner_starts", spec.slug)
        self._latest = RunnerProcess(spec)
        return self._latest

    def release(self, runner: RunnerProcess) -> None:
        """Take a runner back: keep it warm, or end it when it has done its share."""
        if not runner.alive or self._worn(runner) or runner.spec in self._idle:
            runner.end()
            return
        self._idle[runner.spec] = runner
        while len(self._idle) > _LARGEST:
            self._idle.popitem(last=False)[1].end()

    def _worn(self, runner: RunnerProcess) -> bool:
        if runner.jobs >= settings.TOOLKIT_RUNNER_MAX_JOBS:
            return True
        return cpu_seconds(runner.code_pid or runner.pid) > settings.TOOLKIT_RUNNER_CPU_SECONDS / 2

    def idle(self) -> list[tuple[str, str]]:
        """Toolkit and version of the runners that are warm; may be asked by another thread."""
        return [(spec.slug, spec.version) for spec in list(self._idle)]

    def retire_idle(self) -> None:
        """End runners that were not used for a while or that died while idle."""
        oldest = time.monotonic() - settings.TOOLKIT_RUNNER_IDLE_SECONDS
        for spec, runner in list(self._idle.items()):
            if not runner.alive or runner.used_at < oldest:
                self._idle.pop(spec).end()

    def close(self) -> None:
        """End every runner."""
        while self._idle:
            self._idle.popitem()[1].end()
