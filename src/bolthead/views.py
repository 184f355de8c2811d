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
    The arguments of the constructor are given to `as_view`, so that one class serves several routes.
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
        """The view itself: gets the URL's values as keyword arguments, and returns what any view may return.

        A subclass must write it, as a function or a coroutine function. `MethodView` has one that calls the method
        named like the request's.
        """
        raise NotImplementedError()

    @classmethod
    def as_view(cls, name: str, *class_args: t.Any, **class_kwargs: t.Any) -> ft.RouteCallable:
        """The view function to route. *name* is its endpoint; the other arguments go to the class's constructor.

        Each request gets an instance of its own unless ``init_every_request`` is false; ``decorators`` are around it.
        The class is the function's attribute ``view_class``.
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
    """A view with a method per HTTP method: ``get``, ``post``, ``delete`` and so on. ``get`` answers HEAD too.

    ``methods`` is collected from the class and its bases unless the class sets it; another method gets 405::

        class Note(MethodView):
            def get(self, number):
                return notes[number]

            def delete(self, number):
                del notes[number]
                return "", 204

        app.add_url_rule("/notes/<int:number>", view_func=Note.as_view("note"))
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
        """Call the method named like the request's, in lower case, with the URL's values as keyword arguments.

        ``get`` answers HEAD if the class has no ``head``. AssertionError for a method that the route takes and the
        class lacks.
        """
        method = request.method
        handler = getattr(self, method.lower(), None)
        if handler is None and method == "HEAD":
            handler = getattr(self, "get", None)
        assert handler is not None, f"Unimplemented method {method!r}"
        return current_app.ensure_sync(handler)(**kwargs)  # type: ignore[no-any-return]
