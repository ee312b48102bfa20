"""Who may see a view: a permission a view, checked before anything is read."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest

_View = TypeVar("_View", bound=Callable[..., object])


def allowed(permission: str) -> Callable[[_View], _View]:
    """Decorator: 403 for users whose role lacks the permission. Login itself is asked for by the middleware."""

    def mark(view: _View) -> _View:
        checked: _View = permission_required(permission, raise_exception=True)(view)  # type: ignore[type-var]
        checked.permission = permission  # type: ignore[attr-defined]
        return checked

    return mark


def user_of(request: HttpRequest) -> User:
    """The logged-in user."""
    assert isinstance(request.user, User)
    return request.user
