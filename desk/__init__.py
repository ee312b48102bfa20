"""The desk: where people answer. A Django project.

setup       makes Django ready for any process, migrates, makes users
settings    Django's settings, made from moksori's own
database    the database behind a URL, and what its outage looks like to others
accounts    who may do what, and how often a password may be guessed
cases       a review's or an alert's piece of work, from intake to outcome
alerts      the life of an alert: open, acknowledged, resolved, muted
outbox      mails that must arrive once, written in the transaction that causes them
console     the pages
serve       the web server
"""
