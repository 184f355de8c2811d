"""How to hear what each agent records, at the place where it hands that to its sender. Nothing leaves the process."""

from __future__ import annotations

import json
from typing import Any


class Recorder:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def start(self) -> None:
        """Start the agent as its documentation says, in a program that its command does not start. Before flask."""

    def listen(self) -> None:
        """Put `hear` where the agent's sender is."""

    def instrument(self, app: Any) -> None:
        """Then, tell it of the application."""

    def flush(self) -> None:
        """Have the agent hand over what it still holds."""

    def hear(self, record: Any) -> None:
        self.heard.append(json.loads(json.dumps(record, default=repr)))

    def take(self) -> list[Any]:
        """What was recorded since the last call."""
        self.flush()
        heard, self.heard = self.heard, []
        return heard


class OpenTelemetry(Recorder):
    def listen(self) -> None:
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter

        recorder = self

        class Exporter(SpanExporter):
            def export(self, spans: Any) -> None:
                for span in spans:
                    events = [[event.name, (event.attributes or {}).get("exception.type")] for event in span.events]
                    told = {key: value for key, value in span.attributes.items() if "port" not in key}
                    recorder.hear([span.name, span.kind.name, span.status.status_code.name, told, events])

        if not isinstance(trace.get_tracer_provider(), TracerProvider):
            trace.set_tracer_provider(TracerProvider())
        trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(Exporter()))

    def instrument(self, app: Any) -> None:
        from opentelemetry.instrumentation.flask import FlaskInstrumentor

        FlaskInstrumentor().instrument_app(app)


class Sentry(Recorder):
    def start(self, **options: Any) -> None:
        import sentry_sdk
        from sentry_sdk.transport import Transport

        recorder = self

        class Recording(Transport):
            def capture_envelope(self, envelope: Any) -> None:
                for item in envelope.items:
                    event = item.get_event() or item.get_transaction_event()
                    if event is not None:
                        recorder.hear(recorder.shown(event))

        sentry_sdk.init("http://key@localhost/1", transport=Recording, traces_sample_rate=1.0, **options)

    @staticmethod
    def shown(event: dict[str, Any]) -> list[Any]:
        errors = [
            [
                error["type"],
                error["value"],
                error.get("mechanism"),
                # The framework's own frames differ, and none of them is the application's.
                [[frame["function"], frame.get("context_line")] for frame in frames(error) if frame.get("in_app")],
                all(frame.get("context_line") and frame["abs_path"].startswith("/") for frame in frames(error)),
            ]
            for error in event.get("exception", {}).get("values", [])
        ]
        spans = [[span.get("op"), span.get("description")] for span in event.get("spans", [])]
        trace = event.get("contexts", {}).get("trace", {})
        request = event.get("request", {})
        told = [event.get(key) for key in ("type", "transaction", "transaction_info")]
        return [*told, request.get("url"), request.get("method"), trace.get("op"), trace.get("status"), spans, errors]


def frames(error: dict[str, Any]) -> list[dict[str, Any]]:
    return list((error.get("stacktrace") or {}).get("frames", []))


class NewRelic(Recorder):
    CHANGING = ("wsgi.output.seconds", "thread.concurrency", "process.id")

    def start(self) -> None:
        import newrelic.agent

        newrelic.agent.initialize()

    def listen(self) -> None:
        from newrelic.core.application import Application

        take = Application.record_transaction

        def record_transaction(application: Any, data: Any) -> Any:
            self.hear(
                [
                    data.type,
                    data.path,
                    {key: value for key, value in attributes(data.agent_attributes) if key not in self.CHANGING},
                    [[error.type, error.message] for error in data.errors],
                    self.traces(data.root),
                ]
            )
            return take(application, data)

        Application.record_transaction = record_transaction
        import newrelic.agent

        newrelic.agent.register_application(timeout=10.0)

    def traces(self, node: Any) -> list[Any]:
        # The object that answers and is closed has a class of each framework's own.
        children = [child for child in node.children if not getattr(child, "name", "").endswith("Iterator.close")]
        return [[str(getattr(child, "name", "")), self.traces(child)] for child in children]


