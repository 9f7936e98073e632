// Puts what the portal embeds into dist/: designsystemet's style sheet, the Inter
// font, and noVNC, which shows the desktops of rooms. The style sheet carries its icons as `data:` addresses, which the
// portal's content security policy does not let in; each becomes a file.
//
// Run after `npm ci --ignore-scripts`. The same packages give the same bytes.

import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "node_modules");
const dist = join(here, "dist");

for (const name of readdirSync(dist)) {
  if (name !== ".gitkeep") rmSync(join(dist, name), { recursive: true });
}
mkdirSync(join(dist, "icons"));

const icons = new Map();
function icon(svg) {
  const name = createHash("sha256").update(svg).digest("hex").slice(0, 12) + ".svg";
  icons.set(name, svg);
  return `url("icons/${name}")`;
}

const style = readFileSync(
  join(packages, "@digdir/designsystemet-css/dist/src/index.css"),
  "utf8",
).replace(
  /url\((["']?)data:image\/svg\+xml;charset=utf-8,(.*?)\1\)/gs,
  (_, quote, body) => {
    const svg = decodeURIComponent(body.replaceAll(`\\${quote}`, quote));
    if (!svg.startsWith("<svg") || !svg.endsWith("</svg>")) {
      throw new Error(`an icon was cut wrong: ${svg.slice(0, 80)}`);
    }
    return icon(svg);
  },
);
if (style.includes("data:")) throw new Error("a data: address is left in the style sheet");
writeFileSync(join(dist, "designsystemet.css"), style);
for (const [name, svg] of icons) writeFileSync(join(dist, "icons", name), svg);

const inter = join(packages, "@fontsource-variable/inter/files");
const font = readFileSync(join(inter, "inter-latin-wght-normal.woff2"));
writeFileSync(join(dist, "inter-latin.woff2"), font);

// As they are: browsers take modules in one by one.
for (const part of ["core", "vendor/pako"]) {
  cpSync(join(packages, "@novnc/novnc", part), join(dist, "novnc", part), { recursive: true });
}

for (const [name, path] of [
  ["novnc/LICENSE.txt", "@novnc/novnc/LICENSE.txt"],
  ["designsystemet-LICENSE.txt", "@digdir/designsystemet-css/LICENSE"],
  ["inter-LICENSE.txt", "@fontsource-variable/inter/LICENSE"],
]) {
  writeFileSync(join(dist, name), readFileSync(join(packages, path)));
}

console.log(`assets: designsystemet.css, ${icons.size} icons, 1 font, novnc`);
