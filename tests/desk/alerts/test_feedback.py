"""What people think of alerts moves their rule's threshold, within bounds, and stands in the history."""

import pytest

from desk.alerts.feedback import leanings, rate
from desk.alerts.life import apply
from desk.alerts.models import Alert, AlertEvent
from pipeline.errors import MoksoriError
from tests.desk.conftest import BOTH, NOW, Cast, detection


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_each_has_one_opinion_an_alert_and_all_are_in_the_history(database: str, cast: Cast) -> None:
    apply([detection(rule="mine"), detection("k2", rule="other"), detection("k3")], [], NOW)
    assert leanings() == {}
    for alert in Alert.objects.all():
        rate(alert.pk, True, cast.lead)
    mine = Alert.objects.get(rule="mine")
    rate(mine.pk, False, cast.lead)
    rate(mine.pk, False, cast.responder)
    assert leanings() == {"mine": 2.0**-0.5, "other": 2.0**0.25}
    events = mine.events.filter(what__in=(AlertEvent.What.USEFUL, AlertEvent.What.USELESS))
    assert [(event.what, event.by) for event in events] == [
        ("useful", cast.lead),
        ("useless", cast.lead),
        ("useless", cast.responder),
    ]


@pytest.mark.parametrize(("useful", "furthest"), [(True, 4.0), (False, 0.25)])
def test_it_moves_no_further_than_its_bounds(database: str, cast: Cast, useful: bool, furthest: float) -> None:
    apply([detection(f"k{number}", rule="mine") for number in range(20)], [], NOW)
    for alert in Alert.objects.all():
        rate(alert.pk, useful, cast.lead)
    assert leanings() == {"mine": furthest}


def test_an_alert_that_is_not_there_is_named(database: str, cast: Cast) -> None:
    with pytest.raises(MoksoriError, match="no alert 77"):
        rate(77, True, cast.lead)


def test_a_responder_says_it_in_the_console(database: str, cast: Cast) -> None:
    apply([detection(rule="mine")], [], NOW)
    pk = Alert.objects.get().pk
    assert cast.client("responder").post(f"/alerts/{pk}/rate", {"useful": "no"}).status_code == 302
    assert leanings() == {"mine": 2.0**-0.25}