def attributes(found: Any) -> list[tuple[str, Any]]:
    pairs = found.items() if hasattr(found, "items") else [(one.name, one.value) for one in found]
    return sorted((str(name), value) for name, value in pairs)


class Datadog(Recorder):
    def start(self) -> None:
        import ddtrace

        ddtrace.patch(flask=True)

    def listen(self) -> None:
        from ddtrace.trace import TraceFilter, tracer

        recorder = self

        class Recording(TraceFilter):
            def process_trace(self, trace: Any) -> None:
                names = {span.span_id: span.name for span in trace}
                for span in trace:
                    tags = {key: value for key, value in dict(span.get_tags()).items() if not key.startswith("_dd.")}
                    for changing in ("runtime-id", "error.stack", "language"):
                        tags.pop(changing, None)
                    recorder.hear([span.name, span.resource, names.get(span.parent_id), span.error, tags])

        tracer.configure(trace_processors=[Recording()])


class Elastic(Recorder):
    def listen(self) -> None:
        from elasticapm.transport.base import Transport

        def queue(transport: Any, kind: str, data: dict[str, Any], flush: bool = False) -> None:
            if kind == "transaction":
                told = [data.get(key) for key in ("name", "type", "result", "outcome")]
                self.hear([kind, *told, data.get("context", {}).get("request", {}).get("url", {}).get("full")])
            elif kind == "span":
                self.hear([kind, data.get("name"), data.get("type")])
            elif kind == "error":
                error = data.get("exception", {})
                shown = [
                    [frame.get("function"), frame.get("context_line")]
                    for frame in error.get("stacktrace", [])
                    if not frame.get("library_frame")
                ]
                self.hear([kind, data.get("culprit"), error.get("type"), error.get("message"), shown])

        Transport.queue = queue
        Transport.start_thread = lambda transport, pid=None: None

    def instrument(self, app: Any) -> None:
        from elasticapm.contrib.flask import ElasticAPM

        ElasticAPM(app, service_name="shop")


class Scout(Recorder):
    MEASURED = {"mem_delta", "allocations", "start_allocations", "stop_allocations"}

    def listen(self) -> None:
        from scout_apm.core.agent.manager import CoreAgentManager
        from scout_apm.core.agent.socket import CoreAgentSocketThread
        from scout_apm.core.error_service import ErrorServiceThread

        CoreAgentManager.launch = lambda manager: False
        CoreAgentSocketThread.send = classmethod(lambda cls, command: self.hear_command(command.message()))
        ErrorServiceThread.send = classmethod(lambda cls, error: self.hear_error(error))

    def hear_command(self, message: dict[str, Any]) -> None:
        for one in message.get("BatchCommand", {}).get("commands", []):
            for kind, fields in one.items():
                keys = ("operation", "tag", "value")
                told = [fields[key] for key in keys if key in fields]
                if not self.MEASURED & set(map(str, told)):
                    self.hear([kind, *told])

    def hear_error(self, error: dict[str, Any]) -> None:
        keys = ("exception_class", "message", "request_uri", "request_params", "request_components")
        self.hear([error.get(key) for key in keys])

    def instrument(self, app: Any) -> None:
        from scout_apm.flask import ScoutApm

        app.config.update(SCOUT_MONITOR=True, SCOUT_KEY="key", SCOUT_NAME="shop", SCOUT_ERRORS_ENABLED=True)
        ScoutApm(app)


RECORDERS: dict[str, type[Recorder]] = {
    "opentelemetry": OpenTelemetry,
    "sentry": Sentry,
    "newrelic": NewRelic,
    "ddtrace": Datadog,
    "elasticapm": Elastic,
    "scout": Scout,
}
