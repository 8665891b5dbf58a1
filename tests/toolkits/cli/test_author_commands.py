"""From ``toolkit new`` to an installed toolkit, as an author works."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile

import pytest
from django.core.management import CommandError, call_command

from tests.support.kits import write_kit
from tests.support.processes import BASE
from toolkits.bundles import planning
from toolkits.models import Toolkit

pytestmark = pytest.mark.usefixtures("storage")


def toolkit(*arguments: str) -> str:
    out = io.StringIO()
    call_command("toolkit", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def fresh(tmp_path):
    """What ``toolkit new`` made."""
    folder = tmp_path / "disk-watch"
    toolkit("new", "disk-watch", "--path", folder)
    return folder


def test_a_new_toolkit_is_in_order_its_tests_pass_and_it_installs(fresh, db):
    assert "is in order (0 warnings)" in toolkit("check", fresh)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:django", fresh],
        cwd=fresh, env={"PYTHONPATH": str(BASE / "toolkits" / "sdk"), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr

    assert "disk-watch 0.1.0 is active: 1 operation." in toolkit("install", fresh)
    assert Toolkit.objects.get().operation("hello")


def test_a_new_toolkit_can_begin_with_one_of_everything(tmp_path, db):
    folder = tmp_path / "disk-watch"
    toolkit("new", "disk-watch", "--path", folder, "--name", "Disk watch", "--full")

    assert "is in order (0 warnings)" in toolkit("check", folder)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:django", folder],
        cwd=folder, env={"PYTHONPATH": str(BASE / "toolkits" / "sdk"), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    files = [path for path in folder.rglob("*") if path.suffix in {".py", ".md", ".json"}]
    words = "".join(path.read_text() for path in files)
    assert "sample_toolkit" not in words
    assert "page.png" not in words
    assert "disk-watch 0.1.0 is active" in toolkit("install", folder)


def test_an_operation_runs_from_the_working_folder_without_installing(fresh):
    done = subprocess.run(
        [sys.executable, "manage.py", "toolkit", "run", "--dev", str(fresh), "hello",
         "--input", "names=Ada", "--input", "names=Bob", "--setting", "greeting=Moin"],
        cwd=BASE, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert [row["greeting"] for row in json.loads(done.stdout)["rows"]] == [
        "Moin, Ada!",
        "Moin, Bob!",
    ]
    assert "greeting Ada" in done.stderr


def test_a_wrong_input_is_named_when_run_from_the_working_folder(fresh):
    done = subprocess.run(
        [sys.executable, "manage.py", "toolkit", "run", "--dev", str(fresh), "hello"],
        cwd=BASE, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert done.stderr.startswith("names: ")


def test_packing_twice_makes_the_same_bytes(fresh, tmp_path):
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    toolkit("pack", fresh, "--output", first)
    for path in fresh.rglob("*"):
        if path.is_file():
            path.touch()

    toolkit("pack", fresh, "--output", second)

    assert first.read_bytes() == second.read_bytes()


def test_a_signed_toolkit_is_trusted_where_its_key_is(fresh, tmp_path, settings, db):
    said = toolkit("keygen", tmp_path / "team.pem")
    toolkit("sign", fresh, "--key", tmp_path / "team.pem")
    settings.TOOLKIT_SIGNATURE_POLICY = "require"

    with pytest.raises(CommandError, match="not trusted here"):
        toolkit("install", fresh)

    settings.TOOLKIT_TRUSTED_KEYS = said.partition("TOOLKIT_TRUSTED_KEYS=")[2].strip()
    toolkit("install", fresh)
    assert Toolkit.objects.get().active_version.signature["signer"] == "team"


def test_an_unsigned_toolkit_is_refused_where_signatures_are_required(fresh, settings, db):
    settings.TOOLKIT_SIGNATURE_POLICY = "require"

    with pytest.raises(CommandError, match="it is not signed"):
        toolkit("install", fresh)


def test_every_problem_is_listed_with_its_file_and_line(fresh):
    (fresh / "toolkit.json").write_text('{\n "slug": "Bad Slug",\n "version": "1"\n}')
    with (fresh / "docs" / "README.md").open("a") as stream:
        stream.write("\nsee [this](nowhere.md)\n<b>bold</b>\n")

    out = io.StringIO()
    with pytest.raises(CommandError, match="errors"):
        call_command("toolkit", "check", str(fresh), stdout=out)

    said = out.getvalue()
    assert "toolkit.json:2: $.slug" in said
    assert "toolkit.json:3: $.version" in said
    assert "'manifest_version' is a required property" in said
    assert "docs/README.md:9: the link to nowhere.md leads nowhere" in said
    assert "docs/README.md:10: raw HTML is not shown" in said


def test_code_that_does_not_load_is_named_with_its_line(fresh):
    with (fresh / "disk_watch_toolkit.py").open("a") as stream:
        stream.write("\nraise RuntimeError('not today')\n")

    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("toolkit", "check", str(fresh), stdout=out)

    assert "not today" in out.getvalue()
    assert "disk_watch_toolkit.py:" in out.getvalue()


def test_secrets_are_not_published_with_a_toolkit(fresh, tmp_path):
    toolkit("keygen", fresh / "team.key")
    (fresh / "docs" / ".env").write_text("TOKEN=1\n")
    (fresh / "venv").mkdir()
    (fresh / "venv" / "pyvenv.cfg").write_text("home = /usr\n")
    out = io.StringIO()

    with pytest.raises(CommandError):
        call_command("toolkit", "check", str(fresh), stdout=out)
    with pytest.raises(CommandError, match="Keep the key outside"):
        toolkit("sign", fresh, "--key", fresh / "team.key")

    assert "team.key: is a private key" in out.getvalue()
    assert "docs/.env: may hold secrets" in out.getvalue()
    toolkit("pack", fresh, "--output", tmp_path / "out.zip")
    assert not any("venv" in name for name in zipfile.ZipFile(tmp_path / "out.zip").namelist())


@pytest.mark.parametrize("slug", ["Bad", "install", "-x", "a b", ""])
def test_a_bad_name_is_refused(tmp_path, slug):
    with pytest.raises(CommandError, match="is not a name for a toolkit"):
        toolkit("new", "--path", tmp_path / "x", "--", slug)


def test_nothing_is_overwritten(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")

    with pytest.raises(CommandError, match="there is something already"):
        toolkit("new", "disk-watch", "--path", folder)

    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_a_plan_is_shown_and_nothing_is_installed(tmp_path, db):
    said = toolkit("install", "--plan", write_kit(tmp_path, slug="shown"))

    assert "shown 1.0.0 (install; now: nothing)" in said
    assert "operations + hello" in said
    assert not Toolkit.objects.exists()


def test_one_refused_source_does_not_keep_the_others_back(tmp_path, db):
    good, bad = write_kit(tmp_path, slug="good"), write_kit(tmp_path, "raise OSError", slug="bad")

    with pytest.raises(CommandError, match="bad"):
        toolkit("install", bad, good)

    assert [toolkit.slug for toolkit in Toolkit.objects.all()] == ["good"]


def test_managing_by_command(tmp_path, db):
    for version in ("1.0.0", "2.0.0"):
        toolkit("install", write_kit(tmp_path / version, slug="fleet", version=version))

    toolkit("disable", "fleet")
    assert "disabled" in toolkit("list")
    assert "fleet 1.0.0 is active again" in toolkit("rollback", "fleet")
    assert json.loads(toolkit("list", "--json"))[0]["version"] == "1.0.0"
    assert "its data is kept" in toolkit("uninstall", "fleet")
    with pytest.raises(CommandError, match="There is no toolkit"):
        toolkit("enable", "fleet")


def test_a_bundled_toolkit_that_was_removed_stays_removed(tmp_path, db):
    source = write_kit(tmp_path, slug="shipped")
    toolkit("install", "--bundled", source)
    toolkit("uninstall", "shipped")

    assert "is left so" in toolkit("install", "--bundled", source)

    assert not Toolkit.objects.installed().exists()


def test_a_bundled_toolkit_that_is_active_already_is_not_described_again(
    tmp_path, db, monkeypatch
):
    source = write_kit(tmp_path, slug="shipped")
    toolkit("install", "--bundled", source)
    monkeypatch.setattr(planning, "make_plan", lambda *_, **__: pytest.fail("it was planned"))

    assert "shipped 1.0.0 is active already" in toolkit("install", "--bundled", source)

    monkeypatch.undo()
    active = Toolkit.objects.get().active_version
    (active.path / "kit.py").chmod(0o600)
    (active.path / "kit.py").write_text("damaged")
    assert "is active: 1 operation" in toolkit("install", "--bundled", source)
    assert "damaged" not in (active.path / "kit.py").read_text()


def test_a_bundled_toolkit_that_is_held_at_its_version_stays_there(tmp_path, db):
    toolkit("install", "--bundled", write_kit(tmp_path, slug="shipped"))
    toolkit("pin", "shipped")
    newer = write_kit(tmp_path / "next", slug="shipped", version="1.1.0")

    assert "shipped is held at 1.0.0" in toolkit("install", "--bundled", newer)
    assert Toolkit.objects.get().active_version.version == "1.0.0"

    toolkit("unpin", "shipped")
    toolkit("install", "--bundled", newer)
    assert Toolkit.objects.get().active_version.version == "1.1.0"


def test_what_an_author_does_needs_no_database(tmp_path, storage):
    """No fixture of a database here: reaching for one fails the test."""
    folder = tmp_path / "greeter"

    toolkit("new", "greeter", "--path", folder)
    toolkit("check", folder)
    toolkit("pack", folder, "--output", tmp_path / "greeter.zip")

    assert (tmp_path / "greeter.zip").is_file()
