"""Templates of bundles: filled in by the toolkit's own process, in a sandbox, with plain data."""

from __future__ import annotations

import pytest
from toolkit_sdk import Context, Toolkit, ToolkitError, templates

from tests.support.kits import install_kit, run_here, write_kit
from toolkits.bundles.install import install_bundle
from toolkits.errors import BundleError
from toolkits.jobs.states import JobState
from toolkits.models import Toolkit as InstalledToolkit


@pytest.fixture
def bundle(tmp_path):
    (tmp_path / "templates").mkdir()
    return tmp_path


def write(bundle, text, name="page.md"):
    (bundle / "templates" / name).write_text(text)
    return name


class Holder:
    """What a template must not get hold of."""

    secret = "s3cret"

    def steal(self) -> str:
        return self.secret

    def __str__(self) -> str:
        return "a holder"


def test_a_template_is_filled_in(bundle):
    write(bundle, "# {{ title }}\n{% for host in hosts %}\n* {{ host.name }}\n{% endfor %}\n")

    text = templates.render(bundle, "page.md", {"title": "Hosts", "hosts": [{"name": "a<b"}]})

    assert text == "# Hosts\n* a<b\n"


def test_in_html_what_is_put_in_is_escaped(bundle):
    name = write(bundle, "<b>{{ name }}</b>", "page.html")

    assert templates.render(bundle, name, {"name": "<script>"}) == "<b>&lt;script&gt;</b>"


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum.__globals__['os'].environ }}",
        "{{ '{0.__class__.__mro__}'.format('') }}",
        "{{ 'a'|attr('__class__') }}",
        "{% set x = holder.steal() %}{{ x }}",
        "{{ holder.secret }}",
        "{% include '../toolkit.json' %}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ range(100000000)|list }}",
        "{{ missing }}",
        "{{ 1 / 0 }}",
        "{% include 'page.md' %}",
        "{% for i in range(90000) %}{{ 'x' * 100 }}{% endfor %}",
    ],
)
def test_a_hostile_template_gets_nothing_and_fails_with_words(bundle, text):
    (bundle / "toolkit.json").write_text('{"slug": "not for templates"}')
    write(bundle, text)

    with pytest.raises(ToolkitError, match=r"^page\.md: "):
        templates.render(bundle, "page.md", {"holder": Holder()})


def test_names_that_django_gives_its_templates_are_not_there(bundle):
    for name in ("settings", "request", "csrf_token", "perms", "user", "config", "self.request"):
        write(bundle, "{{ " + name + " }}")
        with pytest.raises(ToolkitError):
            templates.render(bundle, "page.md", {})
        templates._environment.cache_clear()


def test_objects_come_in_as_text(bundle):
    write(bundle, "{{ holder }}")

    assert templates.render(bundle, "page.md", {"holder": Holder()}) == "a holder"


@pytest.mark.parametrize("name", ["../toolkit.json", "/etc/passwd", "none.md", "a/../../x", ""])
def test_a_name_that_is_no_template_is_refused(bundle, name):
    (bundle / "toolkit.json").write_text("{}")

    with pytest.raises(ToolkitError):
        templates.render(bundle, name, {})


REPORT = '''
@toolkit.operation()
def hello(ctx: Context, name: str = "Ada") -> views.Markdown:
    return views.Markdown(text=ctx.render("report.md", name=name))
'''


def test_an_operation_renders_a_template_of_its_bundle(valkey, openbao, storage, tmp_path, user):
    files = {"templates/report.md": "Hello **{{ name }}**"}
    toolkit = install_kit(tmp_path, REPORT, slug="fleet", files=files)

    job = run_here(toolkit, user)

    assert job.state == JobState.SUCCEEDED, job.reason
    assert job.result["text"] == "Hello **Ada**"


def test_a_broken_template_is_named_with_its_line_and_nothing_is_installed(
    db, storage, tmp_path, curator
):
    files = {"templates/deep/report.md": "fine\n{% for x in %}\n"}
    source = write_kit(tmp_path, slug="fleet", files=files)

    with pytest.raises(BundleError, match=r"templates/deep/report\.md:2: "):
        install_bundle(source, user=curator, via="cli")

    assert not InstalledToolkit.objects.exists()


def test_a_context_of_a_test_finds_the_templates_beside_the_code(tmp_path, monkeypatch):
    folder = write_kit(tmp_path, REPORT, files={"templates/report.md": "Hi {{ name }}"})
    monkeypatch.syspath_prepend(str(folder))
    import kit
    from toolkit_sdk.testing import fake_context

    assert isinstance(kit.toolkit, Toolkit)
    assert issubclass(kit.Context, Context)
    assert fake_context(kit.toolkit).run("hello").text == "Hi Ada"
