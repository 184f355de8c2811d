"""A gunicorn deployment that takes bolthead's worker; `bolthead serve --config` reads such a file too."""

bind = ["0.0.0.0:8000"]
workers = 4
threads = 8
worker_class = "bolthead.serving.Worker"
worker_connections = 10_000
keepalive = 75
graceful_timeout = 30
max_requests = 50_000
max_requests_jitter = 5_000
accesslog = "-"


def post_fork(server, worker):
    server.log.info("A worker starts: %s", worker.pid)
