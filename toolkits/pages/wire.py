"""Under which name an input of a form is sent.

A control named ``method`` hides the form's own ``method`` from scripts, and one named ``matches``
breaks them. Such names carry a full stop at their end while they travel; a name without it is
read as well, so that links and programs need not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

#: What a form has of its own, as far as an input can be called so (a test asks a browser).
OWN = frozenset({
    "action", "after", "animate", "append", "attributes", "autocapitalize", "autocomplete",
    "autocorrect", "autofocus", "before", "blur", "children", "click", "closest", "constructor",
    "contains", "dataset", "dir", "draggable", "elements", "encoding", "enctype", "focus",
    "hidden", "id", "inert", "lang", "length", "matches", "method", "name", "nonce", "normalize",
    "part", "popover", "prefix", "prepend", "pseudo", "rel", "remove", "reset", "role", "scroll",
    "slot", "spellcheck", "style", "submit", "target", "title", "translate", "when",
})  # fmt: skip
_MARK = "."


def sent_as(name: str) -> str:
    """Return the name of a control for the input ``name``."""
    return name + _MARK if name in OWN else name


def _input(key: str) -> str:
    bare = key.removesuffix(_MARK)
    return bare if bare in OWN else key


def texts(data: QueryDict) -> QueryDict:
    """Return what was sent under the names of the inputs."""
    if not any(key.endswith(_MARK) for key in data):
        return data
    plain = QueryDict(mutable=True)
    for key, values in data.lists():
        plain.setlistdefault(_input(key)).extend(values)
    return plain


def uploads(files: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the files that were sent under the names of the inputs."""
    return MultiValueDict({_input(key): [files[key]] for key in files})
