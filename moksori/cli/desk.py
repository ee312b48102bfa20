"""moksori desk …, moksori alerts …: the console's server and users; alerts from the command line."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from moksori.cli import app
from moksori.cli.output import plain, print_json, print_table
from pipeline.errors import MoksoriError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

desk = typer.Typer(name="desk", help="The console where people answer: tables, users, server.", no_args_is_help=True)
alerts = typer.Typer(name="alerts", help="What hurts: list, show, acknowledge, mute, resolve.", no_args_is_help=True)
app.add_typer(desk)
app.add_typer(alerts)

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
AlertId = Annotated[int, typer.Argument(help="The alert's number, as `moksori alerts list` shows it.")]
By = Annotated[str | None, typer.Option("--user", help="Name of the console's user who does it, for the history.")]


@desk.command(epilog="Example: moksori desk migrate")
def migrate() -> None:
    """Bring the desk's tables up to date. Safe to run at any time."""
    from desk.setup import migrate as bring_up_to_date

    bring_up_to_date()
    typer.echo("The desk's tables are up to date.", err=True)


@desk.command(epilog="Example: moksori desk createuser kim --role lead --email kim@example.com")
def createuser(
    name: Annotated[str, typer.Argument(help="Name to log in with.")],
    role: Annotated[str, typer.Option(help="viewer, responder, lead or admin.")] = "responder",
    email: Annotated[str, typer.Option(help="Address; mails to it are in the user's language.")] = "",
    password_file: Annotated[
        Path | None, typer.Option(help="File that holds the password; - reads it from stdin. Asked for when absent.")
    ] = None,
) -> None:
    """Make a user of the console, or give an existing one a new password and role."""
    from desk.setup import create_user

    create_user(name, _password(password_file), role, email)
    typer.echo(f"{plain(name)} can log in now, as {role}.", err=True)


@desk.command(epilog="Example: moksori desk serve --port 8600")
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="console: host:")] = None,
    port: Annotated[int | None, typer.Option(help="Port.", min=1, max=65535, show_default="console: port:")] = None,
) -> None:
    """Serve the console until Ctrl-C."""
    from desk.serve import open_server
    from moksori.console import wire
    from pipeline.settings import settings

    server = open_server(host, port)
    wire(settings())
    shown_host, shown_port = host or settings().console.host, port or settings().console.port
    typer.echo(f"The console: http://{shown_host}:{shown_port}  (Ctrl-C stops it)", err=True)
    try:
        server.run()
    finally:
        server.close()


