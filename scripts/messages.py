"""Translations: collect the texts, compile the catalogues, check that nothing is missing.

    python scripts/messages.py            brings locale/*/LC_MESSAGES/django.po up to date
    python scripts/messages.py --check    says what is untranslated, fuzzy, or not compiled

Needs no gettext tools: texts are read from the syntax of Python and of templates, and .po and
.mo are small formats.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "audit", "toolbox", "toolkits")
_SKIPPED = ("toolkits/bundled/", "toolkits/sdk/", "/migrations/")
_SINGLE = {"_", "gettext", "gettext_lazy", "gettext_noop"}
_PLURAL = {"ngettext", "ngettext_lazy"}
_CONTEXT = {"pgettext", "pgettext_lazy"}
_FORMAT = re.compile(r"%(?:\(\w+\))?[sd]")


@dataclass
class Message:
    """One text to translate."""

    msgid: str
    plural: str = ""
    context: str = ""
    places: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    fuzzy: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.msgid


Catalogue = dict[tuple[str, str], Message]


def _text(node: ast.expr) -> str | None:
    """Return a literal text, also one that is written in pieces; None for what is computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def _calls(source: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        texts = [_text(argument) for argument in node.args[:2]]
        if name in _SINGLE and texts and texts[0]:
            yield Message(texts[0])
        elif name in _PLURAL and len(texts) == 2 and texts[0] and texts[1]:
            yield Message(texts[0], texts[1])
        elif name in _CONTEXT and len(texts) == 2 and texts[0] and texts[1]:
            yield Message(texts[1], context=texts[0])


# What Django's templatize makes of a template: calls with literals, among other text.
_CALL = re.compile(
    r"(?:\b|_)(pgettext|npgettext|ngettext|gettext|_)\(((?:\s*u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"\s*,?)+)"
)


def _template(source: str, origin: str) -> Iterator[Message]:
    from django.utils.translation.template import templatize  # noqa: PLC0415  (needs settings)

    for match in _CALL.finditer(templatize(source, origin=origin)):
        name, arguments = match.groups()
        literal = ast.literal_eval(f"({arguments.rstrip().rstrip(',')},)")
        texts = [str(one) for one in literal]
        if name == "ngettext" and len(texts) >= 2:
            yield Message(texts[0], texts[1])
        elif name == "pgettext" and len(texts) >= 2:
            yield Message(texts[1], context=texts[0])
        elif texts and texts[0]:
            yield Message(texts[0])


def collect() -> Catalogue:
    """Return every text of the code and the templates."""
    found: Catalogue = {}
    for path, messages in _sources():
        for message in messages:
            known = found.setdefault(message.key, message)
            known.plural = known.plural or message.plural
            known.places.add(path)
    return dict(sorted(found.items(), key=lambda item: (min(item[1].places), item[0])))


