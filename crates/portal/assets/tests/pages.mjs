// Looks at the portal's pages in headless Chromium: axe at phone and desktop
// width, light and dark; no script errors; nothing the content security policy
// refused. Signs in as each demo account by its button. Before that somebody brings
// files into a room (bringing.mjs) and rooms of other kinds are made (rooms.mjs); then
// somebody works on a desktop (desktop.mjs) and in a notebook (notebook.mjs).
//
//   node pages.mjs [--base URL] [--program PATH] [--shots FOLDER]
//
// Without --base it runs `helserom demo` in a folder of its own, waits for the
// portal, and ends it afterwards.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { bringFiles } from "./bringing.mjs";
import { tryDesktop } from "./desktop.mjs";
import { tryNotebook } from "./notebook.mjs";
import { firstRoom, makeRooms } from "./rooms.mjs";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const here = dirname(fileURLToPath(import.meta.url));
const repository = join(here, "../../../..");

const options = { base: "", program: "", shots: "" };
for (let i = 2; i < process.argv.length; i += 2) {
  const name = process.argv[i].replace(/^--/, "");
  if (!(name in options) || process.argv[i + 1] === undefined) {
    console.error(`\`${process.argv[i]}\`: use --base URL, --program PATH, --shots FOLDER`);
    process.exit(2);
  }
  options[name] = process.argv[i + 1];
}

const ROLES = ["researcher", "holder-population", "caseworker", "checker", "auditor", "operator"];
const VIEWS = [
  { name: "phone-light", width: 390, height: 844, scheme: "light" },
  { name: "phone-dark", width: 390, height: 844, scheme: "dark" },
  { name: "desktop-light", width: 1280, height: 900, scheme: "light" },
  { name: "desktop-dark", width: 1280, height: 900, scheme: "dark" },
];
// Rules of WCAG 2.2 A and AA, and what axe calls best practice.
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const GRAVE = new Set(["serious", "critical"]);

let passed = 0;
let failed = 0;
const fail = (what) => {
  failed += 1;
  console.log(`FAILED  ${what}`);
};

// One of each kind: ids and numbers do not make another page.
const pattern = (path) =>
  path
    .split("?")[0]
    .split("/")
    .map((part) => (/^[a-z]+-[0-9a-z]{10}$/.test(part) || /^[0-9]+$/.test(part) ? "*" : part))
    .join("/");

// What is in a file, or how a room stands, decides how its page looks: each of them is
// looked at.
const EACH = /^\/(outputs\/output|ingresses\/ingress|rooms\/room)-[^/]*$/;
const kindOf = (path) => (EACH.test(path) ? path : pattern(path));

// Pages that say something else to each role: each is looked at as each of them.
const OF_EACH_ROLE = ["/work", "/applications/*", "/permits/*", "/rooms/*", "/outputs/*", "/ingresses/*"];

