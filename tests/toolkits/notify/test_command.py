"""``manage.py notifications``: rules made, shown, tried and removed."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from audit.models import Event
from tests.support.factories import make_job, make_row
from toolkits.jobs.states import JobState
from toolkits.models import NotificationDelivery, NotificationRule
from toolkits.notify import outbox


def call(*arguments: str) -> str:
    out = io.StringIO()
    call_command("notifications", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _nothing_is_sent(monkeypatch, admin_user):
    monkeypatch.setattr(outbox, "call_workers", lambda deliveries: None)


def test_a_rule_is_made_for_an_operation_of_a_toolkit_shown_and_removed():
    make_row("disk")
    hook = "https://hooks.example.com/x"

    call("add", "Failures", "--webhook", hook, "--toolkit", "disk", "--operation", "hello",
         "--on", "failed", "lost")  # fmt: skip

    rule = NotificationRule.objects.get()
    assert (rule.toolkit.slug, rule.operation, rule.url) == ("disk", "hello", hook)
    assert rule.outcomes == ["failed", "lost"]
    assert call("list") == "Failures: Webhook, disk.hello, failed, lost\n"
    assert Event.objects.filter(name="notification.created").exists()
    call("remove", "Failures")
    assert not NotificationRule.objects.exists()
    assert Event.objects.filter(name="notification.removed").exists()


def test_mail_goes_to_everybody_who_is_named(settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"

    call("add", "Mail", "--mail", "a@example.com", "b@example.com")

    assert NotificationRule.objects.get().recipients == ["a@example.com", "b@example.com"]


def test_a_rule_is_tried_with_an_earlier_job(user):
    job = make_job(make_row(), user, state=JobState.SUCCEEDED)
    call("add", "Hook", "--webhook", "https://hooks.example.com/x")

    call("test", "Hook", str(job.pk))

    assert NotificationDelivery.objects.get().job_id == job.pk


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["add", "A", "--webhook", "ftp://x"], "http or https"),
        (["add", "A", "--webhook", "https://x.example.com", "--toolkit", "none"], "no toolkit"),
        (["add", "A", "--webhook", "https://x.example.com", "--schedule", "9"], "no schedule"),
        (["add", "A", "--webhook", "https://x.example.com", "--on", "never"], "outcomes"),
        (["add", "A", "--mail", "a@example.com"], "no mail server"),
        (["remove", "A"], "There is no rule"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(arguments, told):
    with pytest.raises(CommandError, match=told):
        call(*arguments)
