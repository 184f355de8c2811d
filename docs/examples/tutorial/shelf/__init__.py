# shelf/__init__.py
"""A shared bookshelf."""

from pathlib import Path

from werkzeug.middleware.proxy_fix import ProxyFix

from bolthead import Flask

from . import books, covers, db, errors, forms, users


def create_app(settings=None):
    """The application: its defaults, then ``SHELF_...`` variables, then *settings*."""
    app = Flask(__name__)
    app.config.from_mapping(
        DATABASE=str(Path(app.instance_path, "shelf.sqlite")),
        COVERS=str(Path(app.instance_path, "covers")),
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        SESSION_COOKIE_SAMESITE="Lax",
        PROXIES=0,
    )
    app.config.from_prefixed_env("SHELF")
    app.config.from_mapping(settings or {})
    if not app.config["SECRET_KEY"]:
        if not app.debug:
            raise RuntimeError("Set SHELF_SECRET_KEY, for example to the output of: openssl rand -hex 32")
        app.config["SECRET_KEY"] = "dev"
    if app.config["PROXIES"]:
        proxies = app.config["PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)

    db.init_app(app)
    app.register_blueprint(users.bp)
    app.register_blueprint(books.bp)
    app.register_blueprint(covers.bp)
    forms.init_app(app)
    errors.init_app(app)
    app.after_request(protect)
    return app


def protect(response):
    """What browsers should not do with our pages."""
    response.headers.setdefault("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
