"""Users from a CSV file: all of it or nothing, and no way around the rules."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts import importing
from accounts.importing import ImportRefused
from accounts.models import User
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from audit.models import Event
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db

FILE = b"""\xef\xbb\xbfusername,email,display_name,roles,active,link
ann,ann@example.com,Ann,toolkit.user; toolkit.curator,yes,yes
"bob",,"Bob, the builder",toolkit.user,,
uma,,Uma New,,no,
"""


@pytest.fixture
def admin() -> User:
    return make_user("root", roles=[SYSTEM_ADMIN])


def run(actor: User | None, text: bytes) -> importing.Imported:
    return importing.apply(actor, importing.read(text))


def test_users_are_created_and_changed(admin: User) -> None:
    make_user("uma", roles=[TOOLKIT_USER])
    done = run(admin, FILE)
    assert done.created == ["ann", "bob"]
    assert done.changed == ["uma"]
    assert User.objects.get(username="ann").roles == {TOOLKIT_USER, TOOLKIT_CURATOR}
    assert str(User.objects.get(username="bob")) == "Bob, the builder"
    uma = User.objects.get(username="uma")
    assert (uma.display_name, uma.is_active, uma.roles) == ("Uma New", False, {TOOLKIT_USER})
    assert set(done.links) == {"ann"}
    event = Event.objects.get(name="user.imported")
    assert event.details == {"created": 2, "changed": 1}


def test_one_wrong_line_undoes_everything(admin: User) -> None:
    with pytest.raises(ImportRefused) as caught:
        run(admin, b"username,email\nann,ann@example.com\nbob,not an address\nbad name,\n")
    assert [line for line, _ in caught.value.lines] == [3, 4]
    assert not User.objects.filter(username="ann").exists()
    assert not Event.objects.filter(name="user.created").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"name\nx\n", "no column username"),
        (b"username,is_superuser\nx,1\n", "is_superuser is not known"),
        (b"username,roles\nx,root\n", "no role root"),
        (b"username,active\nx,maybe\n", "neither yes nor no"),
        (b"username\nx,y\n", "more or fewer cells"),
        (b"username,email\nx\n", "more or fewer cells"),
        (b"username\nx\nX\n", "was there before"),
        (b'username\n"x\n', "unexpected end"),
        (b"username\n\xff\n", "not UTF-8"),
        (b"", "no column username"),
        (b"username,Username\nx,y\n", "the column username is there twice"),
        (b"username;email\nx;y\n", "put commas between columns"),
        (b"username\n" + b"x" * (1 << 20), "larger than"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused_with_its_line(text: bytes, said: str) -> None:
    with pytest.raises(ImportRefused, match=said):
        importing.read(text)


def test_a_curator_imports_nobody(curator: User) -> None:
    with pytest.raises(ImportRefused):
        run(curator, b"username,roles\nfriend,system.admin\n")
    assert not User.objects.filter(username="friend").exists()


def test_nobody_raises_themselves_by_a_file(admin: User) -> None:
    make_user("second", roles=[SYSTEM_ADMIN])
    with pytest.raises(ImportRefused, match="their own roles"):
        run(admin, b"username,roles\nroot,system.admin toolkit.curator\n")


def test_the_last_administrator_is_not_disabled_by_a_file(admin: User) -> None:
    with pytest.raises(ImportRefused, match="last active system administrator"):
        run(None, b"username,active\nroot,no\n")


def test_the_command_prints_links_and_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    make_user("uma")
    file = tmp_path / "users.csv"
    file.write_bytes(FILE)
    out, err = StringIO(), StringIO()
    call_command("import_users", str(file), "--dry-run", stdout=out, stderr=err)
    assert "2 would be created" in err.getvalue()
    assert not User.objects.filter(username="ann").exists()
    call_command("import_users", str(file), stdout=out, stderr=err)
    lines = out.getvalue().splitlines()
    assert lines[0] == "username,link"
    assert lines[1].startswith("ann,http://127.0.0.1:8000/account/invitation/?token=")


def test_the_command_names_the_lines(tmp_path: Path) -> None:
    file = tmp_path / "users.csv"
    file.write_bytes(b"username,roles\nx,root\n")
    with pytest.raises(CommandError, match="line 2: there is no role root"):
        call_command("import_users", str(file))
