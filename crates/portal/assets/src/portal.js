// Enhancements. Every page does its whole work without this file.

// Forms marked data-autosave are sent in the background a moment after the last
// keystroke; the answer says whether it was kept.
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const status = form.querySelector("[data-saved]");
  let timer = 0;
  let sending = null;
  const save = async () => {
    sending?.abort();
    sending = new AbortController();
    try {
      const answer = await fetch(form.dataset.autosave, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { accept: "application/json" },
        credentials: "same-origin",
        signal: sending.signal,
      });
      status.textContent = answer.ok ? status.dataset.kept : status.dataset.lost;
    } catch (error) {
      if (error.name !== "AbortError") status.textContent = status.dataset.lost;
    }
  };
  form.addEventListener("input", () => {
    status.textContent = status.dataset.waiting;
    clearTimeout(timer);
    timer = setTimeout(save, 1200);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    sending?.abort();
  });
}

// A part marked data-live is fetched again until it comes back unmarked.
function follow(part) {
  setTimeout(async () => {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.getElementById(part.id);
      if (answer.ok && next) {
        const log = part.querySelector("pre.log");
        const atEnd = log && log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
        part.replaceWith(next);
        const grown = next.querySelector("pre.log");
        if (grown && atEnd) grown.scrollTop = grown.scrollHeight;
        if ("live" in next.dataset) follow(next);
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
