"""Rubbish of every kind: refused with file and reason, recorded, and without a trace."""

from __future__ import annotations

import io
import json
import os
import re
import struct
import tracemalloc
import zipfile
import zlib

import psutil
import pytest

from audit.models import Event
from tests.support.kits import HELLO, write_kit
from tests.support.zips import CODE, Entry, build, good, manifest
from toolkits.bundles.install import install_bundle
from toolkits.errors import BundleError
from toolkits.models import InstallPlan, Toolkit, ToolkitVersion
from toolkits.runtime import describe


@pytest.fixture
def refused(tmp_path, storage, curator):
    """Try to install these bytes; returns the error, and checks that nothing is left of it."""

    def run(data: bytes, name: str = "upload.zip") -> BundleError:
        source = tmp_path / name
        source.write_bytes(data)
        with pytest.raises(BundleError) as caught:
            install_bundle(source, user=curator, via="console")
        assert not Toolkit.objects.exists()
        assert not ToolkitVersion.objects.exists()
        left = [path for path in storage.rglob("*") if path.is_file()]
        # What the installing itself needs: environments that are shared, and a lock.
        ours = {".environments", ".locks"}
        assert [path for path in left if not ours & set(path.parts)] == []
        plan = InstallPlan.objects.get()
        assert plan.problem["message"] == caught.value.message
        event = Event.objects.get(name="toolkit.install_refused")
        assert event.actor_id == str(curator.pk)
        assert caught.value.message.split(":")[0] in event.details["reason"]
        return caught.value

    return run


def test_the_bundle_that_the_wrong_ones_are_made_from_is_accepted(tmp_path, storage, curator):
    source = tmp_path / "good.zip"
    source.write_bytes(build(good()))

    assert install_bundle(source, user=curator, via="cli").version == "1.0.0"


def _end(total: int, size: int) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, total, total, size, 0, 0)


