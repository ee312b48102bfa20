"""Django's settings, made from moksori's own: nothing here is for users to edit."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy

from desk.database import django_database
from desk.secret import secret_key
from pipeline.settings import settings

_OURS = settings()
_HERE = Path(__file__).resolve().parent
_CONSOLE_URL = urlsplit(_OURS.console.url)

SECRET_KEY = secret_key(_OURS)
DEBUG = False
ALLOWED_HOSTS = sorted({"127.0.0.1", "localhost", "[::1]", _OURS.console.host, _CONSOLE_URL.hostname or "localhost"})
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "desk.cases",
    "desk.outbox",
    "desk.alerts",
    "desk.corrections",
    "desk.console",
    "desk.accounts",  # last: its roles need the permissions of all others
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "desk.console.headers.ContentSecurityPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "desk.console.faults.OutageMiddleware",
]
ROOT_URLCONF = "desk.urls"
WSGI_APPLICATION = "desk.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "desk.console.frame.frame",
            ],
        },
    },
]

DATABASES = {"default": django_database(_OURS.database_url, _OURS.database_password)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

# Browsers keep cookies per host, not per port: our own names keep other programs on 127.0.0.1 out of the way.
SESSION_COOKIE_NAME = "moksori_session"
CSRF_COOKIE_NAME = "moksori_csrf"
LANGUAGE_COOKIE_NAME = "moksori_language"
SESSION_COOKIE_AGE = 7 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _OURS.console.secure_cookies
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [f"{_CONSOLE_URL.scheme}://{_CONSOLE_URL.netloc}"]
CSRF_FAILURE_VIEW = "desk.console.faults.csrf_failed"
SECURE_HSTS_SECONDS = 31_536_000 if _OURS.console.secure_cookies else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"

USE_TZ = True
TIME_ZONE = _OURS.brand.timezone  # what people see; the database stores UTC
USE_I18N = True
LANGUAGE_CODE = _OURS.brand.language
LANGUAGES = [("ko", gettext_lazy("Korean")), ("en", gettext_lazy("English"))]
LOCALE_PATHS = [_HERE / "locale"]

STATIC_URL = "/static/"
STORAGES: Final = {"staticfiles": {"BACKEND": "desk.console.statics.VersionedStatics"}}
WHITENOISE_USE_FINDERS = True  # files are served from the package: no collectstatic step to forget
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 7 * 24 * 3600

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
