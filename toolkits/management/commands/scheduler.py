"""``manage.py scheduler``: card refresh, lost-job recovery, the sweep of queued jobs."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from toolbox import preflight
from toolbox.process import hide_from_proc, tell_alive
from toolkits import processes, scheduling

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Run what is due. Several may run: a lease in the database picks one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--wait", type=float, metavar="SECONDS", help=preflight.WAIT_HELP)

    def handle(self, *args: Any, **options: Any) -> None:
        hide_from_proc()
        preflight.require(options["wait"])
        processes.begin("scheduler", runs_code=False)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        leadership = scheduling.Leadership(f"{socket.gethostname()}.{os.getpid()}")
        timetable, held = scheduling.Timetable(), False
        while not stop.wait(0.5):
            tell_alive()
            try:
                had, held = held, leadership.hold()
            except DatabaseError as error:
                log.warning("the database does not answer: %s", error)
                connection.close()
                continue
            if held and not had:
                log.info("this scheduler is the active one")
            if held:
                timetable.run_due(time.monotonic())
        leadership.release()
