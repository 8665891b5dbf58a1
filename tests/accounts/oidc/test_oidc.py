"""OpenID Connect, against the certified provider from npm."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import requests
from django.test import Client

from accounts.models import Identity, Provider, User, UserSession
from accounts.providers import oidc, oidc_client
from accounts.providers.problems import ProviderUnavailable
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from audit.models import Event
from tests.accounts.oidc.conftest import CLIENT_SECRET, Idp, local, query
from tests.support.factories import PASSWORD, make_user

Go = Callable[..., Any]
Make = Callable[..., Provider]


def reasons() -> list[str]:
    return [event.details["reason"] for event in Event.objects.filter(name="auth.sign_in_failed")]


def is_in(client: Client) -> bool:
    return bool(client.get("/account/").status_code == 200)


def test_signing_in_makes_an_account_with_the_claims(corp: Provider, go: Go) -> None:
    client = Client()
    response = go(client, next="/account/")
    assert response.url == "/account/"
    assert is_in(client)
    user = User.objects.get(username="alice")
    assert (user.display_name, user.email) == ("Alice", "alice@example.com")
    identity = Identity.objects.get(user=user)
    assert identity.subject == "sub-alice"
    assert identity.issuer == corp.settings["issuer"]
    assert identity.groups == ["netops", "sre"]
    assert UserSession.objects.get().provider == "corp"


def test_the_sign_in_page_offers_it(corp: Provider) -> None:
    page = Client().get("/account/login/?next=/jobs/").content.decode()
    assert 'href="/account/oidc/corp/?next=%2Fjobs%2F"' in page
    assert "Corp" in page


def test_the_request_has_pkce_state_nonce_and_our_own_address(corp: Provider) -> None:
    response = Client().get("/account/oidc/corp/", headers={"Host": "localhost"})
    sent = query(response.url)
    assert sent["code_challenge_method"] == "S256"
    assert len(sent["code_challenge"]) == 43
    assert len(sent["state"]) >= 32
    assert len(sent["nonce"]) >= 32
    assert sent["redirect_uri"] == "http://127.0.0.1:8000/account/oidc/corp/callback/"
    again = query(Client().get("/account/oidc/corp/").url)
    assert {sent["state"], sent["nonce"]}.isdisjoint({again["state"], again["nonce"]})


def test_roles_follow_the_groups_at_every_sign_in(corp: Provider, go: Go) -> None:
    corp.mappings = [{"group": "netops", "role": TOOLKIT_CURATOR}]
    corp.default_roles = [TOOLKIT_USER]
    corp.save()
    go(Client())
    assert User.objects.get(username="alice").roles == {TOOLKIT_CURATOR, TOOLKIT_USER}
    corp.mappings = []
    corp.save()
    go(Client())
    assert User.objects.get(username="alice").roles == {TOOLKIT_USER}


def test_a_replayed_state_is_refused(corp: Provider, go: Go, idp: Idp) -> None:
    client = Client()
    started = client.get("/account/oidc/corp/")
    answer = local(idp.walk(started.url, "sub-alice"))
    assert client.get(answer).status_code == 302
    client.post("/account/logout/")
    response = client.get(answer)
    assert response.status_code == 401
    assert not is_in(client)


def test_a_replayed_code_is_refused_also_with_a_fresh_state(
    corp: Provider, go: Go, idp: Idp
) -> None:
    client, browser = Client(), requests.Session()
    first = local(idp.walk(client.get("/account/oidc/corp/").url, "sub-alice", browser))
    assert client.get(first).status_code == 302
    thief = Client()
    state = query(thief.get("/account/oidc/corp/").url)["state"]
    stolen = {**query(first), "state": state}
    response = thief.get("/account/oidc/corp/callback/", stolen)
    assert response.status_code == 401
    assert not is_in(thief)
    assert any("invalid_grant" in reason for reason in reasons())


def test_an_answer_meant_for_another_browser_is_refused(corp: Provider, idp: Idp) -> None:
    """Signing a victim in as the attacker: the victim's browser has no such state."""
    attacker, victim = Client(), Client()
    answer = local(idp.walk(attacker.get("/account/oidc/corp/").url, "sub-mallory"))
    assert victim.get(answer).status_code == 401
    assert not is_in(victim)


