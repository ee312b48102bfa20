"""Which address shows which page."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from desk.console.pages import (
    account,
    alerts,
    cases,
    casework,
    corrections,
    home,
    mail,
    mails_off,
    operations,
    reviews,
    themes,
)

handler403 = "desk.console.faults.forbidden"
handler404 = "desk.console.faults.not_found"
handler500 = "desk.console.faults.broken"

urlpatterns = [
    path("login", account.Login.as_view(), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("language", account.choose_language, name="language"),
    path("", home.home, name="home"),
    path("alerts", alerts.alerts, name="alerts"),
    path("alerts/<int:pk>", alerts.alert, name="alert"),
    path("alerts/<int:pk>/acknowledge", alerts.acknowledge, name="alert-acknowledge"),
    path("alerts/<int:pk>/resolve", alerts.resolve, name="alert-resolve"),
    path("alerts/<int:pk>/mute", alerts.mute, name="alert-mute"),
    path("alerts/<int:pk>/rate", alerts.rate, name="alert-rate"),
    path("alerts/<int:pk>/unmute", alerts.unmute, name="alert-unmute"),
    path("cases", cases.cases, name="cases"),
    path("cases/<int:pk>", cases.case, name="case"),
    path("cases/<int:pk>/assign", casework.assign, name="case-assign"),
    path("cases/<int:pk>/status", casework.set_status, name="case-status"),
    path("cases/<int:pk>/deadline", casework.move_deadline, name="case-deadline"),
    path("cases/<int:pk>/note", casework.add_note, name="case-note"),
    path("cases/<int:pk>/reply", casework.draft, name="case-reply"),
    path("cases/<int:pk>/reply/approve", casework.approve, name="case-approve"),
    path("cases/<int:pk>/reply/publish", casework.publish, name="case-publish"),
    path("reviews", reviews.reviews, name="reviews"),
    path("review/<path:id>", reviews.review, name="review"),
    path("corrections/<path:id>", corrections.correct, name="correct"),
    path("themes", themes.themes, name="themes"),
    path("themes/<path:name>", themes.theme, name="theme"),
    path("sources", operations.sources, name="sources"),
    path("ledger", operations.ledger, name="ledger"),
    path("mail", mail.mails, name="mails"),
    path("mail/<int:pk>", mail.mail, name="mail"),
    path("mail/<int:pk>/html", mail.mail_html, name="mail-html"),
    path("mail/<int:pk>/again", mail.send_again, name="mail-again"),
    path("mails/off/<path:token>", mails_off.mails_off, name="mails-off"),
]
