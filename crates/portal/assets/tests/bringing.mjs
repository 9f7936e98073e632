// A researcher brings code and a table about people into a room, as they would:
// by the form on the room's page. A checker reads the code and lets it in.

// A zip with one file of R (APPNOTE 4.3), made by hand: not compressed.
function zipOf(name, text) {
  const bytes = Buffer.from(text);
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  crc = (crc ^ 0xffffffff) >>> 0;
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(20, 4);
  local.writeUInt32LE(crc, 14);
  local.writeUInt32LE(bytes.length, 18);
  local.writeUInt32LE(bytes.length, 22);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(20, 4);
  central.writeUInt16LE(20, 6);
  central.writeUInt32LE(crc, 16);
  central.writeUInt32LE(bytes.length, 20);
  central.writeUInt32LE(bytes.length, 24);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + name.length, 12);
  end.writeUInt32LE(local.length + name.length + bytes.length, 16);
  return Buffer.concat([local, Buffer.from(name), bytes, central, Buffer.from(name), end]);
}

async function send(page, room, file, declared, why) {
  await page.goto(`${room}/ingresses`);
  await page.setInputFiles("#file", file);
  await page.selectOption("#declared", declared);
  await page.fill("#origin", "Our own repository");
  await page.fill("#why", why);
  await page.locator("#bring button[type=submit]").click();
  await page.waitForURL(/\/ingresses\/ingress-/);
  return page.url().split("?")[0];
}

// The address of the room that is open, for who is signed in on the page.
async function openRoom(page, base) {
  await page.goto(`${base}/work`);
  const permits = await page.$$eval("a[href^='/permits/']", (as) => as.map((a) => a.href));
  for (const permit of new Set(permits)) {
    await page.goto(permit);
    const rooms = await page.$$eval("a[href^='/rooms/room-']", (as) => as.map((a) => a.href));
    if (rooms.length > 0) return rooms[0].split(/[?#]/)[0];
  }
  throw new Error("the researcher has no room");
}

export async function bringFiles(browser, base, signIn, check) {
  const context = await browser.newContext({ locale: "en-GB" });
  const page = await context.newPage();
  await signIn(page, base, "researcher");
  const room = await openRoom(page, base);
  const code = { name: "code.zip", mimeType: "application/zip", buffer: zipOf("km.R", "x <- 1\n") };
  const good = await send(page, room, code, "code", "The analysis of the paper");
  const shown = await page.locator("main").innerText();
  check(shown.includes("Waits for a checker"), `the code waits for a checker: ${shown}`);
  const people = { name: "people.csv", mimeType: "text/csv", buffer: Buffer.from("id,x\n01811822279,1\n") };
  await send(page, room, people, "people", "Scores of our own");
  const out = await page.locator("main").innerText();
  check(out.includes("National identity numbers: 1"), `people have no names in a room: ${out}`);
  const list = { name: "codes.csv", mimeType: "text/csv", buffer: Buffer.from("code;name\nK76;Liver\n") };
  await send(page, room, list, "reference", "Names for table 1");
  await context.close();

  const other = await browser.newContext({ locale: "nb-NO" });
  const checker = await other.newPage();
  await signIn(checker, base, "checker");
  await checker.goto(`${base}/work`);
  await checker.locator(`a[href="${new URL(good).pathname}"]`).first().click();
  await checker.fill("#why", "Jeg har lest koden");
  await checker.locator("button[value=admit]").click();
  await checker.waitForURL(/done=admitted/);
  const there = await checker.locator("main").innerText();
  check(there.includes("I rommet"), `the code is in the room: ${there}`);
  await other.close();
}
