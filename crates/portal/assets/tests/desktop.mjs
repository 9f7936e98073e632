// A researcher works on a desktop, as they would: opens it from the room's page, sees
// a picture, types into its terminal, pastes a text in; and no text comes out.

import { join } from "node:path";

import { asking } from "./asking.mjs";
import { makeRoom } from "./rooms.mjs";

// How many colours there are in the picture, counted up to a few.
function colours(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let at = 0; at < data.length && seen.size < 8; at += 4) {
    seen.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
  }
  return seen.size;
}

export async function tryDesktop(browser, base, signIn, like, shots, check) {
  const room = await makeRoom(base, like, "desktop");
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: "nb-NO",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  // Whatever the rooms' address sends on its socket.
  const came = [];
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => came.push(Buffer.from(payload))));
  const shot = async (name) => {
    if (shots) await page.screenshot({ path: join(shots, `desktop-${name}.png`) });
  };
  await signIn(page, base, "researcher");
  const there = (path, work) => asking(base, "researcher", (ask) => ask("GET", path)).then(work);
  const size = (name) =>
    there(`/rooms/${room}/files`, ({ files }) => files.find((file) => file.name === name)?.bytes);
  const until = async (what, so) => {
    for (let tries = 0; tries < 60; tries += 1) {
      if (await so()) return true;
      await page.waitForTimeout(500);
    }
    check(false, `${what} did not come`);
    return false;
  };

  await page.goto(`${base}/rooms/${room}`);
  const began = Date.now();
  await page.locator(`form[action="/rooms/${room}/desktop"] button`).click();
  await page.waitForURL(`**/rooms/${room}/desktop`);
  const frame = page.frameLocator("iframe[name=notebook]");
  const canvas = frame.locator("#screen canvas");
  await canvas.waitFor({ timeout: 60_000 });
  await until("a picture", async () => (await canvas.evaluate(colours)) > 3);
  console.log(`the desktop was there after ${((Date.now() - began) / 1000).toFixed(1)} s`);
  const { open, answers } = await there(`/rooms/${room}/desktop`, (said) => said);
  check(open && answers, "programs are told that the desktop is open");

  // The terminal takes a moment until it listens.
  await canvas.click({ position: { x: 200, y: 200 } });
  await until("what is typed", async () => {
    await page.keyboard.type("\necho seen > typed.txt\n", { delay: 5 });
    await page.waitForTimeout(500);
    return (await size("typed.txt")) === 5;
  });
  check(true, "what is typed happens in the room");
  await shot("typed");

  // A text that is pasted into the display is pasted into its terminal.
  await frame.locator("#text-part summary").click();
  await frame.locator("#text").fill("pasted-0815");
  await frame.locator("#paste").click();
  await canvas.click({ position: { x: 200, y: 200 } });
  await page.keyboard.type("cat > pasted.txt\n", { delay: 5 });
  await canvas.click({ position: { x: 200, y: 200 }, button: "middle" });
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+d");
  await until("what is pasted", async () => (await size("pasted.txt")) === "pasted-0815\n".length);
  await page.keyboard.type("cat > keys.txt\n", { delay: 5 });
  await page.keyboard.press("Control+Shift+V");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+d");
  await until("what the keys paste", async () => (await size("keys.txt")) === "pasted-0815\n".length);
  const journal = await there(`/rooms/${room}/journal`, (deeds) => deeds);
  const pasted = journal.filter((deed) => deed.did === "pasted");
  check(pasted.length === 1 && pasted[0].bytes === 11, `the journal has what was pasted: ${JSON.stringify(pasted)}`);

  // The display is told to send what is chosen on it, and something is chosen. The text
  // begins at the left of every line: a double click there chooses a word.
  came.length = 0;
  await page.keyboard.type("vncconfig -set SendCutText=1 -set SendPrimary=1; clear; yes secret4711 | head -500\n", { delay: 5 });
  await page.waitForTimeout(1500);
  await canvas.dblclick({ position: { x: 40, y: 200 } });
  await page.waitForTimeout(1500);
  await shot("chosen");
  check(came.length > 0, "the picture goes on");
  const out = came.some((bytes) => bytes.includes("secret4711"));
  check(!out, "what is chosen on the desktop does not come to the browser");
  const kept = await page.evaluate(() => navigator.clipboard.readText()).catch((error) => `refused: ${error.name}`);
  check(!kept.includes("secret4711"), `the browser's clipboard has nothing of it: ${kept}`);

  await page.locator(`form[action^="/rooms/${room}/runs/"][action$="/stop"] button`).first().click();
  await page.waitForURL(`**/rooms/${room}**`);
  const shut = await until("the desktop's end", () => there(`/rooms/${room}/desktop`, (said) => !said.open));
  check(shut, "a desktop that is closed is not open");
  await context.close();
}