async function startDemo() {
  const program =
    options.program ||
    ["debug", "release"]
      .map((profile) => join(repository, "target", profile, "helserom"))
      .find((path) => existsSync(path));
  if (!program) throw new Error("no helserom program was built: give --program or --base");
  const folder = mkdtempSync(join(tmpdir(), "helserom-pages-"));
  const address = "127.0.0.1:8431";
  const child = spawn(
    program,
    ["demo", "--no-browser", "--listen", address, "--data", join(folder, "data")],
    { cwd: repository, stdio: ["ignore", "ignore", "inherit"] },
  );
  const stop = async () => {
    if (child.exitCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const base = `http://${address}`;
  for (let waited = 0; waited < 300; waited += 1) {
    if (child.exitCode !== null) throw new Error(`helserom demo ended with ${child.exitCode}`);
    try {
      if ((await fetch(`${base}/readyz`)).ok) return { base, stop };
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  await stop();
  throw new Error("the portal did not open within five minutes");
}

async function look(page, base, path, view, who) {
  const what = `${view.name} ${who} ${path}`;
  const refused = [];
  const listen = (message) => {
    if (message.type() === "error") refused.push(message.text());
  };
  page.on("console", listen);
  page.on("pageerror", listen);
  try {
    const answer = await page.goto(base + path, { waitUntil: "load" });
    if (!answer.ok()) {
      fail(`${what}: answers ${answer.status()}`);
      return [];
    }
    await page.evaluate(axe);
    const found = await page.evaluate(
      (rules) =>
        globalThis.axe.run(document, {
          runOnly: { type: "tag", values: rules },
          resultTypes: ["violations"],
        }),
      RULES,
    );
    const grave = found.violations.filter((violation) => GRAVE.has(violation.impact));
    const sideways = await page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1,
    );
    for (const violation of grave) {
      const at = violation.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ");
      fail(`${what}: ${violation.id} (${violation.impact}): ${violation.help}: ${at}`);
    }
    for (const error of refused) fail(`${what}: ${error}`);
    if (sideways) fail(`${what}: the page is wider than the screen`);
    if (grave.length === 0 && refused.length === 0 && !sideways) passed += 1;
    if (options.shots) {
      const name = `${view.name}-${who}${path.replaceAll(/[^a-z0-9]+/gi, "_")}.png`;
      await page.screenshot({ path: join(options.shots, name), fullPage: true });
    }
    return await page.$$eval("a[href^='/']", (links) => links.map((a) => a.getAttribute("href")));
  } finally {
    page.off("console", listen);
    page.off("pageerror", listen);
  }
}

async function signIn(page, base, role) {
  await page.goto(`${base}/sign-in`);
  const button = page.locator(`button[name=account][value="${role}"]`);
  if ((await button.count()) === 0) return false;
  await button.click();
  await page.waitForLoadState("load");
  return new URL(page.url()).pathname === "/work";
}

// What each role is shown: found by following links, one of each kind.
async function walk(browser, base) {
  const found = [];
  const seen = new Set();
  for (const who of ["visitor", ...ROLES]) {
    const context = await browser.newContext({ locale: "nb-NO" });
    const page = await context.newPage();
    if (who !== "visitor" && !(await signIn(page, base, who))) {
      fail(`${who} cannot sign in with one click`);
      await context.close();
      continue;
    }
    const waiting = who === "visitor" ? ["/", "/sign-in"] : ["/work", "/account"];
    const walked = new Set();
    while (waiting.length > 0) {
      const path = waiting.shift();
      const kind = kindOf(path);
      if (walked.has(kind)) continue;
      walked.add(kind);
      const answer = await page.request.get(base + path, { maxRedirects: 0 });
      if (answer.status() !== 200 || !answer.headers()["content-type"]?.startsWith("text/html")) {
        walked.delete(kind);
        continue;
      }
      const key = who === "visitor" || OF_EACH_ROLE.includes(pattern(path)) ? `${who} ${kind}` : kind;
      if (!seen.has(key)) found.push({ who, path });
      seen.add(key);
      await page.goto(base + path);
      for (const href of await page.$$eval("a[href^='/']", (as) =>
        as.map((a) => a.getAttribute("href")),
      )) {
        const plain = href.split(/[?#]/)[0];
        if (!plain.startsWith("/assets/")) waiting.push(plain);
      }
    }
    await context.close();
  }
  return found;
}

async function main() {
  const demo = options.base ? { base: options.base, stop: async () => {} } : await startDemo();
  if (options.shots) mkdirSync(options.shots, { recursive: true });
  const profile = mkdtempSync(join(tmpdir(), "helserom-chromium-"));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    env: { ...process.env, HOME: profile },
  });
  try {
    const check = (good, what) => {
      if (good) passed += 1;
      else fail(what);
    };
    await bringFiles(browser, demo.base, signIn, check);
    const room = await firstRoom(browser, demo.base, signIn);
    await makeRooms(browser, demo.base, signIn, room, check);
    const pages = await walk(browser, demo.base);
    for (const view of VIEWS) {
      const contexts = new Map();
      for (const { who, path } of pages) {
        let page = contexts.get(who);
        if (!page) {
          const context = await browser.newContext({
            viewport: { width: view.width, height: view.height },
            colorScheme: view.scheme,
            locale: view.scheme === "dark" ? "en-GB" : "nb-NO",
            reducedMotion: "reduce",
          });
          page = await context.newPage();
          if (who !== "visitor") await signIn(page, demo.base, who);
          contexts.set(who, page);
        }
        await look(page, demo.base, path, view, who);
      }
      for (const page of contexts.values()) await page.context().close();
    }
    await tryDesktop(browser, demo.base, signIn, room, options.shots, check);
    await tryNotebook(browser, demo.base, signIn, `/rooms/${room}`, options.shots, check);
    if (pages.length < 15) fail(`only ${pages.length} pages were found`);
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
    await demo.stop();
  }
}

try {
  await main();
} catch (error) {
  fail(String(error?.stack ?? error));
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
