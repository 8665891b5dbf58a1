"""What a runner is started for: one version of one toolkit."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings

from toolkits.bundles import presence
from toolkits.bundles.environment import sdk_environment
from toolkits.bundles.permissions import Permissions
from toolkits.models import ToolkitVersion

PROTOCOL = 1


@dataclass(frozen=True)
class RunnerSpec:
    """A toolkit version's code and where it runs. Equal specs can share a warm runner."""

    slug: str
    version: str
    bundle: Path
    entry: str
    environment: Path | None = None
    #: What the files must add up to when a runner starts; empty for a bundle just written.
    digest: str = ""
    network: bool = True
    read: tuple[str, ...] = ()

    @classmethod
    def of(cls, version: ToolkitVersion) -> RunnerSpec:
        """The spec of an installed version, which is fetched where this host lacks it.

        Raises ``BundleError``.
        """
        bundle, own = presence.bundle_of(version), presence.environment_of(version)
        return replace(cls.planned(version.manifest, bundle, own), digest=version.digest)

    @classmethod
    def planned(
        cls, manifest: dict[str, Any], bundle: Path, environment: Path | None
    ) -> RunnerSpec:
        """The spec of a bundle with this manifest."""
        asked = Permissions.of(manifest)
        return cls(
            slug=manifest["slug"],
            version=manifest["version"],
            bundle=bundle,
            entry=manifest.get("entry", ""),
            environment=environment,
            network=asked.network,
            read=asked.read,
        )

    def hello(self, workdir: Path) -> dict[str, Any]:
        """The first message to the runner: what to load and which limits to take on."""
        paths = [str(sdk_environment())]
        if self.environment:
            paths.insert(0, str(self.environment))
        uid = settings.TOOLKIT_RUNNER_UID
        return {
            "type": "hello",
            "protocol": PROTOCOL,
            "slug": self.slug,
            "version": self.version,
            "bundle": str(self.bundle),
            "entry": self.entry,
            "paths": paths,
            "workdir": str(workdir),
            "uid": uid,
            "gid": uid,
            "limits": {
                "memory_bytes": settings.TOOLKIT_RUNNER_MEMORY_BYTES,
                "cpu_seconds": settings.TOOLKIT_RUNNER_CPU_SECONDS,
                "open_files": settings.TOOLKIT_RUNNER_OPEN_FILES,
                "processes": settings.TOOLKIT_RUNNER_PROCESSES,
                "file_bytes": settings.TOOLKIT_RUNNER_FILE_BYTES,
            },
            "sandbox": {"read": list(self.read), "network": self.network},
        }

    def environ(self, workdir: Path, inherited: dict[str, str]) -> dict[str, str]:
        """The whole environment of the runner: locale, time zone and its own names."""
        kept = {
            name: value
            for name, value in inherited.items()
            if name in {"LANG", "TZ"} or name.startswith("LC_")
        }
        own = {"HOME": str(workdir), "TMPDIR": str(workdir), "PATH": "/usr/bin:/bin"}
        # Each arena reserves 64 MiB of address space, which the memory limit counts.
        own["MALLOC_ARENA_MAX"] = "2"
        named = {"TOOLKIT_SLUG": self.slug, "TOOLKIT_VERSION": self.version}
        return {"LANG": "C.UTF-8", **kept, **own, **named}

    def command(self, down: int, up: int, leash: int) -> list[str]:
        """The command line: an isolated interpreter on the SDK's runner."""
        python = settings.TOOLKIT_RUNNER_PYTHON or sys.executable
        main = sdk_environment() / "toolkit_sdk" / "runner" / "__main__.py"
        return [python, "-I", "-S", "-B", str(main), *map(str, (down, up, leash))]