@alerts.command("list", epilog="Example: moksori alerts list --state open --json")
def list_(
    state: Annotated[
        list[str] | None,
        typer.Option(
            help="open, acknowledged, muted or resolved; repeat for several.", show_default="all but resolved"
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """List alerts, worst first."""
    _configure()
    from desk.alerts.queries import alert_rows

    rows = alert_rows(state, limit) if state else alert_rows(limit=limit)
    if as_json:
        for row in rows:
            print_json(row)
    elif rows:
        print_table(rows, ["id", "state", "severity", "headline", "observed", "expected", "since"])
    else:
        typer.echo("No alerts.", err=True)


@alerts.command(epilog="Example: moksori alerts show 3")
def show(alert_id: AlertId, as_json: Json = False) -> None:
    """Show one alert with its quotes and history."""
    _configure()
    from desk.alerts.queries import alert_row

    row = alert_row(alert_id)
    if as_json:
        print_json(row)
        return
    for name in (
        "headline",
        "rule",
        "state",
        "severity",
        "product",
        "source",
        "version",
        "location",
        "language",
        "theme",
        "since",
        "until",
        "observed",
        "expected",
        "p_value",
    ):
        if row[name] is not None:
            typer.echo(f"{name:<10} {plain(row[name])}")
    for reason in row["reasons"]:
        typer.echo(f"{'':<10} {plain(reason)}")
    for quote in row["quotes"]:
        typer.echo(f"\n  “{plain(quote['text'])}”\n  {quote['created_at']:.10}")
    typer.echo()
    print_table(row["history"], ["at", "what", "by", "detail"])


@alerts.command(epilog="Example: moksori alerts ack 3 --user kim")
def ack(alert_id: AlertId, user: By = None) -> None:
    """Say that someone looks after an alert."""
    _configure()
    from desk.alerts import life

    life.ack(alert_id, user_named(user))
    typer.echo(f"Alert {alert_id} is acknowledged.", err=True)


@alerts.command(epilog="Example: moksori alerts resolve 3 --user kim")
def resolve(alert_id: AlertId, user: By = None) -> None:
    """End an alert. It comes back only if it gets worse or begins anew."""
    _configure()
    from desk.alerts import life

    life.resolve(alert_id, user_named(user))
    typer.echo(f"Alert {alert_id} is resolved.", err=True)


What = Annotated[
    str,
    typer.Argument(help="An alert's number, or a pattern of keys in which * stands for anything.", show_default="*"),
]
OfRule = Annotated[str, typer.Option("--rule", help="Only alerts of this rule of alerts.yaml.", show_default="all")]


@alerts.command(epilog="Examples: moksori alerts mute 3 --days 2 · moksori alerts mute --rule press")
def mute(
    what: What = "*",
    rule: OfRule = "",
    days: Annotated[int, typer.Option(min=1, max=365, help="For so many days.")] = 7,
    user: By = None,
) -> None:
    """Send no mails about an alert, about all that fit a pattern, or about all of a rule, for some days."""
    _configure()
    from desk.alerts import life
    from desk.alerts.queries import alert_row

    _refuse_everything(what, rule)
    pattern = str(alert_row(int(what))["key"]) if what.isdecimal() else what
    silenced = life.mute(pattern, datetime.now(UTC) + timedelta(days=days), user_named(user), rule)
    typer.echo(f"{silenced} alerts are muted; new ones that fit are too, for {days} days.", err=True)


@alerts.command(epilog="Examples: moksori alerts unmute 3 · moksori alerts unmute --rule press")
def unmute(what: What = "*", rule: OfRule = "", user: By = None) -> None:
    """End mutes before their time: all that fit an alert, or those of a pattern or rule as they were written."""
    _configure()
    from desk.alerts import life

    _refuse_everything(what, rule)
    if what.isdecimal():
        life.unmute(int(what), user_named(user))
        typer.echo(f"Alert {what} is no longer muted.", err=True)
        return
    ended = life.end_mutes(what, user_named(user), rule)
    typer.echo(f"{ended} mutes ended. What is still in alarm opens at the next check.", err=True)


@alerts.command(epilog="Example: moksori alerts mutes")
def mutes(as_json: Json = False) -> None:
    """List the mutes that hold."""
    _configure()
    from desk.alerts.queries import mute_rows

    rows = mute_rows(datetime.now(UTC))
    if as_json:
        for row in rows:
            print_json(row)
    elif rows:
        print_table(rows, ["rule", "pattern", "until", "by"])
    else:
        typer.echo("No mutes.", err=True)


def _refuse_everything(what: str, rule: str) -> None:
    """A mute of all alerts is too easily made by leaving something out."""
    from pipeline.alerting.rules import alert_rules
    from pipeline.settings import settings

    if rule:
        alert_rules(settings()).named(rule)
    elif what == "*":
        raise typer.BadParameter("name an alert's number, a pattern, or --rule")


def _configure() -> None:
    from desk.setup import configure

    configure()


def user_named(name: str | None) -> "User | None":
    """The console's user of this name; None for no name. Raises MoksoriError where there is no such user."""
    from django.contrib.auth.models import User

    from desk.database import outage_is_unavailable

    if name is None:
        return None
    with outage_is_unavailable():
        user = User.objects.filter(username=name).first()
    if user is None:
        raise MoksoriError(f"--user: there is no user {name!r}. Make one with `moksori desk createuser`")
    return user


def _password(file: Path | None) -> str:
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    if str(file) == "-":
        return sys.stdin.readline().rstrip("\r\n")
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise MoksoriError(f"{file}: cannot be read: {error.strerror}") from None
