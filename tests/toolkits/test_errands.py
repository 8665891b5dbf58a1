"""What accounts have to do outside is called for by the scheduler and done by a worker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rq.utils import import_attribute

from accounts.mailing import outbox
from accounts.models import Identity, OutgoingMail, Provider
from tests.support.factories import make_token, make_user
from toolkits import errands
from toolkits.jobs import queues

pytestmark = [pytest.mark.django_db, pytest.mark.servers]


def calls() -> list[tuple[str, Any]]:
    """What waits on the queue: the function, which must be there, and its arguments."""
    found: Any = queues.queue(queues.LOW).jobs
    assert all(callable(import_attribute(job.func_name)) for job in found)
    return [(job.func_name, list(job.args)) for job in found]


def test_a_worker_is_called_for_mail_that_is_due(valkey: Any, settings: Any) -> None:
    outbox.forgotten("uma@example.com")
    assert errands.mail() == 0, "nothing is called for while no mail server is set"
    settings.EMAIL_URL = "smtp://mail.example.com"
    assert errands.mail() == 1
    assert calls() == [(errands.DELIVER, [str(OutgoingMail.objects.get().pk)])]


def test_a_worker_is_called_when_people_are_to_be_asked_for(valkey: Any) -> None:
    user = make_user("tess")
    make_token(user, scopes=["read"])
    provider = Provider.objects.create(slug="corp", name="Corp", kind="ldap")
    row = Identity.objects.create(user=user, provider=provider, issuer="i", subject="s")
    assert errands.ask_directories() == 1
    assert errands.ask_directories() == 1
    assert (errands.RECHECK, []) in calls()
    row.checked_at = timezone.now() - timedelta(seconds=5)
    row.save()
    assert errands.ask_directories() == 0
