// Looks at the portal's pages in headless Chromium: axe at phone and desktop
// width, light and dark, in each language; forms that are refused; no script errors;
// nothing the content security policy refused; and once with scripts switched off.
// Signs in as each demo account by its button. Before that somebody brings files into a
// room (bringing.mjs) and one of each state is made in which a page waits for somebody
// (states.mjs); then somebody works on a desktop (desktop.mjs) and in a notebook
// (notebook.mjs).
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
import { lookAtBlind } from "./rooms.mjs";
import { endRuns, makeStates } from "./states.mjs";
import { kindOf, lookWithoutScripts, refusals, walk } from "./walk.mjs";

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

const VIEWS = [
  { name: "phone-light", width: 390, height: 844, scheme: "light" },
  { name: "desktop-dark", width: 1280, height: 900, scheme: "dark" },
  { name: "phone-dark", width: 390, height: 844, scheme: "dark" },
  { name: "desktop-light", width: 1280, height: 900, scheme: "light" },
];
// In turn from page to page and from view to view: every page is seen in each of them,
// and each of them at both widths, in light and in dark.
const LANGUAGES = ["nb", "da", "en"];
// Rules of WCAG 2.2 A and AA, and what axe calls best practice.
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const GRAVE = new Set(["serious", "critical"]);

// Pages on which somebody decides or does something. That they are found is part of what
// is checked: a state that is no longer made would leave them unseen.
const WANTED = [
  "/basket",
  "/applications/*/edit",
  "/register/*",
  "/rooms/*/file?name=csv",
  "/rooms/*/file?name=svg",
  "/rooms/*/file?name=json",
  "/rooms/*/outputs?file=csv",
  "/rooms/*/packing",
  "/rooms/*/versions",
  "/rooms/*/versions?file=md",
  "/rooms/*/journal/*",
  "/rooms/*/ingresses",
  "/rooms/*/packages",
  "/sources/*/deliveries/*",
];
// What can be done on them.
const FORMS = [
  "/applications/*/comments",
  "/applications/*/decision",
  "/applications/*/edit",
  "/applications/*/review",
  "/applications/*/withdrawal",
  "/applications/new",
  "/basket",
  "/ingresses/*/decision",
  "/outputs/*/decision",
  "/outputs/*/mend",
  "/permits/*/extracts",
  "/permits/*/revocation",
  "/permits/*/rooms",
  "/rooms/*/closing",
  "/rooms/*/outputs",
  "/rooms/*/packing",
  "/rooms/*/removal",
  "/rooms/*/reopening",
  "/rooms/*/restorations",
  "/rooms/*/runs",
  "/rooms/*/runs/*/stop",
  "/rooms/*/stop",
];

let passed = 0;
let failed = 0;
const fail = (what) => {
  failed += 1;
  console.log(`FAILED  ${what}`);
};

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
    {
      cwd: repository,
      stdio: ["ignore", "ignore", "inherit"],
      // So that a third room that runs something has to wait.
      env: { ...process.env, HELSEROM_ROOMS_AT_ONCE: "2" },
    },
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

// Opens a page; or, where `send` says so, sends a form of the page, past what the
// browser would hold back.
async function open(page, base, { path, send }) {
  const answer = await page.goto(base + path, { waitUntil: "load" });
  if (!send) return answer;
  const answered = page.waitForNavigation({ waitUntil: "load" });
  await page.evaluate(({ form: selector, action, fields }) => {
    const form = document.querySelector(selector);
    if (!form) throw new Error(`there is no form \`${selector}\``);
    if (action) form.action = action;
    form.target = "";
    for (const [name, value] of Object.entries(fields)) {
      const field = form.querySelector(`[name="${name}"]:not(button)`);
      if (field) field.value = value;
      else {
        const hidden = Object.assign(document.createElement("input"), { type: "hidden", name, value });
        form.append(hidden);
      }
    }
    HTMLFormElement.prototype.submit.call(form);
  }, send);
  return await answered;
}

