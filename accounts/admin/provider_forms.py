"""The form of a provider, made from the settings that its kind has."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from django import forms
from django.utils.translation import gettext_lazy as _
from pydantic.fields import FieldInfo

from accounts.admin.base import ROLE_CHOICES
from accounts.models import Provider
from accounts.providers.config import SECRETS, SETTINGS, Pem, ProviderInvalid

_REFERENCE = ("path", "key", "mount", "version")
_MAPPING_HELP = _(
    "A line each: group = role, or group = role @ toolkit, or group = role @ toolkit.operation"
)


class ProviderForm(forms.Form):
    """A provider of one kind."""

    name = forms.CharField(label=_("Name on the sign-in page"), max_length=100)
    slug = forms.SlugField(
        label=_("Short name"), max_length=64, help_text=_("In addresses; never changes.")
    )
    enabled = forms.BooleanField(label=_("Enabled"), required=False)
    position = forms.IntegerField(label=_("Position"), min_value=0, max_value=10_000)

    def __init__(self, provider: Provider, data: Any = None) -> None:
        self.provider = provider
        super().__init__(data, initial=_initial(provider))
        if not provider._state.adding:
            self.fields["slug"].disabled = True
        for name, info in SETTINGS[provider.kind].model_fields.items():
            self.fields[f"settings-{name}"] = _field(info)
        for name in SECRETS[provider.kind]:
            self._add_secret(name)
        self.fields["mappings"] = forms.CharField(
            label=_("Groups to roles"), required=False, widget=forms.Textarea,
            help_text=_MAPPING_HELP,
        )  # fmt: skip
        self.fields["default_roles"] = forms.MultipleChoiceField(
            label=_("Roles for everybody who signs in by it"), required=False,
            choices=ROLE_CHOICES, widget=forms.CheckboxSelectMultiple,
        )  # fmt: skip

    def _add_secret(self, name: str) -> None:
        title = name.replace("_", " ").capitalize()
        stored = name in self.provider.secrets
        self.fields[f"new-{name}"] = forms.CharField(
            label=title, required=False, strip=False, max_length=4096,
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
            help_text=_("It is created in Vault. Empty: what is there stays.")
            if stored
            else _("It is created in Vault. Or say below where in Vault it is."),
        )  # fmt: skip
        labels = {
            "path": _("Path in Vault"), "key": _("Key there"), "mount": _("Mount"),
            "version": _("Version"),
        }  # fmt: skip
        for part in _REFERENCE:
            field = forms.IntegerField if part == "version" else forms.CharField
            self.fields[f"secret-{name}-{part}"] = field(
                label=f"{title}: {str(labels[part]).lower()}", required=False
            )

    @property
    def plain(self) -> list[forms.BoundField]:
        """The fields that everybody fills in."""
        return [field for field in self if not field.name.startswith("secret-")]

    @property
    def references(self) -> list[forms.BoundField]:
        """The fields that say where in Vault secrets are that are there already."""
        return [field for field in self if field.name.startswith("secret-")]

    @property
    def wrong_reference(self) -> bool:
        """Whether one of those has an error, so that it is shown."""
        return any(field.errors for field in self.references)

    def apply(self) -> tuple[Provider, dict[str, str]]:
        """Put what was typed into the provider; returns it with the new secrets.

        Raises ``ProviderInvalid`` for a mapping that cannot be read.
        """
        data, provider = self.cleaned_data, self.provider
        provider.name, provider.slug = data["name"], data["slug"]
        provider.enabled, provider.position = data["enabled"], data["position"]
        provider.settings = {
            name: _value(info, data[f"settings-{name}"])
            for name, info in SETTINGS[provider.kind].model_fields.items()
            if data[f"settings-{name}"] not in (None, "", []) or _is_flag(info)
        }
        provider.secrets = dict(filter(None, map(self._reference, SECRETS[provider.kind])))
        provider.mappings = [_mapping(line) for line in _lines(data["mappings"])]
        provider.default_roles = data["default_roles"]
        new = {name: data[f"new-{name}"] for name in SECRETS[provider.kind]}
        return provider, {name: value for name, value in new.items() if value}

    def _reference(self, name: str) -> tuple[str, dict[str, Any]] | None:
        parts = {part: self.cleaned_data[f"secret-{name}-{part}"] for part in _REFERENCE}
        if not parts["path"]:
            return None
        return name, {part: value for part, value in parts.items() if value not in (None, "")}

    def take(self, error: ProviderInvalid) -> None:
        """Show each error at the field that it is about."""
        for place, message in error.places:
            head, _dot, part = place.partition(".")
            known = (place, head, f"settings-{head}", f"secret-{head}-{part}", f"new-{head}")
            field = next((name for name in known if name in self.fields), None)
            named = field or place == "settings"  # which is about several fields at once
            self.add_error(field, message if named else f"{place}: {message}")


def _initial(provider: Provider) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": provider.name, "slug": provider.slug, "enabled": provider.enabled,
        "position": provider.position, "default_roles": provider.default_roles,
        "mappings": "\n".join(_shown(item) for item in provider.mappings),
    }  # fmt: skip
    for name, info in SETTINGS[provider.kind].model_fields.items():
        value = provider.settings.get(name, None if info.is_required() else info.default)
        found[f"settings-{name}"] = "\n".join(value) if _is_lines(info) and value else value
    for name, reference in provider.secrets.items():
        for part in _REFERENCE:
            found[f"secret-{name}-{part}"] = reference.get(part, "")
    return found


def _field(info: FieldInfo) -> forms.Field:
    common: dict[str, Any] = {
        "label": info.title, "required": info.is_required(), "help_text": info.description or "",
    }  # fmt: skip
    choices = _choices(info)
    if _is_flag(info):
        return forms.BooleanField(**{**common, "required": False})
    if choices and get_origin(info.annotation) is list:
        return forms.MultipleChoiceField(
            choices=choices, widget=forms.CheckboxSelectMultiple, **common
        )
    if choices:
        return forms.ChoiceField(choices=choices, **common)
    if info.annotation is float:
        return forms.FloatField(**common)
    if _is_lines(info):
        more = _("One a line.")
        help_text = f"{common['help_text']} {more}".strip()
        return forms.CharField(widget=forms.Textarea, **{**common, "help_text": help_text})
    if _is_certificate(info):
        return forms.CharField(widget=forms.Textarea, **common)
    return forms.CharField(**common)


def _is_certificate(info: FieldInfo) -> bool:
    return all(piece in info.metadata for piece in get_args(Pem)[2:])


def _choices(info: FieldInfo) -> list[tuple[str, str]]:
    annotation = info.annotation
    if get_origin(annotation) is list:
        (annotation,) = get_args(annotation)
    if get_origin(annotation) is Literal:
        return [(value, value) for value in get_args(annotation)]
    return []


def _is_flag(info: FieldInfo) -> bool:
    return info.annotation is bool


def _is_lines(info: FieldInfo) -> bool:
    return get_origin(info.annotation) is list and not _choices(info)


def _value(info: FieldInfo, value: Any) -> Any:
    return _lines(value) if _is_lines(info) else value


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _mapping(line: str) -> dict[str, str]:
    group, equals, right = line.rpartition("=")
    if not equals or not group.strip():
        raise ProviderInvalid([("mappings", f"{line!r} is not: group = role")])
    role, _at, place = (part.strip() for part in right.partition("@"))
    toolkit, _dot, operation = place.partition(".")
    found = {"group": group.strip(), "role": role, "toolkit": toolkit, "operation": operation}
    return {name: value for name, value in found.items() if value}


def _shown(item: dict[str, str]) -> str:
    place = ".".join(filter(None, (item.get("toolkit", ""), item.get("operation", ""))))
    return f"{item['group']} = {item['role']}" + (f" @ {place}" if place else "")
