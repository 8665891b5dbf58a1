"""Zabbix."""

# In the order in which people are shown the operations.
# isort: off
from zabbix_toolkit import connecting
from zabbix_toolkit import adding, exporting
from zabbix_toolkit import problems
from zabbix_toolkit import maintaining
from zabbix_toolkit import diagnosing
from zabbix_toolkit import dbreport
from zabbix_toolkit import cleaning, indexing
from zabbix_toolkit.app import toolkit

# isort: on

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
