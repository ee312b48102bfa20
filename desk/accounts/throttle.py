"""Slows down the guessing of passwords: a try is counted before the password is looked at."""

from datetime import datetime, timedelta
from typing import Final

from desk.accounts.models import LoginTry

WINDOW: Final = timedelta(minutes=15)
PER_NAME_AND_ADDRESS: Final = 5
PER_NAME: Final = 30
"""From everywhere together: enough that a stranger cannot easily lock someone out, too few to guess with."""
PER_ADDRESS: Final = 60


def try_allowed(name: str, address: str, now: datetime) -> bool:
    """Count a try. False: too many within the window, do not look at the password."""
    name = name[:150].casefold()
    since = now - WINDOW
    LoginTry.objects.filter(at__lt=since).delete()
    # Counted first, then asked: parallel guesses see each other.
    LoginTry.objects.create(name=name, address=address[:64], at=now)
    tries = LoginTry.objects.filter(at__gte=since)
    return (
        tries.filter(name=name, address=address[:64]).count() <= PER_NAME_AND_ADDRESS
        and tries.filter(name=name).count() <= PER_NAME
        and tries.filter(address=address[:64]).count() <= PER_ADDRESS
    )


def forget(name: str, address: str) -> None:
    """The user got in: earlier tries from this address count no more."""
    LoginTry.objects.filter(name=name[:150].casefold(), address=address[:64]).delete()
