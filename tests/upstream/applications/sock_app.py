"""Flask-Sock: a websocket that echoes."""

from flask import Flask, request
from flask_sock import Sock

app = Flask(__name__)
sock = Sock(app)


@app.route("/")
def index():
    return "plain"


@sock.route("/echo/<word>")
def echo(ws, word):
    while True:
        ws.send(f"{word} {request.path} {ws.receive()}")
