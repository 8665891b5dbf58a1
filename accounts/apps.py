from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_migrate

from toolbox.health.checks import CHECKS
from toolbox.secrets import placeholders


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks  # noqa: F401  (registers the system checks)
        from accounts.middleware import begin_session, end_session
        from accounts.providers import bootstrap
        from accounts.providers.local import ensure_row
        from accounts.roles import sync_after_migrate

        CHECKS["sign-in"] = bootstrap.health
        placeholders.register(bootstrap.placeholders)
        post_migrate.connect(ensure_row, sender=self, dispatch_uid="accounts.local_provider")
        post_migrate.connect(sync_after_migrate, dispatch_uid="accounts.sync_roles")
        user_logged_in.connect(begin_session, dispatch_uid="accounts.begin_session")
        user_logged_out.connect(end_session, dispatch_uid="accounts.end_session")
