"use strict";

/* New messages, by websocket. Without one the form is an ordinary one. */

const log = document.querySelector("#log[data-room]");
if (log) room(log, document.querySelector("#say"), document.querySelector("#connection"));

function room(log, form, state) {
  let socket;
  let pause = 500;
  log.scrollTop = log.scrollHeight;

  function tell(name, text) {
    state.dataset.state = name;
    state.textContent = text;
  }

  function show(message) {
    const item = document.createElement("article");
    const author = document.createElement("b");
    const text = document.createElement("p");
    item.dataset.id = message.id;
    item.classList.toggle("own", message.author === log.dataset.user);
    author.textContent = message.author;
    text.textContent = message.text;
    item.append(author, text);
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 50;
    log.append(item);
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  function connect() {
    const address = new URL(log.dataset.room, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.searchParams.set("since", log.lastElementChild?.dataset.id ?? 0);
    socket = new WebSocket(address);
    socket.onopen = () => {
      pause = 500;
      tell("on", "live");
    };
    socket.onmessage = (event) => show(JSON.parse(event.data));
    socket.onclose = () => {
      tell("wait", "connecting again");
      setTimeout(connect, pause);
      pause = Math.min(pause * 2, 30000);
    };
  }

  form.addEventListener("submit", (event) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    event.preventDefault();
    socket.send(form.elements.text.value);
    form.reset();
  });
  connect();
}

/* The progress of reports, by server-sent events. The browser connects again by itself. */

for (const report of document.querySelectorAll("[data-events]")) {
  const events = new EventSource(report.dataset.events);
  events.onmessage = (event) => {
    const { percent, result } = JSON.parse(event.data);
    report.querySelector("progress").value = percent;
    report.querySelector(".state").textContent = result ?? `${percent} %`;
    if (result !== null) events.close();
  };
}
