"""An alert's life: one at a time a key, one mail a severity, an end after two quiet days."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from desk.alerts.life import Changes, ack, apply, end_mutes, end_without_rule, mute, resolve, unmute
from desk.alerts.models import Alert, AlertEvent, Mute, State
from desk.alerts.queries import mute_rows
from desk.cases.models import Case, Status
from desk.outbox.models import OutboxMessage
from pipeline.errors import MoksoriError
from pipeline.settings import Settings
from tests.desk.conftest import BOTH, NOW, Cast, detection

DAY = timedelta(days=1)
KEY = detection().key


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_a_new_alert_has_a_case_and_one_mail_a_recipient(database: str, change_settings) -> None:
    change_settings(MAIL__RECIPIENTS='["a@example.com", "b@example.com", "a@example.com"]')
    assert apply([detection()], [KEY], NOW) == Changes(opened=1)
    assert apply([detection()], [KEY], NOW) == Changes(updated=1)
    alert = Alert.objects.get()
    assert (alert.state, alert.case.status) == (State.OPEN, Status.NEW)
    assert sorted(OutboxMessage.objects.values_list("recipient", flat=True)) == ["a@example.com", "b@example.com"]


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_schedulers_at_once_give_one_alert_and_one_mail(database: str) -> None:
    detections = [detection(f"k{number}") for number in range(8)]
    start = threading.Barrier(4)
    failures: list[Exception] = []

    def check() -> None:
        try:
            start.wait()
            apply(detections, [], NOW)
        except Exception as error:  # shown by the assertion below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=check) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    assert Alert.objects.count() == OutboxMessage.objects.count() == Case.objects.count() == 8


def test_each_step_up_in_severity_sends_one_more_mail(database: str) -> None:
    for severity in (1, 1, 2, 1, 2, 3, 3):
        apply([detection(severity=severity)], [KEY], NOW)
    assert OutboxMessage.objects.count() == 3
    assert Alert.objects.get().severity == 3
    assert AlertEvent.objects.filter(what=AlertEvent.What.WORSE).count() == 3


def test_it_ends_after_two_quiet_days_not_after_two_quiet_checks(database: str) -> None:
    apply([detection()], [KEY], NOW)
    assert apply([], [KEY], NOW + DAY) == Changes()
    assert apply([], [KEY], NOW + DAY + timedelta(hours=1)) == Changes()
    assert Alert.objects.get().state == State.OPEN
    assert apply([], [KEY], NOW + 2 * DAY) == Changes(resolved=1)
    alert = Alert.objects.get()
    assert alert.state == State.RESOLVED
    assert alert.case.status == Status.SOLVED


def test_a_loud_day_between_starts_the_count_anew(database: str) -> None:
    apply([detection()], [KEY], NOW)
    apply([], [KEY], NOW + DAY)
    apply([detection(until=NOW + 2 * DAY)], [KEY], NOW + 2 * DAY)
    apply([], [KEY], NOW + 3 * DAY)
    assert Alert.objects.get().state == State.OPEN


def test_a_key_that_was_not_looked_at_does_not_end(database: str) -> None:
    apply([detection()], [KEY], NOW)
    for day in range(1, 5):
        apply([], ["another"], NOW + day * DAY)
    assert Alert.objects.get().state == State.OPEN


def test_a_case_in_work_stays_with_its_worker_when_the_alert_ends(database: str, cast: Cast) -> None:
    apply([detection()], [KEY], NOW)
    Case.objects.update(assignee=cast.responder, status=Status.WORKING)
    apply([], [KEY], NOW + DAY)
    apply([], [KEY], NOW + 2 * DAY)
    assert Case.objects.get().status == Status.WORKING


def _ended() -> None:
    apply([detection()], [KEY], NOW)
    apply([], [KEY], NOW + DAY)
    apply([], [KEY], NOW + 2 * DAY)


def test_back_within_a_week_it_is_the_same_alert_without_a_mail(database: str) -> None:
    _ended()
    later = NOW + 5 * DAY
    assert apply([detection(until=later)], [KEY], later) == Changes(opened=1)
    alert = Alert.objects.get()
    assert (alert.state, alert.case.status) == (State.OPEN, Status.NEW)
    assert OutboxMessage.objects.count() == 1


def test_back_within_a_week_and_worse_it_sends_a_mail(database: str) -> None:
    _ended()
    later = NOW + 5 * DAY
    apply([detection(until=later, severity=3)], [KEY], later)
    assert Alert.objects.count() == 1
    assert OutboxMessage.objects.count() == 2


def test_back_after_more_than_a_week_it_is_a_new_alert_with_a_mail(database: str) -> None:
    _ended()
    later = NOW + 10 * DAY
    apply([detection(until=later)], [KEY], later)
    assert Alert.objects.count() == OutboxMessage.objects.count() == 2


def test_resolved_by_hand_it_stays_closed_for_the_same_window(database: str, cast: Cast) -> None:
    apply([detection()], [KEY], NOW)
    resolve(Alert.objects.get().pk, cast.lead)
    Alert.objects.update(resolved_at=NOW)
    assert apply([detection()], [KEY], NOW + timedelta(hours=1)) == Changes()
    assert Alert.objects.get().state == State.RESOLVED
    assert apply([detection(severity=3)], [KEY], NOW + timedelta(hours=2)) == Changes(opened=1)
    assert Alert.objects.get().state == State.OPEN


def test_resolved_by_hand_it_comes_back_with_a_new_window(database: str, cast: Cast) -> None:
    apply([detection()], [KEY], NOW)
    resolve(Alert.objects.get().pk, cast.lead)
    Alert.objects.update(resolved_at=NOW)
    later = NOW + 5 * DAY
    assert apply([detection(until=later)], [KEY], later) == Changes(opened=1)


def test_acknowledging_is_recorded_and_may_be_repeated(database: str, cast: Cast) -> None:
    apply([detection()], [KEY], NOW)
    pk = Alert.objects.get().pk
    ack(pk, cast.responder)
    ack(pk, cast.lead)
    alert = Alert.objects.get()
    assert (alert.state, alert.acknowledged_by) == (State.ACKNOWLEDGED, cast.responder)
    assert alert.events.filter(what=AlertEvent.What.ACKNOWLEDGED).count() == 1
    resolve(pk, cast.lead)
    with pytest.raises(MoksoriError, match="is resolved"):
        ack(pk, cast.responder)


def test_an_unknown_alert_is_named(database: str) -> None:
    with pytest.raises(MoksoriError, match="no alert 77"):
        ack(77, None)


def test_a_muted_key_sends_nothing_until_the_mute_is_over(database: str, cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr("desk.alerts.life.timezone.now", lambda: NOW)
    mute("Haneul|*|delivery|*", NOW + DAY, cast.lead)
    apply([detection(), detection("Haneul||다른|price|surge")], [], NOW)
    assert Alert.objects.get(key=KEY).state == State.MUTED
    assert OutboxMessage.objects.count() == Case.objects.count() == 1
    apply([detection(until=NOW + DAY)], [KEY], NOW + DAY + timedelta(minutes=1))
    assert Alert.objects.get(key=KEY).state == State.OPEN
    assert OutboxMessage.objects.count() == Case.objects.count() == 2


def test_a_mute_silences_what_is_open(database: str, cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr("desk.alerts.life.timezone.now", lambda: NOW)
    apply([detection()], [KEY], NOW)
    assert mute(KEY, NOW + DAY, cast.lead) == 1
    apply([detection(severity=3)], [KEY], NOW + timedelta(hours=1))
    assert Alert.objects.get().state == State.MUTED
    assert OutboxMessage.objects.count() == 1


def test_a_mute_of_a_rule_silences_its_alerts_alone(database: str, cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    apply([detection(rule="mine"), detection("k2", rule="other")], [], NOW)
    assert mute("*", NOW + DAY, cast.lead, rule="mine") == 1
    apply([detection("k3", rule="mine", severity=3)], [], NOW)
    assert sorted(Alert.objects.filter(state=State.MUTED).values_list("rule", flat=True)) == ["mine", "mine"]


def test_unmuted_by_a_person_it_opens_and_the_mail_goes_out(database: str, cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    mute("*surge", NOW + DAY, cast.lead)
    apply([detection()], [KEY], NOW)
    assert not OutboxMessage.objects.exists()
    alert = unmute(Alert.objects.get().pk, cast.lead)
    assert (alert.state, OutboxMessage.objects.count(), mute_rows(NOW)) == (State.OPEN, 1, [])
    event = alert.events.get(what=AlertEvent.What.UNMUTED)
    assert event.by == cast.lead
    assert apply([detection()], [KEY], NOW) == Changes(updated=1)
    assert Alert.objects.get().state == State.OPEN


def test_mutes_are_ended_as_they_were_written_and_what_is_found_opens(database: str, cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    apply([detection()], [KEY], NOW)
    mute("*", NOW + DAY, cast.lead, rule="")
    mute("*surge", NOW + 2 * DAY, cast.lead)
    assert [row["pattern"] for row in mute_rows(NOW)] == ["*", "*surge"]
    assert end_mutes("*drift", cast.lead) == 0
    assert (end_mutes("*", cast.lead), end_mutes("*surge", cast.lead), end_mutes("*surge", cast.lead)) == (1, 1, 0)
    assert set(Mute.objects.values_list("ended_by", flat=True)) == {cast.lead.pk}
    apply([detection()], [KEY], NOW)
    assert Alert.objects.get().state == State.OPEN


def test_a_mute_into_the_past_is_refused(database: str) -> None:
    with pytest.raises(MoksoriError, match="past"):
        mute("*", NOW - 3000 * DAY, None)


def test_a_pattern_knows_no_signs_but_the_star(database: str, monkeypatch) -> None:
    monkeypatch.setattr("desk.alerts.life.timezone.now", lambda: NOW)
    apply([detection("Haneul||[특가] a.b|delivery|surge")], [], NOW)
    assert mute("Haneul||[특가] aXb|*", NOW + DAY, None) == 0
    assert mute("Haneul||[특가] a.b|*", NOW + DAY, None) == 1


def test_evidence_of_an_older_check_changes_nothing(database: str) -> None:
    apply([detection(observed=50)], [KEY], NOW)
    apply([detection(until=NOW - DAY, observed=10)], [KEY], NOW)
    assert Alert.objects.get().observed == 50


def test_a_key_longer_than_the_column_keeps_its_identity(database: str) -> None:
    long = ["Haneul||" + "x" * 2000 + end for end in ("a", "b")]
    apply([detection(key) for key in long], long, NOW)
    apply([detection(key) for key in long], long, NOW)
    assert Alert.objects.count() == 2
    apply([], long, NOW + DAY)
    assert apply([], long, NOW + 2 * DAY) == Changes(resolved=2)


def test_settings_name_the_recipients(database: str, installation: Settings) -> None:
    apply([detection()], [KEY], NOW)
    assert [mail.recipient for mail in OutboxMessage.objects.all()] == installation.mail.recipients


def test_a_removed_rule_leaves_no_alert_behind_and_a_renamed_one_keeps_it(database: str) -> None:
    apply([detection("a", rule="gone"), detection("b", rule="old"), detection("c", rule="stays")], [], NOW)
    apply([detection("d", rule="gone", kind="critical"), detection("e")], [], NOW)
    apply([detection("b", rule="new")], [], NOW)
    assert end_without_rule({"new", "stays"}, NOW) == 1
    alert = Alert.objects.get(state=State.RESOLVED)
    assert (alert.key, alert.case.status, alert.by_hand) == ("a", Status.SOLVED, False)
    event = alert.events.latest("pk")
    assert (event.what, event.detail) == (AlertEvent.What.RULE_GONE, "gone")
    assert end_without_rule({"new", "stays"}, NOW) == 0
