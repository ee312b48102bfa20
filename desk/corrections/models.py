"""Corrections, and who said what before."""

from django.db import models


class Correction(models.Model):
    """What someone says about a text, the newest word on it.

    key: the review's id, or the text's checksum where it is no review of ours. sentiment: empty where nothing is said.
    themes: name → positive, neutral or negative where the text is about it, "no" where it is not; absent: not said.
    """

    key = models.CharField(max_length=520, unique=True)
    review_id = models.CharField(max_length=512, blank=True, db_index=True)
    text = models.TextField()
    title = models.CharField(max_length=1000, blank=True)
    lang = models.CharField(max_length=20, blank=True)
    source = models.CharField(max_length=64, blank=True)
    sentiment = models.CharField(max_length=10, blank=True)
    themes = models.JSONField(default=dict)
    by = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key


class CorrectionEvent(models.Model):
    """One line of a correction's history, never changed: who said what, when."""

    correction = models.ForeignKey(Correction, on_delete=models.CASCADE, related_name="events")
    sentiment = models.CharField(max_length=10, blank=True)
    themes = models.JSONField(default=dict)
    by = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.by}"

    @property
    def about(self) -> list[tuple[str, str]]:
        """The themes that the text is about, with their sentiment."""
        return sorted((name, mood) for name, mood in self.themes.items() if mood != "no")