async function look(page, base, item, view, language) {
  const { who, path, status = 200, send } = item;
  const what = `${view.name} ${language} ${who} ${path}${send ? ` (${send.form})` : ""}`;
  const refused = [];
  const listen = (message) => {
    if (message.type() !== "error") return;
    // The browser tells of the status that was asked for.
    if (status !== 200 && message.text().includes(`status of ${status}`)) return;
    refused.push(message.text());
  };
  const broken = (error) => refused.push(String(error));
  page.on("console", listen);
  page.on("pageerror", broken);
  try {
    await page.setExtraHTTPHeaders({ "accept-language": language });
    const answer = await open(page, base, item);
    if (answer.status() !== status) {
      fail(`${what}: answers ${answer.status()}, not ${status}`);
      return;
    }
    // What sticks to the edge of the screen covers what is below until one scrolls, which
    // axe takes for targets that are too small, and pictures of a whole page show in its
    // middle.
    await page.evaluate(() => {
      for (const element of document.querySelectorAll("main *")) {
        if (getComputedStyle(element).position === "sticky") element.style.position = "static";
      }
    });
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
    const { sideways, lang } = await page.evaluate(() => ({
      sideways: document.documentElement.scrollWidth > document.documentElement.clientWidth + 1,
      lang: document.documentElement.lang,
    }));
    for (const violation of grave) {
      const at = violation.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ");
      fail(`${what}: ${violation.id} (${violation.impact}): ${violation.help}: ${at}`);
    }
    for (const error of refused) fail(`${what}: ${error}`);
    if (sideways) fail(`${what}: the page is wider than the screen`);
    if (lang !== language) fail(`${what}: the page is in \`${lang}\``);
    if (grave.length === 0 && refused.length === 0 && !sideways) passed += 1;
    if (options.shots) {
      const tail = `${path}${send ? `_${status}` : ""}`.replaceAll(/[^a-z0-9]+/gi, "_");
      await page.screenshot({ path: join(options.shots, `${view.name}-${language}-${who}${tail}.png`), fullPage: true });
    }
  } finally {
    page.off("console", listen);
    page.off("pageerror", broken);
  }
}

// Picks two variables in the catalogue.
async function fillBasket(page, base) {
  for (const variable of ["test", "value"]) {
    await page.goto(`${base}/sources/laboratory/${variable}`);
    const pick = page.locator('form[action="/basket"]:has(button[value="add"])');
    if ((await pick.count()) > 0) {
      await pick.first().locator("button").click();
      await page.waitForLoadState("load");
    }
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

// Looks at all of them as whoever sees them.
async function lookAtAll(browser, base, pages, view) {
  const contexts = new Map();
  for (const [at, item] of pages.entries()) {
    let page = contexts.get(item.who);
    if (!page) {
      const context = await browser.newContext({
        viewport: { width: view.width, height: view.height },
        colorScheme: view.scheme,
        reducedMotion: "reduce",
      });
      page = await context.newPage();
      if (item.who !== "visitor") await signIn(page, base, item.who);
      if (item.who === "researcher") await fillBasket(page, base);
      contexts.set(item.who, page);
    }
    const language = LANGUAGES[(at + VIEWS.indexOf(view)) % LANGUAGES.length];
    await look(page, base, item, view, language);
  }
  for (const page of contexts.values()) await page.context().close();
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
    const began = Date.now();
    const told = (what) => console.log(`${((Date.now() - began) / 1000).toFixed(0)} s  ${what}`);
    const states = await makeStates(demo.base);
    const { room, blind, runs } = states;
    told("the states are made");
    await lookAtBlind(browser, demo.base, signIn, blind, check);
    const enter = async (page, who) => {
      if (!(await signIn(page, demo.base, who))) {
        fail(`${who} cannot sign in with one click`);
        return false;
      }
      if (who === "researcher") await fillBasket(page, demo.base);
      return true;
    };
    const { pages, forms } = await walk(browser, demo.base, enter);
    const kinds = new Set(pages.map(({ path }) => kindOf(path)));
    for (const wanted of WANTED) check(kinds.has(wanted), `no page \`${wanted}\` was found`);
    for (const wanted of FORMS) check(forms.has(wanted), `no form \`${wanted}\` was found`);
    const all = [...pages, ...refusals(states)];
    told(`${all.length} pages were found`);
    await lookWithoutScripts(browser, demo.base, enter, pages, check);
    told("looked at without scripts");
    // Two at a time: a browser takes one of the machine's processors, the centre another.
    const waiting = [...VIEWS];
    const eye = async () => {
      for (let view = waiting.shift(); view; view = waiting.shift()) {
        await lookAtAll(browser, demo.base, all, view);
        told(`looked at ${view.name}`);
      }
    };
    await Promise.all([eye(), eye()]);
    await endRuns(demo.base, runs);
    await tryDesktop(browser, demo.base, signIn, room, options.shots, check);
    await tryNotebook(browser, demo.base, signIn, `/rooms/${room}`, options.shots, check);
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
