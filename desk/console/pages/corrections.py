"""What a review really says: a form that starts with its tags, and teaches the tagger when it is saved."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from desk.alerts.wording import THEMES
from desk.console import wiring
from desk.console.access import allowed, user_of
from desk.console.forms import Correction
from desk.corrections.book import correction_of, history_of, write
from desk.corrections.said import NO, Said
from desk.index import thread_index
from pipeline.index.document import IndexDocument


@allowed("cases.change_case")
def correct(request: HttpRequest, id: str) -> HttpResponse:
    """Show the form, or save what was sent. 404 for a review that is not in the index."""
    document = thread_index().get([id]).get(id)
    if document is None or document.deleted:
        raise Http404
    themes = wiring.theme_names() if wiring.theme_names else THEMES
    form = Correction(themes, request.POST or None, initial=_initial(document, themes))
    if request.method == "POST" and form.is_valid():
        said = Said(
            review_id=id, text=document.text or document.title, title=document.title if document.text else "",
            lang=document.lang, source=document.source, sentiment=form.cleaned_data["sentiment"],
            themes=form.themes(), by=user_of(request).username,
        )  # fmt: skip
        write([said])
        messages.success(request, _("Thank you. The tagger learns from it at its next training."))
        return redirect("review", id=id)
    context = {"document": document, "form": form, "history": history_of(id)}
    return render(request, "console/correction.html", context, status=400 if form.errors else 200)


def _initial(document: IndexDocument, themes: tuple[str, ...]) -> dict[str, Any]:
    """What was said last, else what the tagger says."""
    last = correction_of(document.id)
    if last is not None:
        return {"sentiment": last.sentiment} | {f"theme-{name}": last.themes.get(name, NO) for name in themes}
    found = document.theme_moods
    return {"sentiment": document.sentiment} | {f"theme-{name}": found.get(name, NO) for name in themes}
