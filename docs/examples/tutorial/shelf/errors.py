# shelf/errors.py
"""Error pages in the frame of the site."""

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from bolthead import render_template


def init_app(app):
    app.register_error_handler(HTTPException, page)
    app.register_error_handler(RequestEntityTooLarge, too_large)


def page(error):
    response = error.get_response()
    response.data = render_template("error.html", error=error)
    return response


def too_large(error):
    error.description = "A cover has 2 MB at most. Go back, and choose a smaller one."
    return page(error)
