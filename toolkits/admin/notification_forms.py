"""The form of a rule by which somebody is told of how jobs end."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toolkits.jobs.states import JobState
from toolkits.models import NotificationChannel, NotificationRule, Schedule, Toolkit
from toolkits.notify import rules

_LABELS = {**dict(JobState.choices), rules.NOTICE: gettext_lazy("Gave notices")}


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who is told, of what. A webhook's address may hold a token and is not shown again, nor is
    the key that its messages are signed with, which goes to Vault."""

    outcomes = forms.MultipleChoiceField(
        label=gettext_lazy("Tells when a job ends as"),
        choices=[(name, _LABELS[name]) for name in rules.OUTCOMES],
        widget=forms.CheckboxSelectMultiple,
        initial=["failed", "timed_out", "lost"],
    )
    url = forms.CharField(
        label=gettext_lazy("Address of the webhook"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    recipients = forms.CharField(
        label=gettext_lazy("Mail addresses"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One in each line."),
    )
    signing_key = forms.CharField(
        label=gettext_lazy("Key that its messages are signed with"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 16 characters. Kept in Vault, never shown again."),
    )
    drop_key = forms.BooleanField(label=gettext_lazy("Remove the key"), required=False)

    class Meta:
        model = NotificationRule
        fields = (
            "name", "enabled", "toolkit", "operation", "schedule", "outcomes", "channel", "url",
            "recipients",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = self.instance
        self.address = "" if rule._state.adding else rule.url
        for name, model in (("toolkit", Toolkit), ("schedule", Schedule)):
            self.fields[name].queryset = model.objects.order_by("name")  # type: ignore[attr-defined]
        if rule._state.adding:
            del self.fields["drop_key"]
            return
        self.initial["recipients"] = "\n".join(map(str, rule.recipients))
        self.initial["url"] = ""
        if self.address:
            told = _("Set, at %(host)s. Leave it empty to keep it.")
            self.fields["url"].help_text = told % {"host": urlsplit(self.address).hostname}
        if rule.has_signing_key:
            self.fields["signing_key"].help_text = _("Set. Leave it empty to keep it.")
        else:
            del self.fields["drop_key"]

    def clean_url(self) -> str:
        """Keep the address that is not shown."""
        return str(self.cleaned_data["url"]) or self.address

    def clean_recipients(self) -> list[str]:
        """One address a line, or parted by commas."""
        return [part for part in re.split(r"[\s,;]+", self.cleaned_data["recipients"]) if part]

    def clean_signing_key(self) -> str:
        """Refuse at the field what the service would refuse."""
        key = str(self.cleaned_data["signing_key"])
        if key and len(key) < rules.SHORTEST_KEY:
            raise forms.ValidationError(_("It needs at least %d characters.") % rules.SHORTEST_KEY)
        return key

    def clean(self) -> dict[str, Any]:
        """Ask the service's rules about the rule as it would be."""
        values = self.values()
        rule = NotificationRule(**values)
        if rule.schedule is not None:
            rule.toolkit = rule.schedule.toolkit
        for name, message in rules.problems(rule):
            if name not in self.errors:
                self.add_error(name, message)
        return self.cleaned_data

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        names = rules.FIELDS & set(self.cleaned_data)
        values = {name: self.cleaned_data[name] for name in names}
        if values.get("channel") == NotificationChannel.WEBHOOK:
            values["recipients"] = []
        elif values.get("channel") == NotificationChannel.EMAIL:
            values["url"] = ""
        return values

    @property
    def key(self) -> str | None:
        """The new signing key; empty to remove it, None to leave it as it is."""
        if self.cleaned_data.get("drop_key"):
            return ""
        return self.cleaned_data["signing_key"] or None
