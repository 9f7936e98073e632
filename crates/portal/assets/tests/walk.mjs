// Which pages there are: found by following links, one of each kind, as each role; and
// what is to be seen of them without scripts.

export const ROLES = [
  "researcher",
  "holder-population",
  "caseworker",
  "checker",
  "auditor",
  "operator",
];

// Which part of a query decides how a page looks, and not only in which order: whether
// there is one, and the kind of file. The languages and lights are looked at anyway.
function queryOf(query) {
  const kinds = [];
  for (const [name, value] of new URLSearchParams(query)) {
    if (["lang", "theme", "next", "done", "sort"].includes(name)) continue;
    const ending = /\.([a-z]+)$/i.exec(value)?.[1];
    kinds.push(ending && name !== "run" ? `${name}=${ending.toLowerCase()}` : name);
  }
  return kinds.length > 0 ? `?${[...new Set(kinds)].sort().join("&")}` : "";
}

const isId = (part) => /^[a-z]+-[0-9a-z]{10}$/.test(part) || /^[0-9]+$/.test(part);

// One of each kind: ids and numbers do not make another page.
export function kindOf(address) {
  const [path, query = ""] = address.split("?");
  const parts = path.split("/").map((part, at, all) => {
    const ofSource = all[1] === "sources" && at >= 2 && all[at] !== "deliveries";
    return isId(part) || ofSource ? "*" : part;
  });
  return parts.join("/") + queryOf(query);
}

// What is in a file, or how a room stands, decides how its page looks: each is visited.
// Where it offers the same as another, and says so in the same words, it is the same
// page.
const EACH =
  /^\/(outputs|ingresses|rooms|applications|permits|register|packages|releases|sources)\/[^/?]+$|^\/rooms\/[^/?]+\/(versions|packing|ingresses)$/;

// Pages that say something else to each role: each is looked at as each of them.
const OF_EACH_ROLE = new Set([
  "/work",
  "/basket",
  "/applications/*",
  "/permits/*",
  "/rooms/*",
  "/outputs/*",
  "/ingresses/*",
]);

// What a page offers, and how it says that things stand.
const offered = () => {
  const id = /[a-z]+-[0-9a-z]{10}|[0-9]+/g;
  const forms = [...document.querySelectorAll("main form")].map((form) =>
    [
      form.getAttribute("action")?.replaceAll(id, "*") ?? "",
      ...[...form.querySelectorAll("button")].map((b) => `${b.value}${b.disabled ? "!" : ""}`),
    ].join(" "),
  );
  const state = document.querySelector("main .state")?.textContent ?? "";
  const parts = [...document.querySelectorAll("main h2, main svg title")].map((h) => h.textContent);
  return JSON.stringify([[...new Set(forms)].sort(), state.replaceAll(/[0-9]/g, ""), parts]);
};

// The pages that each role is shown, and where the forms on them lead. `enter` signs
// somebody in.
export async function walk(browser, base, enter) {
  const found = [];
  const forms = new Set();
  const seen = new Set();
  for (const who of ["visitor", ...ROLES]) {
    const context = await browser.newContext({ locale: "nb-NO" });
    const page = await context.newPage();
    if (who !== "visitor" && !(await enter(page, who))) {
      await context.close();
      continue;
    }
    const waiting = who === "visitor" ? ["/", "/sign-in"] : ["/work", "/account"];
    const walked = new Set();
    while (waiting.length > 0) {
      const path = waiting.shift();
      const kind = kindOf(path);
      const one = EACH.test(path) ? path : kind;
      if (walked.has(one)) continue;
      walked.add(one);
      const answer = await page.request.get(base + path, { maxRedirects: 0 });
      if (answer.status() !== 200 || !answer.headers()["content-type"]?.startsWith("text/html")) {
        walked.delete(kind);
        continue;
      }
      await page.goto(base + path);
      for (const action of await page.$$eval("main form[method=post]:has(button:enabled)", (all) =>
        all.map((form) => form.getAttribute("action")),
      )) {
        forms.add(kindOf(action));
      }
      const looks = EACH.test(path) ? ` ${await page.evaluate(offered)}` : "";
      const role = who === "visitor" || OF_EACH_ROLE.has(kind) ? `${who} ` : "";
      const key = `${role}${kind}${looks}`;
      if (!seen.has(key)) found.push({ who, path });
      seen.add(key);
      for (const href of await page.$$eval("a[href^='/']", (as) =>
        as.map((a) => a.getAttribute("href")),
      )) {
        const [plain] = href.split("#");
        const choice = /[?&](lang|theme)=/.test(plain);
        if (!plain.startsWith("/assets/") && !choice) waiting.push(plain);
      }
    }
    await context.close();
  }
  return { pages: found, forms };
}

