wrk.method = "POST"
wrk.body = "name=Ada+Lovelace&city=London&message=A+few+words+of+text"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
