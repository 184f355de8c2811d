"""URL rules, the map that holds them, the adapter that matches and builds: ``werkzeug.routing`` by name."""

from __future__ import annotations

from werkzeug.routing.matcher import StateMachineMatcher as StateMachineMatcher

from .converters import AnyConverter as AnyConverter
from .converters import BaseConverter as BaseConverter
from .converters import FloatConverter as FloatConverter
from .converters import IntegerConverter as IntegerConverter
from .converters import PathConverter as PathConverter
from .converters import UnicodeConverter as UnicodeConverter
from .converters import UUIDConverter as UUIDConverter
from .converters import ValidationError as ValidationError
from .exceptions import BuildError as BuildError
from .exceptions import NoMatch as NoMatch
from .exceptions import RequestAliasRedirect as RequestAliasRedirect
from .exceptions import RequestPath as RequestPath
from .exceptions import RequestRedirect as RequestRedirect
from .exceptions import RoutingException as RoutingException
from .exceptions import WebsocketMismatch as WebsocketMismatch
from .factories import EndpointPrefix as EndpointPrefix
from .factories import RuleFactory as RuleFactory
from .factories import RuleTemplate as RuleTemplate
from .factories import RuleTemplateFactory as RuleTemplateFactory
from .factories import Subdomain as Subdomain
from .factories import Submount as Submount
from .map import Map as Map
from .map import MapAdapter as MapAdapter
from .rule import Rule as Rule
from .rule import parse_converter_args as parse_converter_args
