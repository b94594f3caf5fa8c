// Bundles the front end: `npm run build` writes explorer/instrument/bundle, which is committed, so that who installs
// the explorer needs no Node; with --check it compares what it would write with what is there.
//
// The server lays these files over those of explorer/instrument/web, at the same addresses. All pages share one module,
// for in Streamlit they are one document, and one engine serves them all. What is vendored stays a file of its own, served
// as it was published, and most of it is fetched only when it is needed; kdbush alone is small, and needed by each map.

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const WEB = join(ROOT, "explorer", "instrument", "web");
const BUNDLE = join(ROOT, "explorer", "instrument", "bundle");

const PAGE = "explorer.js";
const STYLES = "styles.css";
const ENTRIES = [PAGE, "engine/decoder-worker.js", "engine/evidence-worker.js", STYLES, "static.css"];

/** Of what is vendored, what is a part of the bundle. */
const BUNDLED = "/kdbush.js";

/** @type {esbuild.Plugin} keeps what else is vendored outside, at the address at which it is served */
const vendored = {
  name: "vendored",
  setup(build) {
    build.onResolve({ filter: /\/vendor\// }, ({ path }) =>
      path.endsWith(BUNDLED) ? null : { path: path.replace(/^.*\/vendor\//, "./vendor/"), external: true },
    );
  },
};

/** @returns {Promise<Map<string, Uint8Array>>} what belongs into the bundle's folder, by name */
async function made() {
  const { outputFiles } = await esbuild.build({
    entryPoints: ENTRIES.map((name) => join(WEB, name)),
    outbase: WEB,
    outdir: BUNDLE,
    bundle: true,
    format: "esm",
    target: ["chrome123", "firefox120", "safari17.5"],
    minify: true,
    charset: "utf8",
    legalComments: "inline",
    plugins: [vendored],
    write: false,
    logLevel: "warning",
  });
  const files = outputFiles.map(({ path, contents }) => /** @type {const} */ ([named(path), contents]));
  return new Map([...files, ["preloads.json", await preloads()]]);
}

/** @param {string} path @returns {string} from the bundle's folder, with slashes */
const named = (path) => relative(BUNDLE, path).split(sep).join("/");

/** What the first image needs, for the page that fetches it before it is asked for. */
async function preloads() {
  const packages = JSON.parse(await readFile(join(WEB, "vendor", "VENDOR.json"), "utf8"));
  const engine = packages.find((entry) => entry.package === "onnxruntime-web").files;
  const address = ({ shipped }) => `vendor/${shipped.replace(/\.gz$/, "")}`;
  const list = {
    modules: [PAGE, ...engine.map(address).filter((path) => path.endsWith(".mjs"))],
    styles: [STYLES],
    fetched: engine.map(address).filter((path) => path.endsWith(".wasm")),
  };
  return new TextEncoder().encode(`${JSON.stringify(list, null, 2)}\n`);
}

const files = await made();
if (process.argv.includes("--check")) {
  for (const [name, contents] of files) {
    const there = await readFile(join(BUNDLE, name)).catch(() => null);
    if (there === null || Buffer.compare(there, contents) !== 0) {
      console.error(`explorer/instrument/bundle/${name} is not what its sources make: run \`npm run build\`.`);
      process.exitCode = 1;
    }
  }
} else {
  await rm(BUNDLE, { recursive: true, force: true });
  for (const [name, contents] of files) {
    await mkdir(dirname(join(BUNDLE, name)), { recursive: true });
    await writeFile(join(BUNDLE, name), contents);
  }
}
