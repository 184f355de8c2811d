"""Flask-SocketIO, under the server that it starts by itself."""

import sys

from flask import Flask, request, session
from flask_socketio import SocketIO, emit

app = Flask(__name__)
app.secret_key = "not for production"
socketio = SocketIO(app, async_mode="threading")


@app.route("/")
def index():
    session["seen"] = "index"
    return "plain"


@socketio.on("say")
def say(text):
    session["said"] = session.get("said", 0) + 1
    emit("said", {"text": text, "namespace": request.namespace, "count": session["said"]})


if __name__ == "__main__":
    socketio.run(app, port=int(sys.argv[1]), allow_unsafe_werkzeug=True)
