"""Puts the console's admin site in the place of Django's."""

from django.contrib.admin.apps import AdminConfig


class ToolboxAdminConfig(AdminConfig):
    """Django's admin with the console's site, so that ``@admin.register`` finds it."""

    default_site = "toolbox.admin.site.ToolboxAdminSite"

    def ready(self) -> None:
        super().ready()
        from toolbox.admin import system  # noqa: F401, PLC0415  (registers its pages)