def _wheel(length: int, size: int | None = None) -> Entry:
    """A wheel with one file of zeros, packed piece by piece."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    payload = b"".join(packer.compress(bytes(1 << 20)) for _ in range(length >> 20))
    inner = Entry(
        b"x.py", crc=zlib.crc32(bytes(1000)), payload=payload + packer.flush(), size=size or length
    )
    return Entry(b"wheels/x-1-py3-none-any.whl", build([inner]))


GOOD = build(good())
_PINNED = Entry(b"requirements.txt", b"x==1\n")
# The entry's extra field of PKWARE for Unix: times and owner, then where a link leads to.
_PKWARE_UNIX = struct.pack("<2H2L2H", 0x000D, 12 + len(b"/etc/passwd"), 0, 0, 0, 0)
_MILLION = (
    struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
) * 1_000_000
ARCHIVES = {
    "not a zip": (b"hello, I am a text file" * 10, "not a zip"),
    "empty file": (b"", "not a zip"),
    "empty archive": (build([]), "no toolkit.json"),
    "cut off": (GOOD[:-30], "not a zip"),
    "cut in the middle": (GOOD[: len(GOOD) // 2], "not a zip"),
    "data before": (build(good(), before=b"#!/bin/sh\n"), "directory of the zip|overlap"),
    "data after": (GOOD + b"tail", "data follows its end|not a zip"),
    "a comment": (build(good(), comment=b"hi"), "data follows its end|not a zip"),
    "fewer entries than told": (build(good(), total=3), "directory of the zip"),
    "zip64": (
        GOOD[:-22] + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0, 0, 0),
        "zip64",
    ),
    "wrong checksum": (build([manifest(), Entry(b"kit.py", CODE, crc=1)]), "size and checksum"),
    "encrypted": (build(good(Entry(b"x", b"x", flags=0x801))), "encrypted"),
    "another method": (
        build(good(Entry(b"x", b"x", method=12, payload=b"x"))),
        "other than deflate",
    ),
    "broken deflate": (
        build(good(Entry(b"x", b"xx", payload=b"\xff\xff\xff"))),
        "cannot be unpacked",
    ),
    "size lies low": (
        build(good(Entry(b"x", b"a" * 5000, size=10, local_size=10))),
        "size and check",
    ),
    "headers disagree": (build(good(Entry(b"x", b"aa", local_size=1))), "do not agree"),
    "names disagree": (build(good(Entry(b"x.py", b"a", local_name=b"y.py"))), "do not agree"),
    "overlapping": (
        build([manifest(), Entry(b"kit.py", CODE), Entry(b"b", CODE, offset=0)]),
        "overlap",
    ),
    "same name twice": (build(good(Entry(b"kit.py", b"x"))), "same path twice"),
    "equal by case": (build(good(Entry(b"KIT.py", b"x"))), "same path twice"),
    "equal by unicode": (
        build(good(Entry("\u00e9.txt".encode(), b"1"), Entry("e\u0301.txt".encode(), b"2"))),
        "same path twice",
    ),
    "file as folder": (build(good(Entry(b"kit.py/x", b"x"))), "used as a folder"),
    "symlink": (build(good(Entry(b"l", b"/etc/passwd", attributes=0o120777 << 16))), "links"),
    "device": (build(good(Entry(b"d", b"", attributes=0o020644 << 16))), "special files"),
    "not utf-8": (build(good(Entry(b"\xff\xfe", b"x"))), "not UTF-8"),
    "manifest twice": (build([manifest(), *good()]), "same path twice"),
    "hard link": (
        build(good(Entry(b"l", b"", central_extra=_PKWARE_UNIX + b"/etc/passwd"))),
        "links",
    ),
    "fifo": (build(good(Entry(b"p", b"", attributes=0o010644 << 16))), "special files"),
    "socket": (build(good(Entry(b"s", b"", attributes=0o140644 << 16))), "special files"),
    "zip64 entry": (
        build(good(Entry(b"z", b"zz", central_extra=struct.pack("<2HQ", 1, 8, 2)))),
        "zip64",
    ),
    "zip64 in one header": (
        build(good(Entry(b"z", b"zz", extra=struct.pack("<2HQ", 1, 8, 2)))),
        "zip64",
    ),
    "a size of zip64": (build(good(Entry(b"z", b"zz", size=0xFFFFFFFF))), "zip64"),
    "data between": (
        build([manifest(), Entry(b"kit.py", CODE, offset=0xFF)]),
        "overlap|cut off|do not agree",
    ),
    "bzip2": (build(good(Entry(b"x", b"x", method=14, payload=b"x"))), "other than deflate"),
    "a million entries": (_MILLION + _end(0xFFFF, len(_MILLION)), "zip64"),
    "a million entries that say they are ten": (
        _MILLION + _end(10, len(_MILLION)),
        "larger than its entries",
    ),
    "a wheel that is none": (
        build(good(_PINNED, Entry(b"wheels/x-1-py3-none-any.whl", b"no zip"))),
        "is no wheel",
    ),
    "a bomb in a wheel": (build(good(_PINNED, _wheel(300 << 20))), "unpacked, the wheels have"),
    "a bomb in a wheel that lies": (
        build(good(_PINNED, _wheel(64 << 20, size=1000))),
        "is larger than it says",
    ),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_broken_or_hostile_archive_is_refused(refused, kind):
    data, said = ARCHIVES[kind]

    error = refused(data)

    assert re.search(said, str(error)), str(error)
    assert error.where


NAMES = [
    b"/etc/passwd", b"../up.py", b"a/../../up.py", b"a//b", b"./x", b"C:\\x", b"c:x", b"a\\b",
    b"nul\x00.py", b"a" * 300, b"/".join([b"d"] * 40) + b"/x", b"con", b"aux.txt", b" lead",
    b"dot.",
    b"tab\t", b"q?", b"\x7f",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name)[:30])
def test_a_name_that_does_not_mean_the_same_everywhere_is_refused(refused, name):
    error = refused(build(good(Entry(name, b"x"))))

    assert "path" in error.message or "character" in error.message


MANIFESTS = {
    "missing": ([Entry(b"kit.py", CODE)], "no toolkit.json"),
    "not JSON": ([Entry(b"toolkit.json", b"{'a': 1}")], "is not JSON"),
    "byte order mark": ([Entry(b"toolkit.json", b"\xef\xbb\xbf{}")], "byte order mark"),
    "UTF-16": ([Entry(b"toolkit.json", "{}".encode("utf-16"))], "not UTF-8"),
    "a key twice": ([Entry(b"toolkit.json", b'{"slug": "a", "slug": "b"}')], "twice"),
    "NaN": ([Entry(b"toolkit.json", b'{"slug": NaN}')], "NaN is not JSON"),
    "a huge number": ([Entry(b"toolkit.json", b'{"x": ' + b"9" * 5000 + b"}")], "too long"),
    "very deep": ([Entry(b"toolkit.json", b"[" * 10_000 + b"]" * 10_000)], "nested deeper"),
    "huge": ([Entry(b"toolkit.json", b" " * (2 << 20) + b"{}")], "larger than"),
    "a list": ([Entry(b"toolkit.json", b"[]")], "not of type 'object'"),
    "infinity": ([Entry(b"toolkit.json", b'{"slug": -Infinity}')], "Infinity is not JSON"),
    "empty": ([Entry(b"toolkit.json", b"")], "is not JSON"),
    "a NUL in a text": (good(name="a\x00b"), "NUL"),
    "half a surrogate pair": (good(catalog={"x": "\ud800"}), "surrogate"),
    "very long name": (good(name="n" * 10_000), "name"),
    "entry of a library of the SDK": (good(Entry(b"jinja2.py", CODE), entry="jinja2"), "already"),
    "bad slug": (good(slug="Bad Slug"), "slug"),
    "reserved slug": (good(slug="install"), "word of the platform"),
    "bad version": (good(version="1.0.0.0"), "semantic version"),
    "leading zero": (good(version="01.0.0"), "semantic version"),
    "another platform": (good(requires={"toolbox": ">=99"}), "needs >=99"),
    "a range that is none": (good(requires={"toolbox": "soon"}), "is not a range"),
    "unknown field": (good(colour="red"), "colour"),
    "entry that is not there": (good(entry="elsewhere"), "holds neither"),
    "entry of the standard library": (good(Entry(b"json.py", CODE), entry="json"), "already"),
    "entry of the SDK": (good(Entry(b"pydantic.py", CODE), entry="pydantic"), "already"),
    "entry with a path": (good(entry="../kit"), "entry"),
    "permission of no queue": (good(permissions={"queues": ["vip"]}), "vip"),
    "permission to climb": (good(permissions={"vault": ["../other"]}), "other"),
}


@pytest.mark.parametrize("kind", MANIFESTS)
def test_a_wrong_manifest_is_refused_with_its_place(refused, kind):
    entries, said = MANIFESTS[kind]

    error = refused(build(entries))

    assert said in str(error)


REQUIREMENTS = [
    "requests",
    "requests>=2",
    "-r other.txt",
    "git+https://example.com/x",
    "--index-url x",
]


@pytest.mark.parametrize("line", REQUIREMENTS)
def test_a_requirement_that_is_not_pinned_is_refused_with_its_line(refused, line):
    error = refused(build(good(Entry(b"requirements.txt", f"# ours\n{line}\n".encode()))))

    assert error.where == "requirements.txt:2"
    assert "is not pinned" in error.message


def test_more_entries_than_the_limit_are_refused_before_they_are_read(refused):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"f{number}", b"")

    assert "entries" in refused(data.getvalue()).message


@pytest.mark.parametrize(
    ("setting", "limit", "said"),
    [
        ("TOOLKIT_UPLOAD_MAX_BYTES", 100, "the limit is 100"),
        ("TOOLKIT_BUNDLE_MAX_FILE_BYTES", 50, "limit of a file is 50"),
        ("TOOLKIT_BUNDLE_MAX_BYTES", 100, "the limit is 100"),
    ],
)
def test_each_size_limit_holds(refused, settings, setting, limit, said):
    setattr(settings, setting, limit)

    assert said in str(refused(build(good())))


def test_a_bomb_is_stopped_at_the_limit_and_not_when_the_disk_is_full(refused, settings):
    settings.TOOLKIT_BUNDLE_MAX_FILE_BYTES = 1 << 20
    bomb = Entry(b"zeros", bytes(64 << 20), size=1000, local_size=1000)

    assert "size and checksum" in refused(build(good(bomb))).message


def test_a_folder_with_a_link_is_refused(tmp_path, storage, curator):
    folder = write_kit(tmp_path, HELLO, slug="linked")
    os.symlink("/etc/passwd", folder / "innocent.txt")

    with pytest.raises(BundleError, match="links and special files"):
        install_bundle(folder, user=curator, via="cli")


def test_reading_a_large_upload_needs_little_memory(tmp_path, storage, curator):
    source = tmp_path / "large.zip"
    noise = os.urandom(1 << 20)
    entries = [Entry(f"data/{n}.bin".encode(), noise, method=0) for n in range(45)]
    source.write_bytes(build(good(*entries)))
    tracemalloc.start()
    try:
        install_bundle(source, user=curator, via="cli")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 32 << 20


CODES = {
    "raises": ("\n\nraise RuntimeError('no good')", "kit.py:5", "no good"),
    "no Python": ("\n\ndef broken(:", "kit.py:5", "SyntaxError"),
    "a missing module": ("import nowhere_at_all", "kit.py:3", "No module named"),
    "exits": ("raise SystemExit('bye')", "kit.py:3", "bye"),
    "exits at once": ("import os; os._exit(3)", "kit.py", "exit status 3"),
    "allocates without end": ("x = []\nwhile True: x.append(bytes(1 << 24))", "kit.py:4", "Memory"),
    "recurses": ("def f(): f()\nf()", "kit.py:3", "RecursionError"),
    "no toolkit": ("toolkit = None", "kit.py", "no variable toolkit"),
    "no types": ("@toolkit.operation()\ndef a(ctx, x) -> str: ...", "kit.py:3", "annotation"),
    "the same name twice": (
        "@toolkit.operation(name='a')\ndef a(ctx) -> str: ...\n" * 2,
        "kit.py:5",
        "already an operation",
    ),
    "no schema": (
        "@toolkit.operation()\ndef a(ctx, x: type(print)) -> str: ...",
        "kit.py:3",
        "schema",
    ),
    "a title with NUL": (
        "@toolkit.operation(title='a\\0')\ndef a(ctx) -> str: ...",
        "kit.py",
        "NUL",
    ),
    "a title that cannot be encoded": (
        "@toolkit.operation(title='\\ud800')\ndef a(ctx) -> str: ...",
        "kit.py",
        "surrogate",
    ),
    "an answer of its own making": (
        ("@toolkit.operation()\ndef a(ctx) -> str: ...\n"
        "import sys\nsys.modules['toolkit_sdk.describe']._operation = lambda *a: 5"),
        "kit.py",
        "not of the form",
    ),
}


@pytest.mark.parametrize("kind", CODES)
def test_code_that_cannot_be_described_is_refused_with_file_and_reason(refused, kind):
    code, where, said = CODES[kind]

    error = refused(build([manifest(), Entry(b"kit.py", CODE + code.encode())]))

    assert error.where == where
    assert said in error.message


def test_code_that_never_ends_its_import_is_stopped(refused, monkeypatch):
    monkeypatch.setattr(describe, "_SECONDS", 1.0)

    error = refused(build([manifest(), Entry(b"kit.py", CODE + b"while True: pass")]))

    assert error.where == "kit.py"
    assert "longer than its time limit" in error.message


def test_what_an_import_prints_is_no_answer_and_harms_nothing(tmp_path, storage, curator):
    garbage = b"import sys\nprint('{\"type\": \"result\"}' * 9999, '\\0\\x1b[2J')\n"
    source = tmp_path / "loud.zip"
    source.write_bytes(build([manifest(), Entry(b"kit.py", CODE + garbage)]))

    assert install_bundle(source, user=curator, via="cli").description["operations"] == []


def test_every_wrong_operation_and_template_is_named_at_once(refused):
    code = b"""
