// Runs a Python file inside Pyodide: node run.mjs PYODIDE_FOLDER REPOSITORY SITE_PACKAGES FILE [ARGUMENTS]
// The two folders are mounted under their own names; the exit code is what the file gave to sys.exit.
import { createRequire } from "node:module";
import process from "node:process";

const [home, root, site, file, ...rest] = process.argv.slice(2);
const started = performance.now();
const { loadPyodide } = createRequire(`${home}/package.json`)("pyodide");
const python = await loadPyodide({
  env: { HOME: "/home/pyodide", PYTHONPATH: `${site}:${root}/tests:${root}`, BOLTHEAD_NO_EXT: "1", PYTHONDONTWRITEBYTECODE: "1",
    PYTEST_DISABLE_PLUGIN_AUTOLOAD: "1" },  // plugins with a compiled part do not load
});
for (const folder of [root, site]) {
  python.FS.mkdirTree(folder);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, folder);
}
python.globals.set("started", (performance.now() - started) / 1000);
python.globals.set("file", file);
python.globals.set("arguments", python.toPy(rest));
python.globals.set("root", root);
try {
  process.exitCode = await python.runPythonAsync(`
import os, runpy, sys
sys.path_importer_cache.clear()  # the folders were looked for before they were mounted
os.chdir(root)
sys.argv = [file, *arguments]
try:
    runpy.run_path(file, {"STARTED": started}, "__main__")
    code = 0
except SystemExit as left:
    code = left.code if isinstance(left.code, int) else 0 if left.code is None else 1
code
`);
} catch (error) {
  console.error(String(error.message ?? error).slice(-4000));
  process.exitCode = 70;
}
