"""The tables of a Zabbix database that the bundled toolkit's scripts work on, for machines without
Zabbix's own schema. Columns as those of 6.0 are documented, as far as they matter."""

_PLAIN = """
CREATE TABLE dbversion (dbversionid bigint PRIMARY KEY, mandatory integer, optional integer);
INSERT INTO dbversion VALUES (1, 6000000, 6000014);
CREATE TABLE hosts (hostid bigint PRIMARY KEY, host varchar(128) NOT NULL DEFAULT '',
    name varchar(128) NOT NULL DEFAULT '', status integer NOT NULL DEFAULT 0);
CREATE TABLE items (itemid bigint PRIMARY KEY, hostid bigint NOT NULL REFERENCES hosts,
    name varchar(255) NOT NULL DEFAULT '', key_ varchar(2048) NOT NULL DEFAULT '');
CREATE TABLE triggers (triggerid bigint PRIMARY KEY,
    description varchar(255) NOT NULL DEFAULT '');
CREATE TABLE events (eventid bigint PRIMARY KEY, source integer NOT NULL DEFAULT 0,
    object integer NOT NULL DEFAULT 0, objectid bigint NOT NULL DEFAULT 0,
    clock integer NOT NULL DEFAULT 0);
CREATE TABLE problem (eventid bigint PRIMARY KEY REFERENCES events ON DELETE CASCADE,
    source integer NOT NULL DEFAULT 0, object integer NOT NULL DEFAULT 0,
    objectid bigint NOT NULL DEFAULT 0);
CREATE TABLE escalations (escalationid bigint PRIMARY KEY, actionid bigint NOT NULL,
    triggerid bigint);
"""
_HISTORY = """
CREATE TABLE {name} (itemid bigint NOT NULL, clock integer NOT NULL DEFAULT 0, value {kind},
    ns integer NOT NULL DEFAULT 0, PRIMARY KEY (itemid, clock, ns));
"""
_TRENDS = """
CREATE TABLE {name} (itemid bigint, clock integer, num integer DEFAULT 0,
    PRIMARY KEY (itemid, clock));
"""
_KINDS = {
    "history": "double precision", "history_uint": "numeric(20)", "history_str": "varchar(255)",
    "history_text": "text", "history_log": "text",
}  # fmt: skip

SCRIPT = (
    _PLAIN
    + "".join(_HISTORY.format(name=name, kind=kind) for name, kind in _KINDS.items())
    + "".join(_TRENDS.format(name=name) for name in ("trends", "trends_uint"))
)
