// Bundles assets/ into clinic/static/dist with hashed names, and writes manifest.json beside them:
// plain name -> hashed name, which clinic/web/assets.py reads. `node build.mjs --watch` rebuilds on change.
import { readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, context } from "esbuild";

const OUT = "clinic/static/dist";
const CELLS_OF_A_DAY = 288; // five minutes each, as in clinic/scheduling/grid.py
const BROWSERS = ["chrome109", "edge109", "firefox115", "safari15.6"];

const ENTRIES = [
  { in: "assets/css/site.css", out: "site" },
  { in: "assets/css/desk.css", out: "desk" },
  { in: "assets/js/site.js", out: "site" },
  { in: "assets/js/desk.js", out: "desk" },
  { in: "assets/js/passkeys.js", out: "passkeys" },
  { in: "assets/js/locked.js", out: "locked" },
  { in: "assets/js/framed.js", out: "framed" },
  { in: "assets/js/website.js", out: "website" },
  { in: "assets/svg/icons.svg", out: "icons" },
  { in: "assets/svg/findings.svg", out: "findings" },
  { in: "assets/svg/favicon.svg", out: "favicon" },
  // Drawn once from favicon.svg, for systems that take no SVG.
  { in: "assets/png/icon-180.png", out: "icon-180" },
  { in: "assets/png/icon-192.png", out: "icon-192" },
  { in: "assets/png/icon-512.png", out: "icon-512" },
  { in: "assets/png/icon-maskable-512.png", out: "icon-maskable-512" },
];

// Tokens are written once, as light-dark(light, dark). Browsers older than 2024 do not know that function and would
// drop every colour, so the pairs are spread into a light block and two dark ones: by system, and by <html data-theme>.
function spreadThemes(css) {
  const dark = [];
  const light = css.replace(/(--[\w-]+): *light-dark\(([^;]+), ([^,;]+)\);/g, (_, name, day, night) => {
    dark.push(`${name}: ${night};`);
    return `${name}: ${day};`;
  });
  if (/: *light-dark\(/.test(light)) throw new Error("tokens.css: a light-dark() pair was not understood");
  const night = `color-scheme: dark; ${dark.join(" ")}`;
  return `${light}
@media screen and (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { ${night} } }
@media screen { :root[data-theme="dark"] { ${night} } }`;
}

// The policy of the pages forbids style attributes, so a place in the day is a class: .at-N starts, .for-N lasts.
function calendarRows() {
  const rows = [];
  for (let cell = 0; cell < CELLS_OF_A_DAY; cell++) {
    rows.push(`.at-${cell}{grid-row-start:${cell + 1}}`, `.for-${cell + 1}{grid-row-end:span ${cell + 1}}`);
  }
  return rows.join("");
}

// Letters that arrive late must not move what somebody reads: a first visit on a slow line keeps the system's letters, and every
// later page has ours (`font-display: optional`). The package's own rule would exchange them on the open page.
const LATE_LETTERS = "font-display: swap";

function lettersInTime(css) {
  if (!css.includes(LATE_LETTERS)) throw new Error("the font package no longer says how its letters arrive; see lettersInTime");
  return css.replaceAll(LATE_LETTERS, "font-display: optional");
}

const writtenStyles = {
  name: "written-styles",
  setup(plugin) {
    plugin.onLoad({ filter: /fontsource-variable.*\.css$/ }, async ({ path }) => ({
      contents: lettersInTime(await readFile(path, "utf8")),
      loader: "css",
    }));
    plugin.onLoad({ filter: /assets[\\/]css[\\/]tokens\.css$/ }, async ({ path }) => ({
      contents: spreadThemes(await readFile(path, "utf8")),
      loader: "css",
    }));
    plugin.onResolve({ filter: /^calendar-rows$/ }, () => ({ path: "calendar-rows", namespace: "written" }));
    plugin.onLoad({ filter: /.*/, namespace: "written" }, () => ({ contents: calendarRows(), loader: "css" }));
  },
};

function manifestOf(metafile) {
  const names = {};
  for (const [path, { entryPoint, inputs }] of Object.entries(metafile.outputs)) {
    const source = entryPoint ?? Object.keys(inputs)[0];
    if (source && !path.endsWith(".map")) names[basename(source)] = basename(path);
  }
  return names;
}

// Text is packed once here, not at each request; fonts and pictures are packed already.
async function pack(name) {
  const file = `${name}.gz`;
  if (!/\.(woff2|png)$/.test(name)) await writeFile(join(OUT, file), gzipSync(await readFile(join(OUT, name)), { level: 9 }));
  return file;
}

// The manifest changes last, in one step, and only then do the old files go: a running server never names a missing one.
async function publish(names) {
  const packed = await Promise.all(Object.values(names).map(pack));
  const sorted = Object.fromEntries(Object.entries(names).sort());
  const draft = join(OUT, "manifest.json.new");
  await writeFile(draft, `${JSON.stringify(sorted, null, 2)}\n`);
  await rename(draft, join(OUT, "manifest.json"));
  const kept = new Set([...Object.values(names), ...packed, "manifest.json"]);
  for (const file of await readdir(OUT)) {
    if (!kept.has(file)) await rm(join(OUT, file), { recursive: true });
  }
}

const publishing = {
  name: "publishing",
  setup(plugin) {
    plugin.onEnd(async ({ errors, metafile }) => {
      if (errors.length === 0) await publish(manifestOf(metafile));
    });
  },
};

const options = {
  entryPoints: ENTRIES,
  outdir: OUT,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  metafile: true,
  format: "esm",
  target: BROWSERS,
  loader: { ".svg": "copy", ".png": "copy", ".woff2": "file" },
  legalComments: "none",
  logLevel: "info",
  plugins: [writtenStyles, publishing],
};

if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
} else {
  // esbuild has already said on the terminal what is wrong and where.
  await build(options).catch(() => process.exit(1));
}
