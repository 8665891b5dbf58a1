from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks  # noqa: F401  (registers the system checks)
        from accounts.roles import sync_after_migrate

        post_migrate.connect(sync_after_migrate, dispatch_uid="accounts.sync_roles")
