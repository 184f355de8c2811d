"""Views as classes: one class, one route; :class:`MethodView` has one method per HTTP method."""

from __future__ import annotations

import typing as t

from . import typing as ft
from .globals import current_app, request

F = t.TypeVar("F", bound=t.Callable[..., t.Any])

http_method_funcs = frozenset(("get", "post", "head", "options", "delete", "put", "trace", "patch"))


class View:
    """A view as a class: subclass it, write ``dispatch_request``, and route what :meth:`as_view` returns.

    ``app.add_url_rule("/users", view_func=Users.as_view("users"))``. What several views share goes into a base class.
    """

    methods: t.ClassVar[t.Collection[str] | None] = None
    """The HTTP methods the route takes; ``None`` leaves it to ``route``, which then means GET."""

    provide_automatic_options: t.ClassVar[bool | None] = None
    """Whether OPTIONS is answered automatically; ``None`` leaves it to the route and the config."""

    decorators: t.ClassVar[list[t.Callable[..., t.Any]]] = []
    """Decorators for the view function, the first one innermost. Decorating the class does nothing useful."""

    init_every_request: t.ClassVar[bool] = True
    """One instance per request; with ``False`` one for all, which then must keep its state elsewhere."""

    def dispatch_request(self) -> ft.ResponseReturnValue:
        """The view itself: gets the URL's values as keyword arguments, and returns what any view may return."""
        raise NotImplementedError()

    @classmethod
    def as_view(cls, name: str, *class_args: t.Any, **class_kwargs: t.Any) -> ft.RouteCallable:
        """The view function to route. *name* is its endpoint; the other arguments go to the class's constructor.

        Each request gets an instance of its own unless ``init_every_request`` is false; ``decorators`` are around it.
        """
        if cls.init_every_request:

            def view(**kwargs: t.Any) -> ft.ResponseReturnValue:
                # Looked up on the function, so that `view.view_class` can be replaced.
                fresh = view.view_class(*class_args, **class_kwargs)  # type: ignore[attr-defined]
                return current_app.ensure_sync(fresh.dispatch_request)(**kwargs)  # type: ignore[no-any-return]

        else:
            shared = cls(*class_args, **class_kwargs)

            def view(**kwargs: t.Any) -> ft.ResponseReturnValue:
                return current_app.ensure_sync(shared.dispatch_request)(**kwargs)  # type: ignore[no-any-return]

        if cls.decorators:
            view.__name__ = name
            view.__module__ = cls.__module__
            for decorator in cls.decorators:
                view = decorator(view)

        # After the decorators: what `add_url_rule` reads must be on what it gets.
        made: t.Any = view
        made.view_class = cls
        made.__name__ = name
        made.__doc__ = cls.__doc__
        made.__module__ = cls.__module__
        made.methods = cls.methods
        made.provide_automatic_options = cls.provide_automatic_options
        return made  # type: ignore[no-any-return]


class MethodView(View):
    """A view with a method per HTTP method: ``get``, ``post``, … GET also answers HEAD.

    ``methods`` is collected from the class and its bases unless the class sets it.
    """

    def __init_subclass__(cls, **kwargs: t.Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" in cls.__dict__:
            return
        methods = {method for base in cls.__bases__ for method in getattr(base, "methods", None) or ()}
        methods.update(name.upper() for name in http_method_funcs if hasattr(cls, name))
        if methods:
            cls.methods = methods

    def dispatch_request(self, **kwargs: t.Any) -> ft.ResponseReturnValue:
        """Call the method named like the request's, with the URL's values; ``get`` answers HEAD if no ``head`` does."""
        method = request.method
        handler = getattr(self, method.lower(), None)
        if handler is None and method == "HEAD":
            handler = getattr(self, "get", None)
        assert handler is not None, f"Unimplemented method {method!r}"
        return current_app.ensure_sync(handler)(**kwargs)  # type: ignore[no-any-return]
