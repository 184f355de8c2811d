"""What speaks websocket to the applications: run in their environment, prints what it heard."""

import sys


def sock(port: str) -> None:
    from simple_websocket import Client

    client = Client(f"ws://127.0.0.1:{port}/echo/heard")
    for word in ("one", "two"):
        client.send(word)
        print(client.receive(timeout=10))
    client.close()


def socketio(port: str) -> None:
    import socketio as sio

    for transport in ("websocket", "polling"):
        with sio.SimpleClient() as client:
            client.connect(f"http://127.0.0.1:{port}", transports=[transport])
            for word in ("one", "two"):
                client.emit("say", word)
                print(transport, *client.receive(timeout=10))


{"sock": sock, "socketio": socketio}[sys.argv[1]](sys.argv[2])
