"""The converters, Werkzeug's own classes: applications subclass them and compare with them by identity."""

from __future__ import annotations

from werkzeug.routing.converters import DEFAULT_CONVERTERS as DEFAULT_CONVERTERS
from werkzeug.routing.converters import AnyConverter as AnyConverter
from werkzeug.routing.converters import BaseConverter as BaseConverter
from werkzeug.routing.converters import FloatConverter as FloatConverter
from werkzeug.routing.converters import IntegerConverter as IntegerConverter
from werkzeug.routing.converters import NumberConverter as NumberConverter
from werkzeug.routing.converters import PathConverter as PathConverter
from werkzeug.routing.converters import UnicodeConverter as UnicodeConverter
from werkzeug.routing.converters import UUIDConverter as UUIDConverter
from werkzeug.routing.converters import ValidationError as ValidationError