// Pages that say no, and forms that come back with what is wrong with them. None of them
// changes anything, so that each can be asked for over and over.
export function refusals({ room, frozen, permit, draft, answered, outputs }) {
  const none = permit.replace(/-.*$/, "-0000000000");
  const form = (action) => `form[action="${action}"]`;
  const decision = form(`/outputs/${outputs.small}/decision`);
  return [
    { who: "visitor", path: "/nowhere", status: 404 },
    { who: "researcher", path: `/permits/${none}`, status: 404 },
    { who: "researcher", path: "/centre", status: 403 },
    { who: "checker", path: `/rooms/${room}/file?name=out%2Fsafe_table.csv`, status: 403 },
    // A decision without a reason, and one on what was decided already.
    {
      who: "checker",
      path: `/outputs/${outputs.small}`,
      status: 422,
      send: { form: decision, fields: { do: "refuse", why: "" } },
    },
    {
      who: "checker",
      path: `/outputs/${outputs.small}`,
      status: 409,
      send: { form: decision, fields: { do: "release", why: "It looks well." } },
    },
    {
      who: "caseworker",
      path: `/applications/${answered}`,
      status: 422,
      send: { form: form(`/applications/${answered}/decision`), fields: { do: "grant", why: "" } },
    },
    // Nothing runs in a room that is closed, and one that is open is not opened.
    {
      who: "researcher",
      path: `/rooms/${room}`,
      status: 403,
      send: {
        form: form(`/rooms/${room}/runs`),
        action: `/rooms/${frozen}/runs`,
        fields: { script: "1 + 1" },
      },
    },
    {
      who: "researcher",
      path: `/rooms/${frozen}`,
      status: 409,
      send: { form: form(`/rooms/${frozen}/reopening`), action: `/rooms/${room}/reopening`, fields: {} },
    },
    // An application that lacks much is not handed in.
    {
      who: "researcher",
      path: `/applications/${draft}/edit`,
      status: 422,
      send: { form: form(`/applications/${draft}/edit`), fields: { do: "submit", title: "" } },
    },
    {
      who: "researcher",
      path: `/rooms/${room}/outputs?file=out%2Fsafe_table.csv`,
      status: 422,
      send: {
        form: form(`/rooms/${room}/outputs`),
        fields: { "kind:out/safe_table.csv": "frequency-table", "counts:out/safe_table.csv": "" },
      },
    },
    {
      who: "visitor",
      path: "/sign-in",
      status: 401,
      send: { form: form("/sign-in"), fields: { account: "nobody", password: "not this one" } },
    },
  ];
}

// What can be read and done on a page, hidden things left out.
const there = () => {
  const visible = (element) => element.checkVisibility?.({ visibilityProperty: true }) ?? true;
  const folded = (element) => element.closest("details:not([open]), dialog:not([open])") !== null;
  const words = (element) => element.textContent.trim().replaceAll(/\s+/g, " ");
  const main = document.querySelector("main");
  return {
    headings: [...main.querySelectorAll("h1, h2, h3")].map(words),
    // Its figures change while it runs.
    tables: [...main.querySelectorAll("table")].map((table) => table.rows.length > 0),
    forms: [...main.querySelectorAll("form")].map((form) => {
      const send = form.querySelector("button:not([type=button]), input[type=submit]");
      return {
        action: `${form.method} ${form.getAttribute("action")}`,
        fields: [...form.querySelectorAll("input, select, textarea")].map((field) => field.name).sort(),
        usable: send !== null && (folded(form) || visible(send)),
      };
    }),
  };
};

// A page is whole without scripts: the same headings, tables and forms as with them, and
// each form can be sent.
export async function lookWithoutScripts(browser, base, enter, pages, check) {
  const whoever = [...new Set(pages.map(({ who }) => who))];
  for (const who of whoever) {
    const seeing = async (javaScriptEnabled) => {
      const context = await browser.newContext({ locale: "nb-NO", javaScriptEnabled });
      const page = await context.newPage();
      if (who !== "visitor") await enter(page, who);
      return page;
    };
    const [bare, scripted] = [await seeing(false), await seeing(true)];
    for (const { path } of pages.filter((page) => page.who === who)) {
      const [without, within] = [[], []];
      for (const [page, to] of [[bare, without], [scripted, within]]) {
        await page.goto(base + path, { waitUntil: "load" });
        to.push(await page.evaluate(there));
      }
      const what = `without scripts, ${who} ${path}`;
      for (const part of ["headings", "tables"]) {
        const [has, had] = [without[0][part], within[0][part]].map((list) => JSON.stringify(list));
        check(has === had, `${what}: its ${part} are ${has}, not ${had}`);
      }
      const named = ({ action, fields }) => `${action} (${fields.join(", ")})`;
      const have = new Set(without[0].forms.map(named));
      for (const form of within[0].forms) {
        check(have.has(named(form)), `${what}: no form ${named(form)}`);
      }
      for (const form of without[0].forms) {
        check(form.usable, `${what}: the form ${form.action} has nothing to send it with`);
      }
    }
    await bare.context().close();
    await scripted.context().close();
  }
}
