"""Blueprints with files: the class that applications use."""

from __future__ import annotations

import os
import typing as t
from datetime import timedelta

from ._compat.lazy_modules import lazy_names
from .globals import current_app
from .helpers import send_from_directory
from .sansio.blueprints import Blueprint as SansioBlueprint
from .sansio.blueprints import BlueprintSetupState as BlueprintSetupState
from .sansio.scaffold import LazyGroup
from .sansio.scaffold import _sentinel as _sentinel

if t.TYPE_CHECKING:
    from .wrappers import Response


class Blueprint(SansioBlueprint):
    """A part of an application: routes, hooks, error handlers, templates, static files, commands.

    Nothing happens before ``app.register_blueprint``; from then on the blueprint takes no more. Its endpoints get its
    name before a dot, its paths the ``url_prefix``::

        shop = Blueprint("shop", __name__, url_prefix="/shop", template_folder="templates")

        @shop.get("/<int:number>")
        def item(number): ...

        app.register_blueprint(shop)  # /shop/7 is url_for("shop.item", number=7)
    """

    if not t.TYPE_CHECKING:
        cli = LazyGroup()

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Seconds for which clients may cache *filename*; None to revalidate each time.

        ``SEND_FILE_MAX_AGE_DEFAULT`` of the application unless overridden. Asked for the blueprint's static files.
        """
        value = current_app.config["SEND_FILE_MAX_AGE_DEFAULT"]
        if isinstance(value, timedelta):
            return int(value.total_seconds())
        return value  # type: ignore[no-any-return]

    def send_static_file(self, filename: str) -> Response:
        """The view of the blueprint's static folder: *filename* is relative to it.

        404 where it leads out or to no file. RuntimeError if the blueprint has no ``static_folder``.
        """
        if not self.has_static_folder:
            raise RuntimeError("'static_folder' must be set to serve static_files.")
        return send_from_directory(
            t.cast(str, self.static_folder), filename, max_age=self.get_send_file_max_age(filename)
        )

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> t.IO[t.AnyStr]:
        """Open a file of the blueprint's package for reading: *resource* is a path below :attr:`root_path`.

        *mode* is ``"r"``, ``"rt"`` or ``"rb"``, else ValueError; *encoding* is for text, UTF-8 unless given. The caller
        closes the file.
        """
        if mode not in {"r", "rt", "rb"}:
            raise ValueError("Resources can only be opened for reading.")
        path = os.path.join(self.root_path, resource)
        if mode == "rb":
            return open(path, mode)
        return open(path, mode, encoding=encoding)


if not t.TYPE_CHECKING:
    # Flask's module has these names too; they are imported on first access.
    __getattr__ = lazy_names(
        vars(),
        {"AppGroup": "bolthead.cli:AppGroup"},
    )
