"""`moksori alerts check`, `test`, `digest`, `rules`, `feedback`, `backtest`: look now, see who is told what."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from moksori.cli import err
from moksori.cli.desk import AlertId, alerts, user_named
from moksori.cli.output import harmless, plain, print_json, print_table
from pipeline.settings import settings


@alerts.command(epilog="Example: moksori alerts check --json")
def check(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Check all series now, open and end alerts, send what is due. Safe beside a running scheduler."""
    from desk.setup import configure
    from moksori.alert_scheduler import check_now

    configure()
    checked = check_now(settings())
    if as_json:
        print_json(vars(checked))
    else:
        err.print(
            f"alerts: {checked.opened} opened, {checked.updated} updated, {checked.resolved} resolved; "
            f"mails: {checked.sent} sent, {checked.failed} failed"
        )


@alerts.command(epilog="Example: moksori alerts test safety")
def test(rule: Annotated[str, typer.Argument(help="Name of a rule in alerts.yaml.")]) -> None:
    """Send a marked test to all whom a rule would tell."""
    from desk.setup import configure

    configure()
    from desk.alerts.rehearsal import rehearse

    sent = rehearse(rule, datetime.now(UTC))
    if not sent:
        err.print(f"rule {plain(rule)} tells nobody")
        raise typer.Exit(1)
    print_table(sent, ["recipient", "channel", "state", "error"])
    if any(each["state"] != "sent" for each in sent):
        raise typer.Exit(1)


class Opinion(StrEnum):
    """What somebody thinks of an alert."""

    USEFUL = "useful"
    NOT_USEFUL = "not-useful"


@alerts.command(epilog="Example: moksori alerts feedback 3 useful --user kim")
def feedback(
    alert_id: AlertId,
    opinion: Annotated[Opinion, typer.Argument(help="useful or not-useful.")],
    user: Annotated[str, typer.Option("--user", help="Name of the console's user whose opinion it is.")],
) -> None:
    """Say whether an alert was useful. It moves the sensitivity of its rule, within bounds."""
    from desk.setup import configure

    configure()
    from desk.alerts.feedback import rate

    who = user_named(user)
    assert who is not None
    rate(alert_id, opinion is Opinion.USEFUL, who)
    err.print(f"Alert {alert_id}: {opinion.value}, says {plain(user)}. The rule learns from it.")


@alerts.command(epilog="Example: moksori alerts rules")
def rules(as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    """List the rules as they work now: sensitivity with opinions counted in, mutes, whom they tell."""
    from desk.setup import configure
    from pipeline.index import open_index

    configure()
    from desk.alerts.rule_rows import rule_rows

    index = open_index(settings().index_url)
    try:
        rows = rule_rows(index, datetime.now(UTC))
    finally:
        index.close()
    if as_json:
        for row in rows:
            print_json(row)
        return
    shown = [{**row, **{name: ", ".join(row[name]) for name in ("recipients", "channels")}} for row in rows]
    columns = ["rule", "kind", "watches", "sensitivity", "live_alerts", "muted_until", "recipients", "channels"]
    print_table(shown, [*columns, "escalates"])


@alerts.command(epilog="Example: moksori alerts digest ann@example.com --html digest.html")
def digest(
    address: Annotated[str, typer.Argument(help="Whose mail; how they are told stands in alerts.yaml.")],
    report: Annotated[bool, typer.Option("--report", help="The report of the week, whatever they get.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write it as a page to look at.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Send it too, beside those that come by themselves.")] = False,
) -> None:
    """Show the digest or report that somebody would get if their day or week ended now."""
    from desk.setup import configure

    configure()
    from desk.alerts.preview import page, preview, send_now

    mail = preview(address, report, datetime.now(UTC))
    if mail is None:
        err.print(f"Nothing happened that {plain(address)} would be told of.")
        raise typer.Exit(1)
    if html is not None:
        _write(html, page(mail))
    else:
        typer.echo(harmless(f"{mail.subject}\n\n{mail.text}"))
    if send:
        err.print(f"{plain(address)}: {send_now(mail)}")


@alerts.command(epilog="Example: moksori alerts backtest --rule trends --days 90")
def backtest(
    rule: Annotated[str | None, typer.Option(help="Replay this rule of alerts.yaml over the indexed past.")] = None,
    days: Annotated[int, typer.Option(min=1, max=730, help="So many days of it.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    html: Annotated[Path | None, typer.Option(help="With --rule: write a page with a chart for each series.")] = None,
    counts: Annotated[
        Path | None, typer.Option(help="CSV with the columns series,date,total,negative; a missing day is 0.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="JSON lines, one for each series and day in alarm.")] = None,
) -> None:
    """Tell what a rule would have said of the indexed past, or which days of a file's series were in alarm."""
    if rule is not None:
        _replay(rule, days, as_json, html)
    elif counts is not None and out is not None:
        _of_counts(counts, out)
    else:
        raise typer.BadParameter("say --rule, or --counts and --out")


def _replay(name: str, days: int, as_json: bool, html: Path | None) -> None:
    from pipeline.alerting.replay import replay
    from pipeline.alerting.rules import alert_rules
    from pipeline.index import open_index

    chosen = settings()
    rule = alert_rules(chosen).named(name)
    today = datetime.now(ZoneInfo(chosen.brand.timezone)).date()
    index = open_index(chosen.index_url)
    try:
        found = replay(index, chosen.brand.name, today, chosen.brand.timezone, rule, days)
    finally:
        index.close()
    if html is not None:
        from desk.setup import configure

        configure()
        from desk.alerts.backtest_page import page

        _write(html, page(found, rule, chosen.brand.name, chosen.brand.language))
    rows = [{**vars(each), "expected": round(each.expected, 1)} for each in found.told]
    if as_json:
        for row in rows:
            print_json(row)
    elif rows:
        print_table(rows, ["first", "last", "where", "kind", "observed", "expected"])
    err.print(f"{len(rows)} alerts of rule {plain(name)} in {days} days")


def _of_counts(counts: Path, out: Path) -> None:
    from pipeline.alerting.detect import backtest as replay
    from pipeline.alerting.series import read_counts

    series = read_counts(counts)
    lines = [
        json.dumps(
            {
                "series": series.names[finding.series],
                "date": series.day(day).isoformat(),
                "kind": finding.kind,
                "observed": finding.observed,
                "expected": round(finding.expected, 3),
                "p_value": finding.p_value,
                "window_days": finding.window,
            },
            ensure_ascii=False,
        )
        for day, finding in replay(series)
    ]
    _write(out, "".join(line + "\n" for line in lines))
    err.print(f"{len(lines):,} days in alarm over {len(series.names):,} series and {series.days:,} days")


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None
