// Begins noVNC on the socket of a room's desktop. Text goes in by the form, and
// nothing comes out: the centre takes the room's clipboard out of what passes.

import RFB from "./novnc/core/rfb.js";

const at = (id) => document.getElementById(id);
const state = at("state");
const again = at("again");
const text = at("text");
const socket = `${location.origin.replace(/^http/, "ws")}${location.pathname}/socket`;

let rfb = null;

function begin() {
  again.hidden = true;
  rfb = new RFB(at("screen"), socket, { shared: true });
  rfb.scaleViewport = true;
  rfb.showDotCursor = true;
  rfb.background = "transparent";
  rfb.addEventListener("connect", () => {
    state.textContent = state.dataset.open;
    rfb.focus();
  });
  rfb.addEventListener("disconnect", () => {
    state.textContent = state.dataset.over;
    again.hidden = false;
    rfb = null;
  });
}

// The number of a character as X counts keys: Latin-1 as it is, all others behind
// 0x1000000; the end of a line is the Return key, a tab the Tab key.
function key(character) {
  if (character === "\n") return 0xff0d;
  if (character === "\t") return 0xff09;
  const point = character.codePointAt(0);
  return point < 0x100 ? point : 0x1000000 | point;
}

at("type").addEventListener("click", () => {
  for (const character of text.value) rfb?.sendKey(key(character), null);
  text.value = "";
  rfb?.focus();
});
at("paste").addEventListener("click", () => {
  rfb?.clipboardPasteFrom(text.value);
  text.value = "";
  rfb?.focus();
});
again.addEventListener("click", begin);
begin();
