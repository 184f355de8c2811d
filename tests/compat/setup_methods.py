"""Methods that set up an application as well as a blueprint, with arguments that each takes."""

from __future__ import annotations

SETUP_OF_BOTH = [
    ("get", ("/",)),
    ("post", ("/",)),
    ("put", ("/",)),
    ("delete", ("/",)),
    ("patch", ("/",)),
    ("route", ("/",)),
    ("add_url_rule", ("/", "x")),
    ("endpoint", ("x",)),
    ("before_request", (print,)),
    ("after_request", (print,)),
    ("teardown_request", (print,)),
    ("context_processor", (dict,)),
    ("url_value_preprocessor", (print,)),
    ("url_defaults", (print,)),
    ("errorhandler", (404,)),
    ("register_error_handler", (404, print)),
    ("register_blueprint", (None,)),
]
