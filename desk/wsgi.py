"""The console as a WSGI application, for any server."""

from django.core.handlers.wsgi import WSGIHandler

from desk.setup import configure

configure()
application = WSGIHandler()
