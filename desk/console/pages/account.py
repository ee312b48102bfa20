"""Logging in and the language switch."""

import unicodedata
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from desk.accounts.models import Preference
from desk.accounts.throttle import forget, try_allowed


class Login(LoginView):
    """The login page. Too many tries: 429, and the password is not even looked at."""

    template_name = "console/login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Count the try, then look at it."""
        if not try_allowed(self._name(), self._address(), timezone.now()):
            context = {"problem": _("Too many tries. Wait a quarter of an hour, then try again.")}
            form = AuthenticationForm(request, initial={"username": self._name()})
            return self.render_to_response(self.get_context_data(form=form, **context), status=429)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """They are who they say."""
        forget(self._name(), self._address())
        response = super().form_valid(form)
        user = form.get_user()
        if isinstance(user, User) and (preference := Preference.objects.filter(user=user).first()):
            _remember(response, preference.language)
        return response

    def _name(self) -> str:
        return unicodedata.normalize("NFKC", self.request.POST.get("username", ""))

    def _address(self) -> str:
        return str(self.request.META.get("REMOTE_ADDR", ""))


@login_not_required
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Remember the language for this browser, and for the user's mails."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = HttpResponseRedirect(target)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        _remember(response, language)
        if isinstance(request.user, User):
            Preference.objects.update_or_create(user=request.user, defaults={"language": language})
    return response


def _remember(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
