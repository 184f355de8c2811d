# shelf/forms.py
"""Forms: a token against requests from other sites, and what fields may hold."""

import secrets

from bolthead import abort, request, session


def init_app(app):
    app.before_request(check_token)
    app.add_template_global(form_token)


def form_token():
    """The token of this visitor; every form carries it."""
    return session.setdefault("token", secrets.token_urlsafe(24))


def check_token():
    if request.method != "POST":
        return
    sent, own = request.form.get("token", ""), session.get("token", "")
    if not own or not secrets.compare_digest(sent.encode(), own.encode()):
        abort(400, "This form is too old. Load the page again.")


def text(name):
    """The field without blanks around it; empty when it is missing."""
    return request.form.get(name, "").strip()


def problem_of_book(title, author):
    if not title or not author:
        return "A book has a title and an author."
    if len(title) > 200 or len(author) > 200:
        return "Titles and names have 200 letters at most."
    return None
