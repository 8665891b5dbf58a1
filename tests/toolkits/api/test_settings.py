"""Settings of a toolkit."""

from tests.support.api import places, problem
from tests.support.factories import make_row

URL = "toolkits/sample/settings/"


def test_a_curator_reads_and_changes_them(api, curator, toolkit):
    assert api(curator).get(URL).json() == {"seconds": 5}

    assert api(curator).patch(URL, {"seconds": 9}).json() == {"seconds": 9}
    assert api(curator).get(URL).json() == {"seconds": 9}
    assert api(curator).put(URL, {}).json() == {"seconds": 5}


def test_what_does_not_fit_is_refused_with_its_place(api, curator, toolkit):
    found = problem(api(curator).put(URL, {"seconds": -1, "other": 1}), 422)

    assert sorted(places(found)) == [["other"], ["seconds"]]
    problem(api(curator).put(URL, []), 400)


def test_a_change_of_what_somebody_else_changed_is_refused(api, curator, toolkit):
    tag = api(curator).get(URL)["ETag"]
    api(curator).patch(URL, {"seconds": 9})

    problem(api(curator).patch(URL, {"seconds": 1}, if_match=tag), 412)


def test_for_a_user_they_are_not_there(api, user, toolkit):
    problem(api(user).get(URL), 404)
    problem(api(user).put(URL, {}), 404)


def test_a_toolkit_without_settings_has_none(api, curator):
    make_row("bare")

    problem(api(curator).get("toolkits/bare/settings/"), 404)
