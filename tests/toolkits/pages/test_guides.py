"""The handbook's shelves, and the link from a page to the guide that tells of it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import User
from tests.support.factories import make_job, make_row
from toolbox.guides import PLACES
from toolkits.pages import documents, handbook


def test_every_guide_stands_on_a_shelf_of_those_whom_it_is_for() -> None:
    shelves = handbook.shelves()
    assert all(title for title, _guides in shelves), "name the new guide in toolkits.pages.handbook"
    pages = [guide.page for _title, guides in shelves for guide in guides]
    assert len(pages) == len(set(pages)) > 20


@pytest.mark.parametrize("guide", sorted(set(PLACES.values())))
def test_a_place_leads_to_a_heading_that_is_there(guide: str) -> None:
    page, _, heading = guide.partition("#")
    text = handbook.text(page)
    assert text is not None
    if heading:
        assert f'id="{heading}"' in documents.html(text, lambda name: f"/docs/{name}/")


def test_pages_lead_to_what_tells_of_them(client: Client, admin_user: User) -> None:
    job = make_job(make_row("net"), admin_user)
    client.force_login(admin_user)
    for path, guide in {
        "/": "operator/#dashboard",
        f"/jobs/{job.pk}/": "operator/#the-job-s-page",
        "/toolkits/net/run/hello/": "operator/#running-an-operation",
        "/audit/": "audit/#reading",
        "/admin/": "administration/#what-is-where",
        "/admin/accounts/provider/": "sign-in/#providers",
        "/admin/queues/": "troubleshooting/#jobs",
    }.items():
        assert f'class="page-guide" href="/docs/{guide}"' in client.get(path).content.decode()
    assert "page-guide" not in client.get("/docs/").content.decode()


def test_who_is_not_signed_in_is_led_nowhere(client: Client, db: None) -> None:
    assert "page-guide" not in client.get("/account/login/").content.decode()


@pytest.mark.django_db
def test_a_guide_shows_its_picture(client: Client, user: User) -> None:
    client.force_login(user)

    html = client.get("/docs/architecture/").content.decode()

    (source,) = re.findall(r'<img src="(/static/img/architecture[^"]*\.svg)" alt="Web, ', html)
    assert client.get(source).status_code == 200


def test_pictures_from_elsewhere_are_left_out() -> None:
    assert handbook.picture("https://example.org/spy.png") == ""
    assert handbook.picture("../static/img/none.svg") == ""
