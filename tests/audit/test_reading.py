"""Reading the trail: page, API, export, filters, timelines; all of it an event itself."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.roles import SYSTEM_ADMIN
from audit import chain, export
from audit.filters import Filters
from audit.models import Event, Verification
from tests.support import trail
from tests.support.factories import make_job, make_row, make_user
from toolbox import context
from toolbox.events import Actor, ActorKind, emit

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(db: None) -> User:
    return make_user("ada", roles=[SYSTEM_ADMIN])


@pytest.fixture
def signed_in(auditor: User, client: Client) -> Client:
    client.force_login(auditor)
    return client


def names(found: Any) -> list[str]:
    return [event.name for event in found.order_by("id")]


def select(**given: str) -> list[str]:
    return names(Filters.read(given).apply(Event.objects.exclude(name="auth.signed_in")))


class TestFilters:
    @pytest.fixture(autouse=True)
    def events(self, db: None) -> None:
        self.user = make_user("uma")
        self.toolkit = make_row("disks", name="Disk usage")
        self.job = make_job(self.toolkit, self.user)
        with context.working(address="192.0.2.1", request_id="req-aaaaaaaa"):
            emit("toolkit.enabled", actor=self.user, target=self.toolkit)
        with context.working(address="192.0.2.2"):
            emit("auth.sign_in_failed", outcome="failure", username="Mallory O'Neil")
        emit("job.requested", actor=Actor(ActorKind.SCHEDULE, "7", "nightly", self.user),
             target=self.job)  # fmt: skip
        with context.working(job_id=str(self.job.pk)):
            emit("secret.read", path="toolkits/disks/api", version=2, toolkit="disks")
        emit("auth.token_reused", outcome="failure", family="f1")

    @pytest.mark.parametrize("actor", ["uma", "UMA", "id"])
    def test_by_actor_also_on_whose_behalf(self, actor: str) -> None:
        actor = str(self.user.pk) if actor == "id" else actor
        assert select(actor=actor) == ["toolkit.enabled", "job.requested"]

    def test_by_actor_that_is_no_user(self) -> None:
        assert select(actor="nightly") == ["job.requested"]

    @pytest.mark.parametrize(
        ("event", "found"),
        [("secret.read", ["secret.read"]), ("auth.", ["auth.sign_in_failed", "auth.token_reused"]),
         ("auth", [])],
    )  # fmt: skip
    def test_by_event_or_its_first_part(self, event: str, found: list[str]) -> None:
        assert select(event=event) == found

    @pytest.mark.parametrize(
        ("severity", "found"),
        [("critical", ["auth.token_reused"]), ("warning", ["auth.sign_in_failed"]),
         ("warning+", ["auth.sign_in_failed", "auth.token_reused"])],
    )  # fmt: skip
    def test_by_severity(self, severity: str, found: list[str]) -> None:
        assert select(severity=severity) == found

    def test_by_outcome(self) -> None:
        assert select(outcome="failure") == ["auth.sign_in_failed", "auth.token_reused"]

    @pytest.mark.parametrize("target", ["Disk usage", "disks", "Disks", "id"])
    def test_by_target(self, target: str) -> None:
        target = str(self.toolkit.pk) if target == "id" else target
        assert "toolkit.enabled" in select(target=target)
        assert select(target=target, target_type="toolkits.toolkit") == ["toolkit.enabled"]

    def test_by_the_present_name_of_a_target_that_had_another_one(self) -> None:
        emit("user.changed", actor=self.user, target=self.user)
        self.user.username = "uma.new"
        self.user.save()
        assert select(target="uma.new") == ["user.changed"]
        assert select(target="uma") == ["user.changed"]
        assert select(target="nobody") == []

    def test_by_address_and_request(self) -> None:
        assert select(address="192.0.2.2") == ["auth.sign_in_failed"]
        assert select(request="req-aaaaaaaa") == ["toolkit.enabled"]

    def test_by_job_what_it_did_and_what_was_done_with_it(self) -> None:
        assert select(job=str(self.job.pk)) == ["job.requested", "secret.read"]

    @pytest.mark.parametrize(
        ("text", "found"),
        [("mallory", ["auth.sign_in_failed"]), ("disk usage", ["toolkit.enabled"]),
         ("192.0.2.1", ["toolkit.enabled"]), ("toolkits/disks", ["secret.read"]),
         ("nightly job", ["job.requested"]), ("O'Neil", ["auth.sign_in_failed"]),
         ("nothing-like-it", [])],
    )  # fmt: skip
    def test_by_text(self, text: str, found: list[str]) -> None:
        assert select(q=text) == found

    @pytest.mark.parametrize("text", ["'", "\\", "& | !", "''':*", "%", "()", "a' | 'b"])
    def test_no_text_is_an_error(self, text: str) -> None:
        select(q=text)

    def test_by_time(self) -> None:
        now = timezone.now()
        assert len(select(since=(now - timedelta(hours=1)).isoformat())) == 5
        assert select(since=(now + timedelta(hours=1)).isoformat()) == []
        assert select(until=(now - timedelta(hours=1)).isoformat()) == []
        assert len(select(since=f"{now:%Y-%m-%d}", until=f"{now:%Y-%m-%d}")) == 5

    @pytest.mark.parametrize(
        "given",
        [{"since": "yesterday"}, {"until": "2026-13-01"}, {"since": "0001-01-01"},
         {"severity": "grave"}, {"outcome": "maybe"}],
    )  # fmt: skip
    def test_what_is_not_understood_finds_nothing_and_says_so(self, given: dict[str, str]) -> None:
        filters = Filters.read(given)
        assert list(filters.errors()) == list(given)
        assert not filters.apply(Event.objects.all()).exists()


class TestPage:
    def test_it_shows_events_to_who_may_read_them(self, signed_in: Client, auditor: User) -> None:
        emit("toolkit.enabled", actor=auditor, target=make_row("disks", name="Disk usage"))
        page = signed_in.get("/audit/").content.decode()
        assert "toolkit.enabled" in page
        assert "Disk usage" in page

    def test_reading_is_an_event_with_its_filters(self, signed_in: Client) -> None:
        signed_in.get("/audit/", {"event": "auth."})
        event = Event.objects.get(name="audit.viewed")
        assert event.actor_label == "ada"
        assert event.details == {"filters": {"event": "auth."}, "via": "page"}

    @pytest.mark.parametrize("path", ["/audit/", "/audit/export/", "/audit/verify/"])
    def test_to_others_nothing_is_there(self, client: Client, user: User, path: str) -> None:
        client.force_login(user)
        method = client.post if path.endswith("verify/") else client.get
        assert method(path).status_code == 404
        assert not Event.objects.filter(name__startswith="audit.").exists()

    def test_strangers_sign_in_first(self, client: Client) -> None:
        assert client.get("/audit/").headers["Location"].startswith("/account/login/")

    def test_an_event_is_shown_whole(self, signed_in: Client, auditor: User) -> None:
        with context.working(address="192.0.2.77", user_agent="agent/1", request_id="req-00000001"):
            emit("user.changed", actor=auditor, target=auditor, changes={"email": ["a", "b"]})
        chain.seal_pending()
        event = Event.objects.get(name="user.changed")
        page = signed_in.get(f"/audit/{event.pk}/").content.decode()
        meaning = "An account was changed."
        for text in ("192.0.2.77", "agent/1", "req-00000001", event.hash, meaning):
            assert text in page

    def test_what_stands_in_events_is_not_markup(self, signed_in: Client) -> None:
        with context.working(user_agent="<script>alert(1)</script>"):
            emit("auth.sign_in_failed", target="<b>x</b>", username='"><img src=x>')
        event = Event.objects.get(name="auth.sign_in_failed")
        for path in ("/audit/", f"/audit/{event.pk}/"):
            page = signed_in.get(path).content.decode()
            assert "<script>alert" not in page
            assert "<b>x</b>" not in page
            assert "<img src=x>" not in page

    def test_pages_follow_each_other_without_gap_or_repeat(self, signed_in: Client) -> None:
        for number in range(120):
            emit("job.ended", state="succeeded", reason=str(number))
        seen: list[str] = []
        query = "?event=job.ended"
        while query:
            paging = signed_in.get(f"/audit/{query}").context["paging"]
            seen += [event.details["reason"] for event in paging.rows]
            query = paging.older
        assert seen == [str(number) for number in reversed(range(120))]

    def test_it_asks_as_few_questions_for_many_rows_as_for_few(self, signed_in: Client) -> None:
        def questions() -> int:
            with CaptureQueriesContext(connection, ) as queries:
                signed_in.get("/audit/")
            return len(queries)

        signed_in.get("/audit/")
        few = questions()
        for _ in range(40):
            emit("job.ended", state="succeeded")
        assert questions() == few

    def test_the_list_alone_is_swapped(self, signed_in: Client) -> None:
        page = signed_in.get("/audit/", headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in page
        assert 'id="audit-list"' in page

    def test_a_filter_that_is_not_understood_says_so(self, signed_in: Client) -> None:
        page = signed_in.get("/audit/", {"since": "yesterday"}).content.decode()
        assert "Not a date or time" in page

    def test_verification_can_be_asked_for(self, signed_in: Client) -> None:
        assert signed_in.post("/audit/verify/").status_code == 302
        assert Verification.objects.filter(finished_at=None).count() == 1
        assert Event.objects.filter(name="audit.verify_requested").count() == 1

    def test_a_trail_that_is_not_whole_is_plain_to_see(self, signed_in: Client) -> None:
        Verification.objects.create(
            finished_at=timezone.now(), problems=[{"text": "event 5 is missing", "kind": "removed"}]
        )
        assert "event 5 is missing" in signed_in.get("/audit/").content.decode()


class TestTimeline:
    def render(self, user: Any, target: Any) -> str:
        template = Template("{% load audit_ui %}{% audit_timeline target %}")
        return template.render(Context({"user": user, "target": target}))

    def test_it_shows_what_happened_to_an_object(self, auditor: User) -> None:
        toolkit, other = make_row("disks"), make_row("nets")
        emit("toolkit.enabled", actor=auditor, target=toolkit)
        emit("toolkit.disabled", actor=auditor, target=other)
        text = self.render(auditor, toolkit)
        assert "toolkit.enabled" in text
        assert "toolkit.disabled" not in text

    def test_a_job_shows_what_it_did(self, auditor: User) -> None:
        job = make_job(make_row("disks"), auditor)
        with context.working(job_id=str(job.pk)):
            emit("secret.read", path="x", version=1, toolkit="disks")
        assert "secret.read" in self.render(auditor, job)

    def test_a_user_shows_what_they_did(self, auditor: User, user: User) -> None:
        emit("toolkit.enabled", actor=user, target=make_row("disks"))
        assert "toolkit.enabled" in self.render(auditor, user)

    def test_to_others_it_is_empty(self, user: User) -> None:
        emit("user.changed", actor=user, target=user)
        assert self.render(user, user).strip() == ""


class TestApi:
    def test_events_are_listed_newest_first_by_cursor(self, signed_in: Client) -> None:
        for number in range(5):
            emit("job.ended", state="succeeded", reason=str(number))
        seen, url = [], "/api/v1/audit/?event=job.ended&limit=2"
        while url:
            page = signed_in.get(url).json()
            seen += [event["details"]["reason"] for event in page["results"]]
            url = page["next"]
        assert seen == ["4", "3", "2", "1", "0"]
        assert Event.objects.filter(name="audit.viewed").count() == 3

    def test_an_event_has_every_field_that_the_schema_says(self, signed_in: Client) -> None:
        from audit.api.serializers import EventSerializer

        emit("job.ended", state="succeeded")
        chain.seal_pending()
        event = signed_in.get("/api/v1/audit/?event=job.ended").json()["results"][0]
        assert set(event) == set(EventSerializer().fields)
        assert signed_in.get(event["url"]).json() == event

    def test_unknown_and_wrong_parameters_are_refused(self, signed_in: Client) -> None:
        assert signed_in.get("/api/v1/audit/?actr=x").status_code == 400
        assert signed_in.get("/api/v1/audit/?since=yesterday").status_code == 400

    @pytest.mark.parametrize("path", ["", "export/", "verify/"])
    def test_to_others_nothing_is_there(self, client: Client, curator: User, path: str) -> None:
        client.force_login(curator)
        assert client.get(f"/api/v1/audit/{path}").status_code == 404

    def test_verification_is_asked_for_and_seen(self, signed_in: Client) -> None:
        from audit import verification

        emit("job.ended", state="succeeded")
        first = signed_in.post("/api/v1/audit/verify/")
        assert first.status_code == 202
        assert first.json()["running"]["whole"] is None
        while verification.advance():
            continue
        body = signed_in.get("/api/v1/audit/verify/").json()
        assert body["running"] is None
        assert body["last"]["whole"] is True
        assert len(body["chain"]["public_key"]) == 64


class TestExport:
    def rows(self, response: Any) -> list[dict[str, str]]:
        text = b"".join(response.streaming_content).decode()
        return list(csv.DictReader(io.StringIO(text)))

    def test_csv_holds_what_the_filters_show(self, signed_in: Client) -> None:
        emit("job.ended", state="succeeded", reason="one")
        emit("secret.read", path="x", version=1, toolkit="y")
        response = signed_in.get("/audit/export/", {"format": "csv", "event": "job."})
        rows = self.rows(response)
        assert response["Content-Type"].startswith("text/csv")
        assert 'filename="audit.csv"' in response["Content-Disposition"]
        assert [row["name"] for row in rows] == ["job.ended"]
        assert json.loads(rows[0]["details"]) == {"reason": "one", "state": "succeeded"}
        assert rows[0]["sequence"]

    def test_json_lines_are_what_is_hashed(self, signed_in: Client) -> None:
        emit("job.ended", state="succeeded")
        response = signed_in.get("/api/v1/audit/export/?format=jsonl")
        entries = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]
        assert [entry["sequence"] for entry in entries] == list(range(1, len(entries) + 1))
        body = json.dumps(
            {name: value for name, value in entries[0].items()
             if name not in ("proof", "sequence", "hash")},
            sort_keys=True, separators=(",", ":"),
        )  # fmt: skip
        import hashlib

        digest = hashlib.sha256(body.encode()).hexdigest()
        text = f"1\n{'0' * 64}\n{digest}\n{entries[0]['proof']}"
        assert hashlib.sha256(text.encode()).hexdigest() == entries[0]["hash"]

    def test_an_export_is_an_event_with_its_filters(self, signed_in: Client) -> None:
        signed_in.get("/audit/export/", {"format": "csv", "actor": "uma"})
        event = Event.objects.get(name="audit.exported")
        assert event.details == {"filters": {"actor": "uma"}, "format": "csv"}
        assert event.severity == "notice"

    @pytest.mark.parametrize(
        "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", '"=1', "\u00a0=1", "＝1", "'=1"]
    )
    def test_no_cell_is_a_formula(self, text: str) -> None:
        emit("auth.sign_in_failed", target=text, username=text)
        rows = csv.DictReader(io.StringIO("".join(export.stream(Event.objects.all(), "csv"))))
        for row in rows:
            for cell in row.values():
                assert not cell.lstrip(" \"\u00a0").startswith(("=", "+", "-", "@", "\t", "＝"))

    def test_line_ends_in_values_break_no_row(self) -> None:
        emit("job.ended", reason="first\r\nsecond\n=cmd()", state="failed")
        text = "".join(export.stream(Event.objects.all(), "csv"))
        assert len(text.splitlines()) == 2

    def test_a_large_export_streams_in_batches(self, signed_in: Client) -> None:
        trail.grow(2500)
        response = signed_in.get("/audit/export/", {"format": "jsonl", "event": "job."})
        with CaptureQueriesContext(connection) as queries:
            lines = b"".join(response.streaming_content).splitlines()
        assert len(lines) == 1000
        assert len(queries) <= 3

    def test_an_unknown_format_is_not_there(self, signed_in: Client) -> None:
        assert signed_in.get("/audit/export/", {"format": "xlsx"}).status_code == 404
