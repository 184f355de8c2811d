// Runs an application of the reader's on bolthead's pure build, without a server: its test client asks.
import { loadPyodide } from "./live/pyodide.mjs";

const HARNESS = `
import os, sys, traceback, types
os.environ["BOLTHEAD_PURE"] = "1"
sys.path.insert(0, "/site")
from bolthead import Flask

last = (None, None)

def answer(code, method, path, form):
    global last
    try:
        if last[0] != code:
            module = types.ModuleType("app")
            module.__file__ = "/home/pyodide/app.py"
            sys.modules["app"] = module
            exec(compile(code, "app.py", "exec"), vars(module))
            apps = [value for value in vars(module).values() if type(value).__mro__.count(Flask)]
            if not apps:
                return {"error": "There is no application: make one with Flask(__name__)."}
            last = (code, apps[0].test_client())
        kind = "application/x-www-form-urlencoded" if form else None
        response = last[1].open(path, method=method, data=form.encode() if form else None, content_type=kind)
        headers = "\\n".join(f"{name}: {value}" for name, value in response.headers)
        return {"status": response.status, "headers": headers, "body": response.get_data(as_text=True)}
    except Exception:
        return {"error": traceback.format_exc()}
`;

async function load() {
  const python = await loadPyodide({ indexURL: new URL("./live/", import.meta.url).href });
  const archive = await fetch(new URL("./live/site.zip", import.meta.url));
  python.unpackArchive(await archive.arrayBuffer(), "zip", { extractDir: "/site" });
  python.runPython(HARNESS);
  return python.globals.get("answer");
}

const ready = load();

addEventListener("message", async ({ data }) => {
  try {
    const answer = await ready;
    const found = answer(data.code, data.method, data.path, data.form);
    postMessage({ id: data.id, ...found.toJs({ dict_converter: Object.fromEntries }) });
  } catch (error) {
    postMessage({ id: data.id, error: String(error) });
  }
});
