"""Zabbix."""

from zabbix_toolkit import adding, connecting
from zabbix_toolkit.app import toolkit

__all__ = ["adding", "connecting", "toolkit"]
