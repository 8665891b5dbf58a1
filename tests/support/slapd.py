"""A private OpenLDAP server with TLS, people and nested groups, for tests."""

from __future__ import annotations

import shutil
import socket
import subprocess
import uuid
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ldap3

from accounts.providers.ldap_connection import CheckedTls
from tests.support import tls
from tests.support.processes import free_port
from tests.support.waiting import until

PROGRAM = shutil.which("slapd") or "/usr/sbin/slapd"
MODULES, SCHEMAS = Path("/usr/lib/ldap"), Path("/etc/ldap/schema")
SUFFIX = "dc=example,dc=com"
PEOPLE, GROUPS, STAFF = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}", f"ou=staff,{SUFFIX}"
READER, READER_PASSWORD = f"cn=reader,{SUFFIX}", "reader's secret"
PASSWORD = "correct horse battery"

CONFIG = """
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
include {folder}/ad.schema
modulepath {modules}
moduleload back_mdb
moduleload memberof
pidfile {folder}/pid
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
security simple_bind=128
disallow bind_anon
database mdb
maxsize 10485760
suffix "{suffix}"
rootdn "cn=root,{suffix}"
rootpw "root's secret"
directory {folder}/data
index objectClass eq
overlay memberof
memberof-group-oc groupOfNames
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by self read by * none
"""

# The part of Active Directory's schema that sign-in uses, under its own OIDs.
AD_SCHEMA = """
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
 SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch
 SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch
 SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
 SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP organizationalPerson STRUCTURAL
 MAY ( sAMAccountName $ userPrincipalName $ objectGUID $ userAccountControl $ displayName $ mail ) )
"""
GUID = uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")

ROOT = """
dn: {suffix}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: {reader}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {reader_password}
"""


def person(uid: str, name: str, **more: str) -> str:
    """An entry of somebody with the usual password."""
    lines = [
        f"dn: uid={uid},{PEOPLE}", "objectClass: inetOrgPerson", f"uid: {uid}", f"cn: {name}",
        f"sn: {name}", f"mail: {uid}@example.com", f"userPassword: {PASSWORD}",
    ]  # fmt: skip
    return "\n".join(lines + [f"{key}: {value}" for key, value in more.items()]) + "\n"


def ad_person(account: str, name: str, control: int = 512) -> str:
    """An entry as Active Directory has them."""
    return (
        f"dn: CN={name},{STAFF}\nobjectClass: user\ncn: {name}\nsn: {name}\n"
        f"displayName: {name}\nsAMAccountName: {account}\n"
        f"userPrincipalName: {account}@corp.example.com\nuserPassword: {PASSWORD}\n"
        f"mail: {account}@corp.example.com\nuserAccountControl: {control}\n"
        f"objectGUID:: {b64encode(uuid.uuid5(GUID, account).bytes_le).decode()}\n"
    )


def unit(name: str) -> str:
    return f"dn: ou={name},{SUFFIX}\nobjectClass: organizationalUnit\nou: {name}\n"


def uid(name: str) -> str:
    return f"uid={name},{PEOPLE}"


def cn(name: str) -> str:
    return f"cn={name},{GROUPS}"


ENTRIES = [
    unit("people"), unit("groups"), unit("staff"),
    person("alice", "Alice Ångström"), person("bob", "Bob"),
    person("eve", "Eve"), person("star", "Star"),
    person("paren(s)", "Odd Name"),
    ad_person("dana", "Dana Doe"), ad_person("ed", "Ed", control=514),
]  # fmt: skip
MEMBERS = {
    "netops": [uid("alice"), f"CN=Dana Doe,{STAFF}"],
    "sre": [cn("netops"), uid("bob")],
    "everybody": [cn("sre"), cn("loop")],
    "loop": [cn("everybody")],
    "admins": [uid("eve")],
}


@dataclass
class Slapd:
    """The running server."""

    folder: Path
    ldap: str
    ldaps: str
    ca: str
    process: subprocess.Popen[bytes] | None = None

    def settings(self, **changes: object) -> dict[str, object]:
        """Settings of a provider that signs people in by this server."""
        return {
            "urls": [self.ldaps],
            "ca_cert": self.ca,
            "bind_dn": READER,
            "user_base": PEOPLE,
            "group_base": GROUPS,
            **changes,
        }

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def start(folder: Path) -> Slapd:
    """Write the configuration and the entries, and start the server."""
    ca = tls.issue("Test CA", ca=True)
    tls.issue("localhost", by=ca, names=("localhost",)).write(folder)
    (folder / "data").mkdir()
    config = folder / "slapd.conf"
    (folder / "ad.schema").write_text(AD_SCHEMA)
    values = {"schemas": SCHEMAS, "modules": MODULES, "folder": folder, "suffix": SUFFIX,
              "reader": READER, "reader_password": READER_PASSWORD}  # fmt: skip
    config.write_text(CONFIG.format(**values))
    entries = folder / "entries.ldif"
    entries.write_text(ROOT.format(**values).strip() + "\n\n" + "\n".join(ENTRIES))
    add = [PROGRAM, "-T", "add", "-f", str(config), "-l", str(entries)]
    done = subprocess.run(add, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    plain, encrypted = free_port(), free_port()
    server = Slapd(folder, f"ldap://localhost:{plain}", f"ldaps://localhost:{encrypted}", ca.pem)
    listen = f"ldap://localhost:{plain}/ ldaps://localhost:{encrypted}/"
    log = (folder / "log").open("ab")
    server.process = subprocess.Popen(
        [PROGRAM, "-h", listen, "-f", str(config), "-d", "0"], stdout=log, stderr=log
    )
    until(lambda: _answers(plain) and _answers(encrypted), 20, f"slapd answers; see {folder}/log")
    _add_groups(server)
    return server


@contextmanager
def administering(server: Slapd) -> Iterator[ldap3.Connection]:
    """A connection that may change entries."""
    context = CheckedTls(ca_certs_data=server.ca)
    root = ldap3.Connection(
        ldap3.Server(server.ldaps, tls=context, get_info=ldap3.NONE),
        f"cn=root,{SUFFIX}", "root's secret", auto_bind=True,
    )  # fmt: skip
    try:
        yield root
    finally:
        root.unbind()


def _add_groups(server: Slapd) -> None:
    """Added by the protocol, because the overlay that keeps memberOf sees nothing else."""
    with administering(server) as root:
        for name, members in MEMBERS.items():
            added = root.add(cn(name), "groupOfNames", {"cn": name, "member": members})
            assert added, root.result


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("localhost", port), timeout=1):
            return True
    except OSError:
        return False
