"""Rule factories: Werkzeug's, except that a template makes our rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from string import Template
from typing import Any

from werkzeug.routing import Map as WerkzeugMap
from werkzeug.routing import Rule as WerkzeugRule
from werkzeug.routing.rules import EndpointPrefix as EndpointPrefix
from werkzeug.routing.rules import RuleFactory as RuleFactory
from werkzeug.routing.rules import RuleTemplate as WerkzeugRuleTemplate
from werkzeug.routing.rules import RuleTemplateFactory as WerkzeugRuleTemplateFactory
from werkzeug.routing.rules import Subdomain as Subdomain
from werkzeug.routing.rules import Submount as Submount

from .rule import Rule


class RuleTemplateFactory(WerkzeugRuleTemplateFactory):
    """Rules with the ``$name`` places of their texts (pattern, defaults, subdomain, endpoint) filled in from *context*.

    What a called `RuleTemplate` returns, for `Map.add`. KeyError for a place without a text.
    """

    rules: Iterable[RuleFactory]
    context: dict[str, Any]

    def get_rules(self, map: WerkzeugMap) -> Iterator[WerkzeugRule]:
        def fill(value: Any) -> Any:
            return Template(value).substitute(self.context) if isinstance(value, str) else value

        for factory in self.rules:
            for rule in factory.get_rules(map):
                # PARITY: settings other than these six are not carried over.
                yield Rule(
                    fill(rule.rule),
                    {key: fill(value) for key, value in rule.defaults.items()} if rule.defaults else None,
                    fill(rule.subdomain),
                    rule.methods,
                    rule.build_only,
                    fill(rule.endpoint),
                    rule.strict_slashes,
                )


class RuleTemplate(WerkzeugRuleTemplate):
    """Rules with ``$name`` places; calling it with the names' texts gives a factory of ordinary rules.

    For routes that several resources have in common::

        resource = RuleTemplate([
            Rule("/$name/", endpoint="$name.list"),
            Rule("/$name/<int:id>", endpoint="$name.show"),
        ])
        map = Map([resource(name="user"), resource(name="post")])
    """

    def __call__(self, *args: Any, **kwargs: Any) -> RuleTemplateFactory:
        return RuleTemplateFactory(self.rules, dict(*args, **kwargs))
