"""The buttons of a case: each does one thing, or shows the case again with what stood in the way."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from desk.cases import work
from desk.cases.models import Case
from desk.console.access import allowed, user_of
from desk.console.forms import Assignment, Change, Deadline, Draft, NoteText, StatusChoice
from desk.console.pages.cases import case_page
from pipeline.errors import MoksoriError, Unavailable

_Form = TypeVar("_Form", bound=forms.Form)


@require_POST
@allowed("cases.change_case")
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it to someone, take it, or give it back."""

    def act(form: Assignment) -> None:
        work.assign(pk, form.cleaned_data["revision"], form.cleaned_data["assignee"], user_of(request))

    return _act(request, pk, Assignment(request.POST), act, _("Assigned."))


@require_POST
@allowed("cases.change_case")
def set_status(request: HttpRequest, pk: int) -> HttpResponse:
    """Move it on."""

    def act(form: StatusChoice) -> None:
        work.set_status(pk, form.cleaned_data["revision"], form.cleaned_data["status"], user_of(request))

    return _act(request, pk, StatusChoice(request.POST), act, _("Status changed."))


@require_POST
@allowed("cases.change_case")
def move_deadline(request: HttpRequest, pk: int) -> HttpResponse:
    """Another deadline."""

    def act(form: Deadline) -> None:
        work.move_deadline(pk, form.cleaned_data["revision"], form.cleaned_data["due_at"], user_of(request))

    return _act(request, pk, Deadline(request.POST), act, _("Deadline moved."))


@require_POST
@allowed("cases.change_case")
def add_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a note."""
    get_object_or_404(Case, pk=pk)

    def act(form: NoteText) -> None:
        work.add_note(pk, form.cleaned_data["text"], user_of(request))

    return _act(request, pk, NoteText(request.POST), act, _("Note saved."), typed_note=request.POST.get("text", ""))


@require_POST
@allowed("cases.change_case")
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the reply."""

    def act(form: Draft) -> None:
        work.draft_reply(pk, form.cleaned_data["revision"], form.cleaned_data["text"], user_of(request))

    return _act(request, pk, Draft(request.POST), act, _("Reply saved."), typed_reply=request.POST.get("text", ""))


@require_POST
@allowed("cases.lead_case")
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """The reply may go out."""

    def act(form: Change) -> None:
        work.approve_reply(pk, form.cleaned_data["revision"], user_of(request))

    return _act(request, pk, Change(request.POST), act, _("Reply approved."))


@require_POST
@allowed("cases.change_case")
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """The reply is out."""

    def act(form: Change) -> None:
        work.mark_published(pk, form.cleaned_data["revision"], user_of(request))

    return _act(request, pk, Change(request.POST), act, _("Marked as published."))


def _act(
    request: HttpRequest, pk: int, form: _Form, act: Callable[[_Form], None], done: str, **typed: Any
) -> HttpResponse:
    if not form.is_valid():
        problem = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return case_page(request, pk, status=400, problem=problem, **typed)
    try:
        act(form)
    except work.Conflict:
        problem = _("Someone else changed this case meanwhile. You see its present state; nothing of yours was saved.")
        return case_page(request, pk, status=409, problem=problem, conflict=True, **typed)
    except Unavailable:
        raise
    except MoksoriError:
        return case_page(request, pk, status=409, problem=_("This step is not possible any more."), **typed)
    messages.success(request, done)
    return redirect("case", pk=pk)
