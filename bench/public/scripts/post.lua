wrk.method = "POST"
wrk.headers["Content-Type"] = "text/plain"
wrk.body = ""
