"""`rtcp computed-attributes`: aggregates over a person's events, as fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

import click

import rtcp
from rtcp._instants import from_millis, to_millis
from rtcp.cli import live, names, options
from rtcp.cli.cells import plain
from rtcp.cli.emulator_admin import ask, url_option
from rtcp.cli.output import Columns, show_many, show_one
from rtcp.cli.shell import Shell, pass_shell
from rtcp.cli.tree import Noun
from rtcp.config import DEFAULT_SANDBOX
from rtcp.errors import BadRequestError

F = TypeVar("F", bound=Callable[..., Any])

_PUBLISHED: Final = "could not delete it, as only a draft can go (disable ends a published one)"
_COLUMNS: Final[Columns] = {
    "id": "id",
    "name": "name",
    "status": lambda attribute: str(attribute.status),
    "function": lambda attribute: str(attribute.function or ""),
    "window": lambda attribute: attribute.duration and f"{attribute.duration.count} {attribute.duration.unit.lower()}",
    "evaluated": "last_evaluated_at",
}
_FACTS: Final[Columns] = {
    **_COLUMNS,
    "display name": "display_name",
    "description": "description",
    "expression": "expression.value",
    "path": "path",
    "refreshed daily": "keep_current",
    "changed": "updated_at",
}


class Span(click.ParamType[rtcp.Window]):
    """A window, as in "7 days" or 7d."""

    name = "window"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> rtcp.Window:
        if isinstance(value, rtcp.Window):
            return value
        try:
            return rtcp.Window.parse(value)
        except rtcp.InvalidArgumentError as exc:
            self.fail(str(exc), param, context)


@click.group(cls=Noun)
def command() -> None:
    """Computed attributes: an aggregate over a person's events, kept up to date as a field of the profile.

    \b
    rtcp computed-attributes list
    """


_attribute = click.argument("attribute", metavar="ID|NAME", shell_complete=options.completing("computed_attributes"))


@command.command("list")
@click.option("--name", help="Only the one of this name.")
@click.option("--name-contains", help="Part of the name.")
@click.option("--status", multiple=True, help="Only those of a status; several may be given.")
@click.option("--function", type=click.Choice(("SUM", "COUNT", "MIN", "MAX", "MOST_RECENT")), help="Only those of it.")
@click.option("--created-after", type=options.Instant(), help="With a zone.")
@click.option("--created-before", type=options.Instant(), help="With a zone.")
@click.option("--updated-after", type=options.Instant(), help="With a zone.")
@click.option("--updated-before", type=options.Instant(), help="With a zone.")
@options.sort_options("name", "status", "updated_at", "created_at")
@options.list_options
@pass_shell
def list_(shell: Shell, /, status: Sequence[str], **filters: Any) -> None:
    """List the computed attributes.

    \b
    rtcp computed-attributes list --function COUNT
    """
    with shell.client() as client:
        chosen = list(status) if len(status) > 1 else status[0] if status else None
        show_many(shell.format, client.computed_attributes.list(status=chosen, **filters), _COLUMNS)


@command.command()
@_attribute
@pass_shell
def get(shell: Shell, attribute: str) -> None:
    """Show one computed attribute.

    \b
    rtcp computed-attributes get orders7
    """
    with shell.client() as client:
        _show(shell, names.one(client.computed_attributes, attribute))


def _kind(*, required: bool) -> Callable[[F], F]:
    """The options that say what an attribute is."""

    def decorate(function: F) -> F:
        for option in (
            click.option("--keep-current/--not-kept-current", default=None, help="Refresh it daily."),
            click.option("--duration", type=Span(), required=required, help="How far it looks back, as in '7 days'."),
            click.option("--expression", required=required, help="PQL, such as xEvent[...].sum(path)."),
            click.option("--description", required=required, help="What it is for."),
            click.option("--display-name", required=required, help="Name for people."),
            click.option("--name", required=required, help="Name of the field: letters and digits."),
        ):
            function = option(function)
        return function

    return decorate


@command.command()
@_kind(required=True)
@click.option("--publish", is_flag=True, help="Publish at once, in place of a draft.")
@pass_shell
def create(shell: Shell, /, publish: bool, **fields: Any) -> None:
    """Create a computed attribute, as a draft.

    \b
    rtcp computed-attributes create --name orders7 --display-name Orders --description "Orders of a week" \\
        --expression 'xEvent[eventType = "commerce.purchases"].count()' --duration '7 days'
    """
    status: Literal["DRAFT", "NEW"] = "NEW" if publish else "DRAFT"
    with shell.client() as client, options.creating(shell, "the computed attribute", look="computed-attributes list"):
        attribute = client.computed_attributes.create(status=status, **fields)
    _show(shell, attribute)


@command.command("try")
@click.option("--expression", required=True, help="PQL, such as xEvent[...].sum(path).")
@click.option("--duration", type=Span(), required=True, help="How far it looks back, as in '7 days'.")
@click.option("--people", default=10, show_default=True, type=click.IntRange(min=1), help="How many to show at most.")
@click.option("--at", type=options.Instant(), help="Evaluate as of then, with a zone. [default: now]")
@url_option
@pass_shell
def try_(
    shell: Shell, /, expression: str, duration: rtcp.Window, people: int, at: datetime | None, url: str | None
) -> None:
    """Show the value that some people would have, without creating anything. Against the emulator only.

    \b
    rtcp computed-attributes try --duration '6 months' --at 2025-06-30T00:00:00Z \\
        --expression 'xEvent[eventType = "commerce.purchases"].sum(commerce.order.priceTotal)'
    """
    settings: dict[str, Any] = {
        "expression": expression,
        "duration": {"count": duration.count, "unit": duration.unit},
        "limit": people,
        "sandbox": shell.sandbox or DEFAULT_SANDBOX,
    }
    if at is not None:
        settings["atMs"] = to_millis(at)
    answer = ask(url, "POST", "computed-attributes/try", settings)
    columns: Columns = {"namespace": "namespace", "id": "id", "value": "value"}
    show_many(shell.format, [{**person["identity"], "value": person["value"]} for person in answer["people"]], columns)
    window = answer["window"]
    first, last = (from_millis(window[edge]).isoformat(" ", "minutes") for edge in ("startMs", "endMs"))
    shell.note(f"{answer['function']} over events from {first} until {last}; people without a value are left out")


@command.command()
@_attribute
@_kind(required=False)
@pass_shell
def update(shell: Shell, /, attribute: str, **fields: Any) -> None:
    """Change what is named of a draft. What was published can only be disabled.

    \b
    rtcp computed-attributes update orders7 --duration '2 weeks'
    """
    given = {name: value for name, value in fields.items() if value is not None}
    with shell.client() as client:
        attribute_id = names.computed_attribute(client, attribute)
        with _tell_state(shell, client, attribute_id):
            changed = client.computed_attributes.update(attribute_id, **given)
    _show(shell, changed)


@command.command()
@_attribute
@options.destroys
@pass_shell
def delete(shell: Shell, attribute: str, dry_run: bool, yes: bool) -> None:
    """Delete a draft: IRREVERSIBLE. What was published can only be disabled.

    \b
    rtcp computed-attributes delete orders7 --dry-run
    """
    options.refuse_without_answer(shell, f"delete computed attribute {attribute}", dry_run=dry_run, yes=yes)
    with shell.client() as client:
        found = names.one(client.computed_attributes, attribute)
        if dry_run:
            can_go = "would delete this computed attribute" if found.status == "DRAFT" else _PUBLISHED
            shell.note(f"{can_go} in {shell.place}; nothing was done")
        else:
            options.confirm(shell, f"delete computed attribute {names.said(found)}", yes=yes)
            found = client.computed_attributes.delete(found.id)
            shell.note(f"deleted computed attribute {names.said(found)} in {shell.place}")
    _show(shell, found)


@command.command()
@_attribute
@pass_shell
def publish(shell: Shell, attribute: str) -> None:
    """Publish a draft, so that it is evaluated; it cannot be changed afterwards.

    \b
    rtcp computed-attributes publish orders7
    """
    with shell.client() as client:
        attribute_id = names.computed_attribute(client, attribute)
        with _tell_state(shell, client, attribute_id):
            published = client.computed_attributes.publish(attribute_id)
    _show(shell, published)
    shell.note(
        f"it is being evaluated; wait for its values with: {shell.command('computed-attributes', 'wait', attribute)}"
    )


@command.command()
@_attribute
@pass_shell
def disable(shell: Shell, attribute: str) -> None:
    """Disable a published attribute: it is evaluated no more, and stays disabled.

    \b
    rtcp computed-attributes disable orders7
    """
    with shell.client() as client:
        attribute_id = names.computed_attribute(client, attribute)
        with _tell_state(shell, client, attribute_id, is_for_published=True):
            disabled = client.computed_attributes.disable(attribute_id)
    _show(shell, disabled)


@command.command()
@_attribute
@options.wait_options
@pass_shell
def wait(shell: Shell, attribute: str, timeout: float, interval: float | None) -> None:
    """Wait until a published attribute has been evaluated.

    \b
    rtcp computed-attributes wait orders7 --timeout 600
    Exit code 0 when it has, 1 when it failed, 7 when that goes on.
    """
    with shell.client() as client:
        attribute_id = names.computed_attribute(client, attribute)
        evaluated = live.wait_for(
            shell,
            f"computed attribute {attribute}",
            lambda progress: client.computed_attributes.wait(
                attribute_id, timeout=timeout, interval=interval, on_progress=progress
            ),
            state=lambda attribute: str(attribute.status),
            resume=("computed-attributes", "wait", attribute),
        )
    _show(shell, evaluated)


@contextmanager
def _tell_state(
    shell: Shell, client: rtcp.Client, attribute_id: str, *, is_for_published: bool = False
) -> Iterator[None]:
    """While something is changed: where it stands, which is why the service refuses, and what can be done then."""
    try:
        yield
    except BadRequestError as exc:
        # The hint is worth one more request, and no second error.
        with suppress(rtcp.RtcpError):
            found = client.computed_attributes.get(attribute_id)
            if found.status == "DISABLED":
                exc.add_note("it is disabled for good: create another one of a new name")
            elif found.status != "DRAFT":
                exc.add_note(
                    f"it is published ({found.status}), and only a draft can be changed: disable it with "
                    f"{shell.command('computed-attributes', 'disable', attribute_id)}, and create one of a new name"
                )
            elif is_for_published:
                deletes = shell.command("computed-attributes", "delete", attribute_id)
                exc.add_note(f"it is a draft, which nobody evaluates: {deletes} takes it away")
        raise


def _show(shell: Shell, attribute: rtcp.ComputedAttribute) -> None:
    if shell.is_json:
        known = {"isFinal": attribute.is_final, "isSuccess": attribute.is_success}
        show_one(shell.format, {**plain(attribute), **known})
    else:
        show_one(shell.format, attribute, _FACTS)
