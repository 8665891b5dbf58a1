"""Users from a CSV file: everything is checked first, and all of it is done or nothing."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import invitations, users
from accounts.models import User
from accounts.roles import CORE_ROLES
from toolbox.events import emit
from toolbox.problems import Problem

COLUMNS = ("username", "email", "display_name", "roles", "active", "link")
MOST_BYTES = 1 << 20
MOST_ROWS = 5000
_YES, _NO = {"1", "yes", "true", "y"}, {"0", "no", "false", "n"}


class ImportRefused(Problem):
    """The file is not imported; ``lines`` says of each line what is wrong."""

    http_status = 422
    title = "Nothing was imported"

    def __init__(self, lines: list[tuple[int, str]]) -> None:
        shown = "; ".join(f"line {line}: {text}" for line, text in lines[:20])
        super().__init__(shown + ("; …" if len(lines) > 20 else ""))
        self.lines = lines
        self.errors = [{"loc": ["line", line], "message": text} for line, text in lines]


@dataclass(frozen=True)
class Row:
    """One user of the file."""

    line: int
    username: str
    email: str = ""
    display_name: str = ""
    roles: tuple[str, ...] | None = None
    active: bool | None = None
    link: bool = False


@dataclass
class Imported:
    """What an import did; ``links`` are for those who set their own password."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)


def read(data: bytes) -> list[Row]:
    """Read a file. Raises ``ImportRefused`` naming every line that is wrong.

    The first line names columns, of which ``username`` is needed. ``roles`` are separated by
    spaces or semicolons; ``link`` asks for a link to set a password. An empty cell leaves what
    is there.
    """
    if len(data) > MOST_BYTES:
        raise ImportRefused([(0, f"the file is larger than {MOST_BYTES >> 10} KiB")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused([(0, f"the file is not UTF-8 at byte {error.start}")]) from None
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        names = [name.strip().lower() for name in reader.fieldnames or []]
        reader.fieldnames = names
        _check_names(names)
        found = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise ImportRefused([(reader.line_num, str(error))]) from None
    return _rows(found)


def _check_names(names: list[str]) -> None:
    if "username" not in names:
        hint = "; put commas between columns" if any(";" in name for name in names) else ""
        raise ImportRefused([(1, f"there is no column username{hint}")])
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ImportRefused([(1, f"the column {', '.join(twice)} is there twice")])
    if unknown := sorted(set(names) - set(COLUMNS)):
        known = ", ".join(COLUMNS)
        raise ImportRefused([(1, f"the column {', '.join(unknown)} is not known ({known})")])


def _rows(found: list[tuple[int, dict[str, str]]]) -> list[Row]:
    if len(found) > MOST_ROWS:
        raise ImportRefused([(0, f"there are more than {MOST_ROWS} lines")])
    rows, wrong, seen = [], [], set()
    for line, cells in found:
        try:
            row = _row(line, cells)
            if row.username.lower() in seen:
                raise ValueError(f"{row.username} was there before")
            seen.add(row.username.lower())
            rows.append(row)
        except ValueError as error:
            wrong.append((line, str(error)))
    if wrong:
        raise ImportRefused(wrong)
    return rows


def _row(line: int, cells: dict[str, str]) -> Row:
    if None in cells or None in cells.values():
        raise ValueError("it has more or fewer cells than there are columns")
    plain = {name: value.strip() for name, value in cells.items()}
    if not plain["username"]:
        raise ValueError("the username is empty")
    roles = tuple(plain.get("roles", "").replace(";", " ").split())
    if unknown := set(roles) - set(CORE_ROLES):
        raise ValueError(f"there is no role {', '.join(sorted(unknown))}")
    return Row(
        line=line,
        username=plain["username"],
        email=plain.get("email", ""),
        display_name=plain.get("display_name", ""),
        roles=roles or None,
        active=_flag(plain.get("active", "")),
        link=bool(_flag(plain.get("link", ""))),
    )


def _flag(text: str) -> bool | None:
    if not text:
        return None
    if text.lower() not in _YES | _NO:
        raise ValueError(f"{text!r} is neither yes nor no")
    return text.lower() in _YES


@transaction.atomic
def apply(actor: User | None, rows: list[Row]) -> Imported:
    """Create and change users as ``rows`` say, by the same rules as one by one."""
    done, wrong = Imported(), []
    present = {user.username.lower(): user for user in User.objects.all()}
    for row in rows:
        try:
            with transaction.atomic():
                _apply(actor, row, present.get(row.username.lower()), done)
        except ValidationError as error:
            wrong.append((row.line, " ".join(error.messages)))
        except Problem as error:
            wrong.append((row.line, str(error)))
    if wrong:
        raise ImportRefused(wrong)
    emit("user.imported", actor=actor, created=len(done.created), changed=len(done.changed))
    return done


def _apply(actor: User | None, row: Row, user: User | None, done: Imported) -> None:
    if user is None:
        user = users.create_user(
            actor,
            row.username,
            email=row.email,
            display_name=row.display_name,
            roles=row.roles or (),
        )
        done.created.append(user.username)
    elif _change(actor, row, user):
        done.changed.append(user.username)
    if row.active is not None:
        users.set_active(actor, user, row.active)
    if row.link:
        done.links[user.username] = invitations.password_link(actor, user)[1]


def _change(actor: User | None, row: Row, user: User) -> bool:
    fields = {"email": row.email, "display_name": row.display_name}
    changed = users.change_user(actor, user, **{k: v for k, v in fields.items() if v})
    if row.roles is not None and set(row.roles) != set(user.roles) & set(CORE_ROLES):
        users.set_roles(actor, user, row.roles)
        changed = True
    return changed or row.active not in {None, user.is_active}
