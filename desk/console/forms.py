"""What people send about a case, checked before anything is done with it."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from desk.alerts.wording import theme_label
from desk.cases.models import CHOSEN_BY_PEOPLE
from desk.console.labels import facet_label
from desk.corrections.said import NO

MOODS = ("negative", "neutral", "positive")


def colleagues() -> "QuerySet[User]":
    """Users who can work on cases."""
    return (
        User.objects.filter(is_active=True, groups__permissions__codename="change_case").distinct().order_by("username")
    )


class Change(forms.Form):
    """Any change of a case names the revision that its author saw."""

    revision = forms.IntegerField(min_value=1, max_value=2**31 - 1)


class Assignment(Change):
    """Who shall work on it; empty: nobody."""

    assignee = forms.ModelChoiceField(User.objects.none(), required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["assignee"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = colleagues()


class StatusChoice(Change):
    """The status to set."""

    status = forms.ChoiceField(choices=[(status.value, status.label) for status in CHOSEN_BY_PEOPLE])


class Deadline(Change):
    """The new deadline, in the brand's time zone."""

    due_at = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M"])


class Draft(Change):
    """The text of the reply."""

    text = forms.CharField(max_length=10_000)


class NoteText(forms.Form):
    """The text of a note."""

    text = forms.CharField(max_length=10_000)


class Correction(forms.Form):
    """What a review says: its sentiment, and each theme's, or that it is not about it."""

    sentiment = forms.ChoiceField(choices=[(mood, mood) for mood in MOODS])

    def __init__(self, names: Sequence[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names = names
        for name in names:
            self.fields[f"theme-{name}"] = forms.ChoiceField(choices=[(mood, mood) for mood in (NO, *MOODS)])

    def themes(self) -> dict[str, str]:
        """What was said about each theme."""
        return {name: self.cleaned_data[f"theme-{name}"] for name in self._names}

    def rows(self) -> Iterator[tuple[str, str, str, list[tuple[str, str]]]]:
        """Field, label, value and choices, for the page."""
        moods = [(mood, facet_label("sentiment", mood)) for mood in MOODS]
        yield "sentiment", _("Sentiment"), str(self["sentiment"].value()), moods
        for name in self._names:
            field = f"theme-{name}"
            yield field, theme_label(name), str(self[field].value()), [(NO, _("not about it")), *moods]