def test_a_code_of_another_flow_fails_on_pkce(corp: Provider, idp: Idp) -> None:
    client = Client()
    one = client.get("/account/oidc/corp/").url
    two = client.get("/account/oidc/corp/").url
    code = query(idp.walk(one, "sub-alice"))["code"]
    answer = {"code": code, "state": query(two)["state"], "iss": idp.issuer}
    assert client.get("/account/oidc/corp/callback/", answer).status_code == 401
    assert not is_in(client)


def test_an_answer_at_another_providers_address_is_refused(
    corp: Provider, idp: Idp, make_provider: Make
) -> None:
    make_provider(idp.issuer, "other")
    client = Client()
    answer = local(idp.walk(client.get("/account/oidc/corp/").url, "sub-alice"))
    mixed = answer.replace("/oidc/corp/", "/oidc/other/")
    assert client.get(mixed).status_code == 401
    assert "the answer came to another provider's address" in reasons()


def test_an_answer_that_names_another_issuer_is_refused(corp: Provider, idp: Idp) -> None:
    client = Client()
    url = idp.walk(client.get("/account/oidc/corp/").url, "sub-alice")
    answer = {**query(url), "iss": "https://evil.example"}
    assert client.get("/account/oidc/corp/callback/", answer).status_code == 401
    assert "the answer is of the issuer 'https://evil.example'" in reasons()


def test_an_answer_that_should_name_its_issuer_and_does_not_is_refused(
    corp: Provider, idp: Idp
) -> None:
    client = Client()
    answer = query(idp.walk(client.get("/account/oidc/corp/").url, "sub-alice"))
    del answer["iss"]
    assert client.get("/account/oidc/corp/callback/", answer).status_code == 401


def test_an_address_and_a_name_of_somebody_else_link_nobody(corp: Provider, go: Go) -> None:
    admin = make_user("alice", email="alice@example.com", roles=[SYSTEM_ADMIN])
    client = Client()
    go(client, "sub-mallory")
    user = Identity.objects.get().user
    assert user != admin
    assert user.username == "alice@corp"
    assert user.email == ""
    assert not user.roles


def test_the_providers_refusal_is_told_without_its_words(corp: Provider, go: Go) -> None:
    client = Client()
    response = go(client, "nobody-there")
    assert response.status_code == 401
    assert "nobody of that name" not in response.content.decode()
    assert any("access_denied" in reason for reason in reasons())


def test_next_leads_nowhere_else(corp: Provider, go: Go) -> None:
    assert go(Client(), next="//evil.example/").url == "/"


def test_a_wrong_client_secret_signs_in_nobody(corp: Provider, go: Go, openbao: Any) -> None:
    from toolbox import secrets

    secrets.client().write("auth/providers/oidc", {"client_secret": "wrong"})
    client = Client()
    assert go(client).status_code == 401
    assert not is_in(client)


@pytest.mark.parametrize("how", ["client_secret_basic", "client_secret_post"])
def test_the_client_proves_itself_either_way(corp: Provider, go: Go, how: str) -> None:
    corp.settings["token_auth"] = how
    corp.save()
    assert go(Client()).status_code == 302


def test_signing_out_leads_on_to_the_provider(corp: Provider, go: Go, idp: Idp) -> None:
    client = Client()
    go(client)
    response = client.post("/account/logout/")
    page = response.content.decode()
    assert f'content="0;url={idp.issuer}/session/end?' in page
    assert "id_token_hint=" in page
    assert "post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A8000%2Faccount%2Flogin%2F" in page
    assert not is_in(client)


def test_signing_out_there_can_be_left(corp: Provider, go: Go) -> None:
    corp.settings["logout"] = False
    corp.save()
    client = Client()
    go(client)
    assert client.post("/account/logout/").url == "/account/login/"


def link(client: Client, idp: Idp, hint: str) -> Any:
    started = client.post("/account/identities/corp/link/")
    (url,) = re.findall(r'content="0;url=([^"]+)"', started.content.decode())
    return client.get(local(idp.walk(unescape(url), hint)))


def test_somebody_signed_in_links_the_identity(
    corp: Provider, go: Go, idp: Idp, user: User
) -> None:
    client = Client()
    client.post("/account/login/", {"username": "uma", "password": PASSWORD})
    assert link(client, idp, "sub-alice").url == "/account/"
    assert Identity.objects.get().user == user
    fresh = Client()
    go(fresh)
    assert "uma" in fresh.get("/account/").content.decode()