def _sources() -> Iterator[tuple[str, Iterable[Message]]]:
    for app in APPS:
        for file in sorted((ROOT / app).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            if not any(part in path for part in _SKIPPED):
                yield path, _calls(file.read_text(encoding="utf-8"))
    for file in sorted((ROOT / "templates").rglob("*.html")):
        path = file.relative_to(ROOT).as_posix()
        yield path, _template(file.read_text(encoding="utf-8"), path)


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{plain}"'


def _unquoted(text: str) -> str:
    value = ast.literal_eval(text)
    assert isinstance(value, str)
    return value


def read(path: Path) -> tuple[str, Catalogue]:
    """Return the header and the messages of a .po file."""
    header, found = "", {}
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        message, parts = _block(block)
        if parts and not message.msgid:
            header = message.texts[0]
        elif parts:
            found[message.key] = message
    return header, found


def _block(block: str) -> tuple[Message, dict[str, str]]:
    parts: dict[str, str] = {}
    current, fuzzy = "", False
    for line in block.splitlines():
        if line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
            continue
        keyword, _, rest = line.partition(" ")
        if keyword.startswith("msg"):
            current, text = keyword, rest
        else:
            text = line
        parts[current] = parts.get(current, "") + _unquoted(text.strip())
    texts = [parts[key] for key in sorted(parts) if key.startswith("msgstr")]
    message = Message(
        parts.get("msgid", ""), parts.get("msgid_plural", ""), parts.get("msgctxt", ""),
        texts=texts, fuzzy=fuzzy,
    )  # fmt: skip
    return message, parts


def write(path: Path, header: str, messages: Iterable[Message]) -> None:
    """Write a .po file."""
    lines = ['msgid ""', 'msgstr ""', *(_quoted(f"{line}\n") for line in header.splitlines())]
    for message in messages:
        lines += ["", *(f"#: {place}" for place in sorted(message.places)[:3])]
        if message.context:
            lines.append(f"msgctxt {_quoted(message.context)}")
        lines.append(f"msgid {_quoted(message.msgid)}")
        if message.plural:
            lines.append(f"msgid_plural {_quoted(message.plural)}")
            texts = message.texts if len(message.texts) == 2 else ["", ""]
            lines += [f"msgstr[{n}] {_quoted(text)}" for n, text in enumerate(texts)]
        else:
            lines.append(f"msgstr {_quoted(message.texts[0] if message.texts else '')}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def compiled(header: str, messages: Iterable[Message]) -> bytes:
    """Return a .mo file: two tables of offsets, then the texts."""
    pairs = {"": header}
    for message in messages:
        if all(message.texts) and message.texts:
            key = f"{message.context}\x04{message.msgid}" if message.context else message.msgid
            key = f"{key}\0{message.plural}" if message.plural else key
            pairs[key] = "\0".join(message.texts)
    keys = sorted(pairs, key=lambda key: key.encode())
    originals = [key.encode() for key in keys]
    texts = [pairs[key].encode() for key in keys]
    start = 28 + 16 * len(keys)
    tables, data = [], b""
    for column in (originals, texts):
        for text in column:
            tables.append(struct.pack("<II", len(text), start + len(data)))
            data += text + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(keys), 28, 28 + 8 * len(keys), 0, 0)
    return head + b"".join(tables) + data


def problems(path: Path) -> Iterator[str]:
    """Say what is wrong with a catalogue."""
    header, known = read(path)
    wanted = collect()
    for key, message in wanted.items():
        there = known.get(key)
        if there is None:
            yield f"not in {path.name}: {message.msgid!r} ({min(message.places)})"
        elif there.fuzzy or not there.texts or not all(there.texts):
            yield f"not translated: {message.msgid!r} ({min(message.places)})"
        elif sorted(set(_FORMAT.findall(message.msgid + message.plural))) != sorted(
            set(_FORMAT.findall("".join(there.texts)))
        ):
            yield f"other placeholders in the translation of {message.msgid!r}"
    yield from (f"no longer used: {key[1]!r}" for key in known if key not in wanted)
    binary = path.with_suffix(".mo")
    if not binary.is_file() or binary.read_bytes() != compiled(header, known.values()):
        yield f"{binary.name} is not compiled from {path.name}: run scripts/messages.py"


def main() -> int:
    """Bring the catalogues up to date, or check them."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "toolbox.settings")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    checking = parser.parse_args().check
    count = 0
    for path in sorted((ROOT / "locale").glob("*/LC_MESSAGES/django.po")):
        if not checking:
            header, known = read(path)
            wanted = collect()
            for key, message in wanted.items():
                message.texts = known[key].texts if key in known else []
            write(path, header, wanted.values())
            path.with_suffix(".mo").write_bytes(compiled(header, wanted.values()))
        for problem in problems(path):
            count += 1
            print(f"{path.parent.parent.name}: {problem}")
    return 1 if count else 0


if __name__ == "__main__":
    raise SystemExit(main())
