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
    """A part of an application: routes, hooks, templates, static files, commands.

    Nothing happens before ``app.register_blueprint``; from then on the blueprint takes no more.
    """

    if not t.TYPE_CHECKING:
        cli = LazyGroup()

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Seconds for which clients cache a file, ``SEND_FILE_MAX_AGE_DEFAULT``; None to revalidate. To override."""
        value = current_app.config["SEND_FILE_MAX_AGE_DEFAULT"]
        if isinstance(value, timedelta):
            return int(value.total_seconds())
        return value  # type: ignore[no-any-return]

    def send_static_file(self, filename: str) -> Response:
        """The view of the static route: a file of the static folder; 404 outside of it. RuntimeError without one."""
        if not self.has_static_folder:
            raise RuntimeError("'static_folder' must be set to serve static_files.")
        return send_from_directory(
            t.cast(str, self.static_folder), filename, max_age=self.get_send_file_max_age(filename)
        )

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> t.IO[t.AnyStr]:
        """Open a file below :attr:`root_path` for reading; ValueError for a mode but ``r``, ``rt``, ``rb``."""
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