@toolkit.operation()
def one(ctx, x) -> str: ...
@toolkit.operation()
def two(ctx, *x: int) -> str: ...
@toolkit.collection("Bad Name")
class Some(Record):
    x: int
"""
    head = b"from toolkit_sdk import Record, Toolkit\ntoolkit = Toolkit()\n"
    template = Entry(b"templates/page.md", b"fine\n{% if %}\n")

    error = refused(build([manifest(), Entry(b"kit.py", head + code), template]))

    assert [each["loc"] for each in error.errors] == [
        ["kit.py:4"], ["kit.py:6"], ["kit.py:8"], ["templates/page.md:2"],
    ]  # fmt: skip


def test_a_bundle_of_another_toolkit_than_the_one_updated_is_refused(
    tmp_path, storage, curator
):
    source = tmp_path / "other.zip"
    source.write_bytes(build(good()))

    with pytest.raises(BundleError, match="the bundle is of 'crafted', not of 'fleet'"):
        install_bundle(source, user=curator, via="cli", slug="fleet")

    assert not Toolkit.objects.exists()
    assert Event.objects.filter(name="toolkit.install_refused").count() == 1


@pytest.mark.parametrize(
    ("version", "more", "said"),
    [
        ("1.0.0", [Entry(b"more.txt", b"x")], "installed with other content"),
        ("0.9.0", [], "older than the installed 1.0.0"),
        ("1.0.0-rc.1", [], "older than the installed 1.0.0"),
    ],
)
def test_a_version_that_cannot_follow_leaves_the_one_that_is_there(
    tmp_path, storage, curator, version, more, said
):
    source = tmp_path / "kit.zip"
    source.write_bytes(build(good()))
    first = install_bundle(source, user=curator, via="cli")
    source.write_bytes(build(good(*more, version=version)))

    with pytest.raises(BundleError, match=said) as caught:
        install_bundle(source, user=curator, via="cli")

    assert caught.value.where == "toolkit.json: $.version"
    assert Toolkit.objects.get().active_version == first
    assert ToolkitVersion.objects.count() == 1
    assert os.listdir(storage / "crafted") == [first.path.name]
    assert said in Event.objects.get(name="toolkit.install_refused").details["reason"]


def test_code_that_forks_at_import_leaves_no_process_behind(tmp_path, storage, curator):
    code = "pid = os.fork()\nif pid == 0:\n    time.sleep(300)\n" + HELLO
    install_bundle(write_kit(tmp_path, code, slug="forker"), user=curator, via="cli")

    children = psutil.Process().children(recursive=True)
    assert [child for child in children if "runner" in " ".join(child.cmdline())] == []


def test_a_manifest_in_a_single_top_folder_is_found(tmp_path, storage, curator):
    entries = [Entry(b"top/toolkit.json", manifest().data), Entry(b"top/kit.py", CODE)]
    source = tmp_path / "top.zip"
    source.write_bytes(build(entries))

    version = install_bundle(source, user=curator, via="cli")

    assert sorted(os.listdir(version.path)) == ["kit.py", "toolkit.json"]
    assert json.loads((version.path / "toolkit.json").read_text())["slug"] == "crafted"
