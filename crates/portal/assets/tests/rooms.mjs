// Rooms to look at, made as programs make them: applied for, reviewed, granted, built
// and opened by whoever does that.

import { asking, until } from "./asking.mjs";

// The room that the researcher has from the demonstration.
export async function firstRoom(base) {
  const rooms = await asking(base, "researcher", (ask) => ask("GET", "/rooms"));
  const there = rooms.filter((room) => room.state === "open");
  if (there.length === 0) throw new Error("the researcher has no room");
  return there.at(-1).id;
}

// What the permit of a room was given on.
export async function termsOf(base, room) {
  return await asking(base, "researcher", async (ask) => {
    const { permit } = await ask("GET", `/rooms/${room}`);
    const { grant } = await ask("GET", `/permits/${permit}`);
    return { permit, terms: grant.terms };
  });
}

// An application on those terms, handed in.
export async function apply(base, terms) {
  return await asking(base, "researcher", async (ask) => {
    const { id } = await ask("POST", "/applications", terms);
    await ask("POST", `/applications/${id}/submission`, {});
    return id;
  });
}

// A holder says yes.
export async function approve(base, holder, application) {
  const review = { verdict: "approve", why: "No more is asked for than is needed." };
  await asking(base, holder, (ask) => ask("POST", `/applications/${application}/review`, review));
}

// A permit on one source, like that of a room, in which people work in that way.
export async function makePermit(base, like, way, title) {
  const { terms } = await termsOf(base, like);
  const application = await apply(base, {
    ...terms,
    title,
    sources: terms.sources.filter((source) => source.source === "population"),
    room: { ...terms.room, way },
  });
  await approve(base, "holder-population", application);
  const grant = { verdict: "grant", why: "The purpose is research in the public interest." };
  const { permit } = await asking(base, "caseworker", (ask) =>
    ask("POST", `/applications/${application}/decision`, grant),
  );
  return permit;
}

// The extract of a permit.
export async function buildExtract(base, permit) {
  await asking(base, "researcher", async (ask) => {
    await ask("POST", `/permits/${permit}/extracts`, {});
    await until(`an extract for ${permit}`, async () =>
      JSON.stringify(await ask("GET", `/permits/${permit}/extracts`)).includes("extract-"),
    );
  });
}

// A room in which people work in that way.
export async function makeRoom(base, like, way) {
  const permit = await makePermit(base, like, way, `Survival in fatty liver disease (${way})`);
  await buildExtract(base, permit);
  return await asking(base, "researcher", async (ask) =>
    (await ask("POST", `/permits/${permit}/rooms`, {})).id,
  );
}

// One room of each kind that looks otherwise: blind with a run in it, and frozen.
export async function makeRooms(base, like) {
  const blind = await makeRoom(base, like, "blind");
  return await asking(base, "researcher", async (ask) => {
    const script = { language: "python", script: "print('4711 people')\nraise ValueError('wrong')" };
    await ask("POST", `/rooms/${blind}/runs`, script);
    await until("the end of the run", async () => (await ask("GET", `/rooms/${blind}`)).runs[0]?.ended);
    const { permit } = await ask("GET", `/rooms/${like}`);
    const { id: frozen } = await ask("POST", `/permits/${permit}/rooms`, {});
    await ask("POST", `/rooms/${frozen}/closing`, {});
    const { state } = await ask("GET", `/rooms/${frozen}`);
    if (state !== "frozen") throw new Error(`a room that is closed is ${state}, not frozen`);
    return { blind, frozen };
  });
}

// What a script printed in a blind room is not on its page.
export async function lookAtBlind(browser, base, signIn, blind, check) {
  const context = await browser.newContext({ locale: "nb-NO" });
  const page = await context.newPage();
  await signIn(page, base, "researcher");
  await page.goto(`${base}/rooms/${blind}`);
  const said = await page.locator("main").innerText();
  check(!said.includes("4711"), "what a script printed in a blind room is not on its page");
  await context.close();
}
