"""What the desk remembers about its users beyond Django's own: language, tries to log in."""

from django.conf import settings
from django.db import models


class Preference(models.Model):
    """What a user chose in the console."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preference")
    language = models.CharField(max_length=5)

    def __str__(self) -> str:
        return f"{self.user}: {self.language}"


class LoginTry(models.Model):
    """A try to log in that has not succeeded (yet)."""

    name = models.CharField(max_length=150)
    address = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["name", "at"]), models.Index(fields=["address", "at"]))

    def __str__(self) -> str:
        return f"{self.name} from {self.address}"
