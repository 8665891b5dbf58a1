"""Mail about the outcome of jobs, through Django's mail settings and a real server."""

from __future__ import annotations

import pytest

from tests.support import until
from tests.support.factories import make_job, make_row
from tests.support.mail import receiving
from toolbox.settings import environment
from toolkits.jobs.dispatch import submit
from toolkits.jobs.job_secrets import MARK
from toolkits.jobs.states import JobState
from toolkits.models import DeliveryState, NotificationDelivery
from toolkits.notify import deliver, outbox, rules

FAILING = """
@toolkit.operation(title="Drain a host")
def drain(ctx: Context, host: str) -> None:
    ctx.notify("db1 is full", "by far", state="critical")
    raise ToolkitError(f"{host} does not answer")
"""


@pytest.fixture
def mailbox():
    with receiving("s3cret") as made:
        yield made


@pytest.fixture
def mail_settings(mailbox, settings):
    """What ``EMAIL_URL`` makes of Django's own settings."""
    url = f"smtp://toolbox:s3cret@127.0.0.1:{mailbox.port}"
    for name, value in {"EMAIL_URL": url, **environment.mail(url)}.items():
        setattr(settings, name, value)
    settings.DEFAULT_FROM_EMAIL = "SRE Toolbox <toolbox@example.com>"
    return url


@pytest.fixture
def tell(curator, mail_settings, monkeypatch):
    """End a job and try its delivery: ``tell(**fields of the job)``."""
    monkeypatch.setattr(outbox, "call_workers", lambda deliveries: None)
    recipients = ["ops@example.com", "oncall@example.com"]
    rule = rules.create(
        curator, name="Failures", channel="email", recipients=recipients, outcomes=["failed"]
    )

    def end(**fields):
        job = make_job(make_row("disk"), curator, state=JobState.FAILED, **fields)
        outbox.add(job, JobState.FAILED)
        delivery = NotificationDelivery.objects.get(rule=rule, job=job)
        deliver.deliver(str(delivery.pk))
        delivery.refresh_from_db()
        return delivery

    return end


def test_a_mail_tells_each_recipient_of_the_job_and_nobody_of_the_others(tell, mailbox):
    delivery = tell(title="Drain a host", reason="db1 does not answer", inputs={"host": "db1"})

    assert delivery.state == DeliveryState.DELIVERED, delivery.last_error
    [(recipients, mail)] = mailbox.got
    assert sorted(recipients) == ["oncall@example.com", "ops@example.com"]
    assert mail["Subject"] == "Drain a host (disk): failed"
    assert mail["From"] == "SRE Toolbox <toolbox@example.com>"
    assert "example.com" not in str(mail["To"] or "")
    assert mail["Bcc"] is None
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    for told in ("Reason: db1 does not answer", "host: db1", str(delivery.job_id), "Failures"):
        assert told in text


def test_no_secret_input_is_in_a_mail(tell, mailbox):
    tell(inputs={"password": {MARK: "jobs/1"}})

    [(_, mail)] = mailbox.got
    assert "jobs/1" not in mail.get_content()
    assert "password: ••••" in mail.get_content()


def test_a_title_cannot_add_headers(tell, mailbox):
    tell(title="Drain\r\nBcc: eve@example.com")

    [(recipients, mail)] = mailbox.got
    assert "eve@example.com" not in recipients
    assert mail["Subject"].startswith("Drain Bcc: eve@example.com")


def test_mail_that_the_server_refuses_is_tried_again_later(tell, mailbox):
    mailbox.refuse = "451 Try again"

    delivery = tell()

    assert (delivery.state, delivery.tries) == (DeliveryState.PENDING, 1)
    assert "Try again" in delivery.last_error


def test_a_wrong_password_is_told_as_such_and_never_shown(tell, mailbox, settings):
    settings.EMAIL_HOST_PASSWORD = "not-the-one"

    delivery = tell()

    assert delivery.state == DeliveryState.PENDING
    assert "mail server refused" in delivery.last_error
    assert "not-the-one" not in delivery.last_error


def test_a_real_worker_sends_mail_of_a_job_that_failed(
    platform, mailbox, mail_settings, install, curator, user
):
    platform.worker(EMAIL_URL=mail_settings, EMAIL_FROM="toolbox@example.com")
    kit = install(FAILING, slug="disk")
    rules.create(
        curator, name="Failures", channel="email", recipients=["ops@example.com"],
        outcomes=["failed"], toolkit=kit, operation="drain",
    )  # fmt: skip

    submit(toolkit=kit, operation="drain", inputs={"host": "db1"}, user=user)

    until(lambda: mailbox.got, 60, "the mail")
    [(recipients, mail)] = mailbox.got
    assert recipients == ["ops@example.com"]
    assert "db1 does not answer" in mail.get_content()
    assert "[critical] db1 is full" in mail.get_content()
    delivered = NotificationDelivery.objects.filter(state=DeliveryState.DELIVERED)
    until(delivered.exists, 30, "the delivery is recorded")
