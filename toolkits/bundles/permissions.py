"""What a toolkit asks for in its manifest: compared, put in words, and answered from.

Nothing is asked for by default but the network: no secret path, no queue beside the ordinary
ones, no file of the host. ``held`` tells which parts this host holds it to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from toolkits.runtime import kernel

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: Queues that every toolkit may use without asking.
ORDINARY_QUEUES = frozenset({"default", "low", "interactive"})

#: What a toolkit may be told of the platform itself, in words.
PLATFORM = {
    "health": "see how the platform is: its dependencies, queues, workers, scheduler and runners",
}


@dataclass(frozen=True)
class Permissions:
    """What is asked for. ``vault`` holds prefixes below the toolkit's own path, or, beginning
    with ``shared/``, of secrets that toolkits share; ``read`` holds absolute paths of the host,
    ``platform`` what it may be told of the platform itself."""

    vault: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    network: bool = True
    read: tuple[str, ...] = ()
    platform: tuple[str, ...] = ()

    @classmethod
    def of(cls, manifest: dict[str, Any]) -> Permissions:
        """The permissions of a checked manifest."""
        given = manifest.get("permissions") or {}
        return cls(
            vault=tuple(sorted(set(given.get("vault", [])))),
            queues=tuple(sorted(set(given.get("queues", [])))),
            network=bool(given.get("network", True)),
            read=tuple(sorted(set((given.get("filesystem") or {}).get("read", [])))),
            platform=tuple(sorted(set(given.get("platform", [])))),
        )

    def lines(self) -> dict[str, str]:
        """Each thing that is asked for, by an identifier that is compared, in words."""
        found = {f"vault:{prefix}": f"read secrets below {prefix}" for prefix in self.vault}
        found |= {f"queue:{name}": f"use the queue {name}" for name in self.queues}
        found |= {f"read:{path}": f"read {path} of the host" for path in self.read}
        found |= {f"platform:{what}": PLATFORM[what] for what in self.platform}
        if self.network:
            found["network"] = "open network connections"
        return found

    def may_read_secret(self, path: str) -> bool:
        """Whether ``path`` lies at or below one of the prefixes; ``*`` is all of the toolkit's
        own, and none of what is shared."""
        return any(
            prefix == path
            or (not path.startswith("shared/") if prefix == "*" else _is_below(path, prefix))
            for prefix in self.vault
        )

    def may_use_queue(self, name: str) -> bool:
        """Whether operations may name this queue."""
        return name in ORDINARY_QUEUES or name in self.queues

    def may_ask_platform(self, what: str) -> bool:
        """Whether this may be told of the platform."""
        return what in self.platform


def _is_below(path: str, prefix: str) -> bool:
    return path.startswith(prefix.removesuffix("/*") + "/")


#: By the kind before the colon, what holds a toolkit to what it asked for.
_HOW: dict[str, StrOrPromise] = {
    "vault": _("the worker answers no other path, and Vault itself gives the run no other"),
    "queue": _("operations are put on no other queue"),
    "network": _("without it the kernel refuses TCP; other protocols are only declared"),
    "platform": _("the worker answers nothing that is not asked for here"),
    "read": _("the kernel shows no other file"),
}
#: From which version of Landlock on the kernel does its part.
_LANDLOCK = {"network": 4, "read": 1}


def held(key: str) -> tuple[bool, str]:
    """Whether this host holds toolkits to a thing of ``lines``, and how, or why it does not."""
    kind = key.partition(":")[0]
    needed, there = _LANDLOCK.get(kind, 0), kernel.landlock()
    if there >= needed:
        return True, str(_HOW.get(kind, ""))
    why = gettext("the kernel would need Landlock %(needed)d, and has %(there)d")
    return False, why % {"needed": needed, "there": there}


def rest() -> str:
    """What becomes of code that wants what its toolkit did not ask for, in words."""
    (files, _files), (network, _network) = held("read"), held("network")
    if files and network:
        return gettext("Whatever else it tries is refused, but for network protocols beside TCP.")
    if files:
        return gettext(
            "Whatever else it tries is refused, but for the network: it is declared only."
        )
    return gettext(
        "Other secrets, queues and data of the platform are refused. Files of the host and the "
        "network are only declared: this kernel has no Landlock."
    )


def told(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """What a manifest asks for, in words, with whether and how this host holds it to that."""
    found = []
    for key, words in sorted(Permissions.of(manifest).lines().items()):
        enforced, how = held(key)
        found.append({"text": words, "enforced": enforced, "how": how})
    return found


def more_than(wanted: Permissions, had: dict[str, str] | list[str]) -> dict[str, str]:
    """Return what ``wanted`` asks for beyond what was consented to, in words."""
    return {key: words for key, words in wanted.lines().items() if key not in had}
