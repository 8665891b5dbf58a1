"""Create the first administrator, once."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import invitations
from accounts.models import User
from accounts.roles import CORE_ROLES, grant_role
from accounts.rules import SYSTEM
from toolbox import events

_SAMPLES = {"changeme", "change-me", "password", "admin", "secret", "example"}


class Command(BaseCommand):
    help = (
        "Create an administrator with every core role. An existing user is left as it is: a "
        "password is never overwritten."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--username", default=settings.BOOTSTRAP_ADMIN_USERNAME or "admin")
        parser.add_argument("--email", default=settings.BOOTSTRAP_ADMIN_EMAIL)
        parser.add_argument(
            "--generate", action="store_true", help="make a password and print it, alone"
        )
        parser.add_argument(
            "--link",
            action="store_true",
            help="set no password; print a link by which the administrator sets their own",
        )

    def handle(
        self, *args: Any, username: str, email: str, generate: bool, link: bool, **_: Any
    ) -> None:
        if User.objects.filter(username__iexact=username).exists():
            self.stderr.write(f"The user {username} exists and was left as it is.")
            return
        given = "" if link else settings.BOOTSTRAP_ADMIN_PASSWORD
        if not given and not generate and not link:
            raise CommandError("Set BOOTSTRAP_ADMIN_PASSWORD, or pass --generate or --link.")
        if given:
            _refuse_weak(given, User(username=username, email=email))
        password = given or secrets.token_urlsafe(15)
        with transaction.atomic():
            user = User.objects.create_user(username, None if link else password, email=email)
            for role in CORE_ROLES:
                grant_role(user, role)
            events.emit("user.bootstrapped", target=user, roles=sorted(CORE_ROLES))
        if link:
            self.stdout.write(invitations.password_link(SYSTEM, user)[1])
        elif given:
            self.stderr.write(f"Created the administrator {username}.")
        else:
            self.stdout.write(password)


def _refuse_weak(password: str, user: User) -> None:
    if settings.APP_ENV != "development" and any(s in password.lower() for s in _SAMPLES):
        raise CommandError("BOOTSTRAP_ADMIN_PASSWORD is a sample value: choose another.")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise CommandError("BOOTSTRAP_ADMIN_PASSWORD: " + " ".join(error.messages)) from error
