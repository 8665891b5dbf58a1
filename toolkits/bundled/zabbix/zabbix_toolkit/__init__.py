"""Zabbix."""

from zabbix_toolkit import (
    adding,
    cleaning,
    connecting,
    dbreport,
    diagnosing,
    exporting,
    indexing,
    maintaining,
    problems,
)
from zabbix_toolkit.app import toolkit

__all__ = [
    "adding",
    "cleaning",
    "connecting",
    "dbreport",
    "diagnosing",
    "exporting",
    "indexing",
    "maintaining",
    "problems",
    "toolkit",
]