def test_an_identity_of_somebody_else_is_not_taken_over(
    corp: Provider, go: Go, idp: Idp, user: User
) -> None:
    go(Client())
    client = Client()
    client.post("/account/login/", {"username": "uma", "password": PASSWORD})
    link(client, idp, "sub-alice")
    assert Identity.objects.get().user.username == "alice"
    assert "the identity belongs to another account" in reasons()


def test_a_flow_begun_by_somebody_else_links_nothing(corp: Provider, idp: Idp, user: User) -> None:
    client = Client()
    client.post("/account/login/", {"username": "uma", "password": PASSWORD})
    started = client.post("/account/identities/corp/link/")
    (url,) = re.findall(r'content="0;url=([^"]+)"', started.content.decode())
    answer = local(idp.walk(unescape(url), "sub-mallory"))
    victim = Client()
    make_user("vic")
    victim.post("/account/login/", {"username": "vic", "password": PASSWORD})
    assert victim.get(answer).status_code == 401
    assert not Identity.objects.exists()


def test_another_sites_page_cannot_begin_to_link(corp: Provider, user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.post("/account/identities/corp/link/").status_code == 403
    assert client.get("/account/identities/corp/link/").status_code == 405
    assert client.get("/account/oidc/corp/").url == "/", "the way to sign in links nothing"


def test_an_identity_is_unlinked_unless_it_is_the_only_way_in(
    corp: Provider, go: Go, idp: Idp, user: User
) -> None:
    client = Client()
    go(client)
    client.post(f"/account/identities/{Identity.objects.get().pk}/unlink/")
    assert Identity.objects.exists()
    other = Client()
    other.post("/account/login/", {"username": "uma", "password": PASSWORD})
    link(other, idp, "sub-mallory")
    own = Identity.objects.get(user=user)
    assert client.post(f"/account/identities/{own.pk}/unlink/").status_code == 404
    other.post(f"/account/identities/{own.pk}/unlink/")
    assert not Identity.objects.filter(user=user).exists()


def test_testing_says_what_was_found(corp: Provider) -> None:
    text = " ".join(oidc.test(corp))
    assert "1 keys" in text
    assert "/account/oidc/corp/callback/" in text
    assert "end_session_endpoint" in oidc.metadata(corp)


def test_an_issuer_that_spells_itself_otherwise_is_refused(
    idp: Idp, make_provider: Make
) -> None:
    provider = make_provider(idp.issuer.replace("localhost", "127.0.0.1"))
    with pytest.raises(ProviderUnavailable, match="says that its issuer is"):
        oidc.test(provider)


def test_an_issuer_that_is_away_is_told_without_names(make_provider: Make) -> None:
    make_provider("http://localhost:1")
    response = Client().get("/account/oidc/corp/")
    assert response.status_code == 503
    assert "localhost" not in response.content.decode()


@pytest.mark.parametrize("issuer", ["https://169.254.169.254", "https://0.0.0.0:1", "https://[fe80::1]"])
def test_an_issuer_where_machines_keep_credentials_is_not_asked(
    make_provider: Make, issuer: str
) -> None:
    with pytest.raises(ProviderUnavailable, match="which is"):
        oidc.test(make_provider(issuer))


def test_a_changed_row_works_at_once(corp: Provider, go: Go) -> None:
    go(Client())
    corp.settings["issuer"] = "http://localhost:1"
    corp.save()
    assert Client().get("/account/oidc/corp/").status_code == 503
    corp.enabled = False
    corp.save()
    assert Client().get("/account/oidc/corp/").status_code == 404


def test_the_client_secret_is_in_no_row_and_no_log(
    corp: Provider, go: Go, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        go(Client())
    assert CLIENT_SECRET not in caplog.text
    assert CLIENT_SECRET not in str(list(Provider.objects.values()))
    assert CLIENT_SECRET not in str(list(Event.objects.values()))


def test_metadata_is_kept_for_a_while(corp: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    oidc_client.client(corp)
    monkeypatch.setattr(oidc_client, "_discover", lambda settings: pytest.fail("asked again"))
    oidc_client.client(corp)
