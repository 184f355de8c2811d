// Blocks of Python that can be edited and run in the page; see _ext/live.py. Python itself is loaded at the first use.
const here = new URL(".", document.currentScript.src);
let worker = null;
let asked = 0;
const waiting = new Map();

function ask(question) {
  if (worker === null) {
    worker = new Worker(new URL("live-worker.mjs", here), { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      waiting.get(data.id)?.(data);
      waiting.delete(data.id);
    });
    worker.addEventListener("error", (event) => {
      for (const answer of waiting.values()) answer({ error: `Python could not be loaded: ${event.message}` });
      waiting.clear();
    });
  }
  const id = ++asked;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    worker.postMessage({ id, ...question });
  });
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function labelled(text, field) {
  return element("label", {}, element("span", { textContent: text }), field);
}

function show(result, answer) {
  result.replaceChildren();
  if (answer.error) {
    result.append(element("pre", { className: "live-error", textContent: answer.error, tabIndex: 0 }));
    return;
  }
  result.append(
    element("p", { className: "live-status", textContent: answer.status }),
    element("pre", { className: "live-headers", textContent: answer.headers, tabIndex: 0 }),
    element("pre", { className: "live-body", textContent: answer.body, tabIndex: 0 }),
  );
}

function open(box, button) {
  const block = box.querySelector(".live");
  const source = block.querySelector("pre").textContent.replace(/\n$/, "");
  const code = element("textarea", { value: source, spellcheck: false, rows: source.split("\n").length + 1 });
  const method = element("select", {}, ...["GET", "POST", "PUT", "DELETE"].map((name) => element("option", { textContent: name })));
  method.value = box.dataset.method;
  const path = element("input", { value: box.dataset.path });
  const fields = element("input", { value: box.dataset.form, placeholder: "name=ada&age=36" });
  const send = element("button", { textContent: "Send", type: "submit" });
  const result = element("div", { className: "live-result", role: "status" });
  const form = element(
    "form",
    { className: "live-form" },
    labelled("The application", code),
    element("div", { className: "live-row" }, labelled("Method", method), labelled("Path", path), labelled("Form", fields), send),
    result,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    result.textContent = worker === null ? "Loading Python, some 13 MB, once…" : "…";
    show(result, await ask({ code: code.value, method: method.value, path: path.value, form: fields.value }));
    send.disabled = false;
  });
  block.hidden = true;
  button.replaceWith(form);
  form.requestSubmit();
}

for (const box of document.querySelectorAll(".live-box")) {
  const button = element("button", { className: "live-open", type: "button", textContent: "Edit and run it here" });
  button.addEventListener("click", () => open(box, button));
  box.append(button);
}
