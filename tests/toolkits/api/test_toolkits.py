"""Toolkits: listing them, switching them on and off, their versions."""

import pytest

from audit.models import Event
from tests.support.api import problem
from tests.support.factories import make_row
from toolkits.models import Toolkit


def test_a_user_lists_the_enabled_ones_and_a_curator_all(api, user, curator, toolkit):
    make_row("other", enabled=False)

    def slugs(who, query=None):
        return [row["slug"] for row in api(who).get("toolkits/", query).json()["results"]]

    assert slugs(user) == ["sample"]
    assert slugs(curator) == ["other", "sample"]
    assert slugs(curator, {"enabled": "false"}) == ["other"]


def test_the_list_comes_in_pages_narrowed_by_words_with_the_fields_asked_for(api, user):
    for number in range(7):
        make_row(f"kit-{number}", tags=["even" if number % 2 == 0 else "odd"])
    client, found, path = api(user), [], "toolkits/"
    query = {"limit": "2", "q": "EVEN", "fields": "version,slug"}
    while path:
        page = client.get(path, query).json()
        found += page["results"]
        path, query = (page["next"] or "").removeprefix("/api/v1/"), None
    assert found == [{"slug": f"kit-{n}", "version": "1.0.0"} for n in (0, 2, 4, 6)]
    problem(client.get("toolkits/", {"fields": "operations"}), 400)
    problem(client.get("toolkits/", {"limit": "201"}), 400)

    tag = client.get("toolkits/")["ETag"]
    assert client.get("toolkits/", if_none_match=tag).status_code == 304
    Toolkit.objects.filter(slug="kit-3").update(description="changed")
    assert client.get("toolkits/", if_none_match=tag).status_code == 200


def test_a_toolkit_tells_what_it_can_do(api, user, toolkit):
    body = api(user).get("toolkits/sample/").json()

    assert [entry["name"] for entry in body["operations"]] == ["hello", "ask"]
    assert body["collections"][0]["url"] == "/api/v1/toolkits/sample/records/targets/"
    assert body["has_settings"] is True


def test_a_client_that_has_it_already_gets_304(api, user, toolkit):
    tag = api(user).get("toolkits/sample/")["ETag"]

    again = api(user).get("toolkits/sample/", if_none_match=tag)

    assert again.status_code == 304
    assert not again.content


def test_a_disabled_toolkit_is_not_there_for_a_user(api, user, toolkit):
    Toolkit.objects.update(enabled=False)

    problem(api(user).get("toolkits/sample/"), 404)
    problem(api(user).get("toolkits/sample/operations/"), 404)
    problem(api(user).post("toolkits/sample/operations/hello/", {}), 404)


def test_a_curator_switches_a_toolkit_off_and_it_is_audited(api, curator, toolkit):
    response = api(curator).patch("toolkits/sample/", {"enabled": False})

    assert response.status_code == 200
    assert response.json()["enabled"] is False
    assert Event.objects.get(name="toolkit.disabled").actor_label == curator.username


def test_a_switch_of_what_somebody_else_changed_is_refused(api, curator, toolkit):
    tag = api(curator).get("toolkits/sample/")["ETag"]
    api(curator).patch("toolkits/sample/", {"enabled": False}, if_match=tag)

    problem(api(curator).patch("toolkits/sample/", {"enabled": True}, if_match=tag), 412)

    toolkit.refresh_from_db()
    assert toolkit.enabled is False


def test_for_a_user_switching_looks_as_if_it_were_not_there(api, user, toolkit):
    problem(api(user).patch("toolkits/sample/", {"enabled": False}), 404)

    toolkit.refresh_from_db()
    assert toolkit.enabled is True


@pytest.mark.parametrize("body", [{}, {"enabled": "perhaps"}, [], None])
def test_a_switch_without_a_clear_wish_is_refused(api, curator, toolkit, body):
    problem(api(curator).patch("toolkits/sample/", body), 400)


def test_a_curator_lists_the_versions_that_are_kept(api, curator, user, toolkit):
    (version,) = api(curator).get("toolkits/sample/versions/").json()["results"]

    assert version["version"] == "1.0.0"
    assert version["active"] is True
    problem(api(user).get("toolkits/sample/versions/"), 404)


def test_a_list_costs_the_same_queries_whatever_its_length(
    api, user, toolkit, django_assert_max_num_queries
):
    for number in range(20):
        make_row(f"kit{number}")
    client = api(user)

    with django_assert_max_num_queries(7):
        client.get("toolkits/")


def test_a_misspelt_parameter_is_refused(api, user, toolkit):
    problem(api(user).get("toolkits/", {"enabeld": "true"}), 400)
