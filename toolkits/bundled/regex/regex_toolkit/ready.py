"""Patterns for logs and what is found in them, each with lines that it must and must not match.

All of them work with both engines and none can run away.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ready:
    """A pattern that is ready for use."""

    name: str
    about: str
    pattern: str
    example: str
    rejects: str
    flags: tuple[str, ...] = ()


_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"

READY: tuple[Ready, ...] = (
    Ready(
        "access log, combined", "nginx and Apache, with referrer and agent",
        r'^(?P<client>\S+) \S+ (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>\S+)'
        r'(?: (?P<protocol>[^"]+))?" (?P<status>\d{3}) (?P<bytes>\d+|-)'
        r'(?: "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)")?',
        '192.0.2.7 - ann [10/Oct/2025:13:55:36 +0200] "GET /a?b=1 HTTP/1.1" 200 2326 "-" "curl/8.5"',
        '192.0.2.7 - ann "GET /a"', ("multiline",),
    ),
    Ready(
        "server errors in an access log", "requests that ended with 5xx",
        r'"(?P<method>[A-Z]+) (?P<path>\S+)[^"]*" (?P<status>5\d\d) ',
        '192.0.2.7 - - [10/Oct/2025:13:55:36 +0200] "POST /pay HTTP/1.1" 502 157 "-" "-"',
        '192.0.2.7 - - [10/Oct/2025:13:55:36 +0200] "POST /pay HTTP/1.1" 200 157 "-" "-"',
    ),
    Ready(
        "syslog, BSD", "RFC 3164: as in /var/log/syslog",
        r"^(?P<time>[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}) (?P<host>\S+) "
        r"(?P<program>[^\s\[:]+)(?:\[(?P<pid>\d+)\])?: (?P<message>.*)$",
        "Nov  4 06:25:01 web-1 sshd[812]: Accepted publickey for ann",
        "2025-11-04 06:25:01 sshd started", ("multiline",),
    ),
    Ready(
        "syslog, RFC 5424", "the newer form, with structured data",
        r"^<(?P<priority>\d{1,3})>1 (?P<time>\S+) (?P<host>\S+) (?P<app>\S+) (?P<pid>\S+) (?P<id>\S+) "
        r"(?P<data>-|\[.*\])(?: (?P<message>.*))?$",
        '<34>1 2025-10-11T22:14:15.003Z web-1 su 811 ID47 [x@1 a="b"] failed for ann',
        "<34>Oct 11 22:14:15 web-1 su: failed", ("multiline",),
    ),
    Ready(
        "logfmt pairs", "key=value and key=\"quoted value\"",
        r'(?P<key>[A-Za-z_][\w.-]*)=(?P<value>"(?:[^"\\]|\\.)*"|[^\s"]+)',
        'level=error msg="cannot connect" host=db-1', "no pairs in here",
    ),
    Ready(
        "Kubernetes klog", "lines of kubelet, API server and others",
        r"^(?P<level>[IWEF])(?P<date>\d{4}) (?P<time>\d{2}:\d{2}:\d{2}\.\d{6}) +(?P<thread>\d+) "
        r"(?P<file>[^:]+):(?P<line>\d+)\] (?P<message>.*)$",
        "E1104 06:25:01.123456    1234 pod_workers.go:191] Error syncing pod",
        "E1104 06:25:01 pod_workers.go Error", ("multiline",),
    ),
    Ready(
        "PostgreSQL log", "the default prefix of Debian's packages",
        r"^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \S+) \[(?P<pid>\d+)\] "
        r"(?:(?P<user>[^@\s]+)@(?P<database>\S+) )?"
        r"(?P<level>LOG|ERROR|FATAL|PANIC|WARNING|DETAIL|HINT|STATEMENT): +(?P<message>.*)$",
        '2025-11-04 06:25:01.123 UTC [812] ann@shop ERROR:  relation "x" does not exist',
        "ERROR: relation x does not exist", ("multiline",),
    ),
    Ready(
        "HAProxy HTTP log", "timers, status and queue of each request",
        r"(?P<client>[^\s:]+):(?P<port>\d+) \[(?P<time>[^\]]+)\] (?P<frontend>\S+) "
        r"(?P<backend>[^\s/]+)/(?P<server>\S+) (?P<timers>-?\d+/-?\d+/-?\d+/-?\d+/\+?\d+) "
        r"(?P<status>-?\d+) (?P<bytes>\d+)",
        "192.0.2.7:33318 [04/Nov/2025:06:25:01.655] web~ app/app-1 10/0/30/69/109 200 2750 - -",
        "192.0.2.7 [04/Nov/2025] web 200",
    ),
    Ready(
        "Python exception", "the last line of a traceback",
        r"^(?P<exception>[A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Exit))(?:: (?P<message>.*))?$",
        "requests.exceptions.ConnectTimeoutError: timed out", "Error in line 3", ("multiline",),
    ),
    Ready(
        "Java exception", "the first line of a stack trace, or one of its causes",
        r"^(?:Caused by: |Exception in thread \"[^\"]*\" )?"
        r"(?P<exception>[a-z]\w*(?:\.\w+)+(?:Exception|Error))(?:: (?P<message>.*))?$",
        "Caused by: java.net.SocketTimeoutException: connect timed out",
        "at java.net.Socket.connect(Socket.java:1)", ("multiline",),
    ),
    Ready(
        "log level", "the usual words, as words of their own",
        r"\b(?P<level>TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|CRIT(?:ICAL)?|FATAL|ALERT|EMERG)\b",
        "10:31:07 ERROR cannot open file", "10:31:07 terrors abound",
    ),
    Ready(
        "time stamp, ISO 8601", "with or without fraction and zone",
        r"\b(?P<date>\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))[T ]"
        r"(?P<time>(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?)(?P<zone>Z|[+-]\d\d:?\d\d)?",
        "2025-11-04T06:25:01.123+01:00", "2025-13-04T06:25:01Z",
    ),
    Ready(
        "IPv4 address", "each part from 0 to 255",
        rf"\b(?P<address>{_OCTET}(?:\.{_OCTET}){{3}})\b", "from 192.0.2.255 to here", "192.0.2.300",
    ),
    Ready(
        "IPv6 address", "full and shortened; check what it finds with the subnet toolkit",
        r"(?P<address>\b(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}\b"
        r"|\b(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6}\b|\b(?:[0-9A-Fa-f]{1,4}:){1,7}:"
        r"|::(?:[0-9A-Fa-f]{1,4}:){0,6}[0-9A-Fa-f]{1,4}\b)",
        "from 2001:db8::1 to here", "12:34",
    ),
    Ready(
        "MAC address", "with colons or hyphens",
        r"\b(?P<mac>[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5})\b", "00:1b:44:11:3a:b7", "00:1b:44:11:3a",
    ),
    Ready(
        "host name", "fully qualified, with a top-level domain",
        r"\b(?P<host>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63})\b",
        "connecting to db-1.prod.example.com now", "connecting to localhost now",
    ),
    Ready(
        "URL", "http and https",
        r"\b(?P<scheme>https?)://(?P<host>[^\s/:?#]+)(?::(?P<port>\d+))?(?P<path>/[^\s?#]*)?"
        r"(?:\?(?P<query>[^\s#]*))?",
        "GET https://example.com:8443/a/b?c=d done", "ftp://example.com/",
    ),
    Ready(
        "e-mail address", "close enough for logs",
        r"\b(?P<address>[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,63})\b",
        "mail from ann@example.com refused", "ann at example.com",
    ),
    Ready(
        "UUID", "in the usual form of five groups",
        r"\b(?P<uuid>[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})\b",
        "job 018f4e2a-7b1c-7def-8a12-0242ac120002 ended", "job 018f4e2a ended",
    ),
    Ready(
        "duration", "numbers with a unit of time",
        r"\b(?P<number>\d+(?:\.\d+)?) ?(?P<unit>ns|us|µs|ms|s|sec|m|min|h)\b",
        "took 12.5ms in all", "took 12.5 metres",
    ),
)  # fmt: skip

BY_NAME = {entry.name: entry for entry in READY}
