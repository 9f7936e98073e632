// Enhancements. Every page does its whole work without this file.

// What somebody has typed or chosen on this page. It is never thrown away.
const touched = new Set();
document.addEventListener("input", (event) => touched.add(event.target));

// Forms marked data-autosave are sent in the background when a field is left and
// when the page is, and at most so often: each time is an entry of the ledger.
// The answer says whether it was kept.
const OFTEN = 20_000;
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const status = form.querySelector("[data-saved]");
  const written = () => new URLSearchParams(new FormData(form)).toString();
  let kept = written();
  let last = 0;
  let timer = 0;
  let leaving = false;
  const save = async (keepalive) => {
    clearTimeout(timer);
    timer = 0;
    const now = written();
    if (leaving || now === kept) return;
    last = Date.now();
    try {
      const answer = await fetch(form.dataset.autosave, {
        method: "POST",
        body: new URLSearchParams(now),
        headers: { accept: "application/json" },
        credentials: "same-origin",
        keepalive,
      });
      if (answer.ok) kept = now;
      status.textContent = !answer.ok
        ? status.dataset.lost
        : written() === kept ? status.dataset.kept : status.dataset.waiting;
    } catch {
      status.textContent = status.dataset.lost;
    }
  };
  form.addEventListener("input", () => {
    status.textContent = status.dataset.waiting;
  });
  form.addEventListener("change", () => {
    if (timer === 0) timer = setTimeout(save, Math.max(0, last + OFTEN - Date.now()), false);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save(true);
  });
  form.addEventListener("submit", () => {
    leaving = true;
    clearTimeout(timer);
  });
}

// Parts marked data-fresh are taken from the newer page, but for those in which
// somebody has typed.
function refresh(page) {
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const next = page.getElementById(part.id);
    if (next && ![...touched].some((field) => part.contains(field))) part.replaceWith(next);
  }
}

// A part marked data-live is fetched again until it comes back unmarked: then the
// whole page is fetched, since what was waited for changes what can be done on
// it, or as much of it as leaves alone what somebody has typed.
function follow(part) {
  setTimeout(async () => {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.getElementById(part.id);
      if (answer.ok && next) {
        if (!("live" in next.dataset) && touched.size === 0) {
          location.reload();
          return;
        }
        const log = part.querySelector("pre.log");
        const atEnd = log && log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
        part.replaceWith(next);
        const grown = next.querySelector("pre.log");
        if (grown && atEnd) grown.scrollTop = grown.scrollHeight;
        if ("live" in next.dataset) follow(next);
        else refresh(page);
        return;
      }
    } catch {
      // The network came and went: ask again.
    }
    follow(part);
  }, Number(part.dataset.live) || 2000);
}
for (const part of document.querySelectorAll("[data-live]")) follow(part);

// Keys: j and k walk, Enter opens, a and r go to the buttons that say yes and
// no, ? lists them. Never while somebody is writing.
const help = document.getElementById("keys");
const walked = () => [...document.querySelectorAll("[data-keys] tbody tr, ol[data-keys] > li")];
let at = -1;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const rows = walked();
  if ((event.key === "j" || event.key === "k") && rows.length > 0) {
    rows[at]?.removeAttribute("aria-selected");
    at = Math.max(0, Math.min(rows.length - 1, at + (event.key === "j" ? 1 : -1)));
    if (rows[at].tagName === "TR") rows[at].setAttribute("aria-selected", "true");
    (rows[at].querySelector("a, button") ?? rows[at]).focus();
    rows[at].scrollIntoView({ block: "nearest" });
    event.preventDefault();
  } else if (event.key === "a" || event.key === "r") {
    document.querySelector(`[data-key="${event.key}"]`)?.focus();
  } else if (event.key === "?" && help) {
    help.showModal();
  }
});

// The list of what is wrong with a form is where one starts.
document.querySelector(".faults")?.focus();

// The form that opens the notebook in its frame is sent at once, where there are
// scripts: else by its button. A ticket is good once: another page has another.
for (const form of document.querySelectorAll("form[data-enter]")) {
  form.requestSubmit();
  form.hidden = true;
}
