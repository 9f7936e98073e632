// Rooms to look at, made as programs make them: applied for, reviewed, granted, built
// and opened by whoever does that.

// Somebody who has signed in, and asks the API from their browser.
async function as(browser, base, signIn, who) {
  const context = await browser.newContext({ locale: "nb-NO" });
  const page = await context.newPage();
  if (!(await signIn(page, base, who))) throw new Error(`${who} cannot sign in with one click`);
  await page.goto(`${base}/account`);
  const token = await page.locator("input[name=csrf]").first().getAttribute("value");
  const ask = async (method, path, data) => {
    const headers = { "x-csrf-token": token, accept: "application/json" };
    const answer = await page.request.fetch(`${base}/api/v1${path}`, { method, headers, data });
    const said = await answer.text();
    if (!answer.ok()) throw new Error(`${method} ${path} as ${who}: ${answer.status()} ${said}`);
    return said ? JSON.parse(said) : null;
  };
  return { ask, close: () => context.close() };
}

// Does `work` with what somebody may ask the API.
export async function asking(browser, base, signIn, who, work) {
  const { ask, close } = await as(browser, base, signIn, who);
  try {
    return await work(ask);
  } finally {
    await close();
  }
}

// The room that the researcher has from the demonstration.
export async function firstRoom(browser, base, signIn) {
  const rooms = await asking(browser, base, signIn, "researcher", (ask) => ask("GET", "/rooms"));
  const there = rooms.filter((room) => room.state === "open");
  if (there.length === 0) throw new Error("the researcher has no room");
  return there.at(-1).id;
}

// A room in which people work in that way.
export async function makeRoom(browser, base, signIn, like, way) {
  const of = (who, work) => asking(browser, base, signIn, who, work);
  const application = await of("researcher", async (ask) => {
    const { permit } = await ask("GET", `/rooms/${like}`);
    const { grant } = await ask("GET", `/permits/${permit}`);
    const terms = {
      ...grant.terms,
      title: `${grant.terms.title} (${way})`,
      sources: grant.terms.sources.filter((source) => source.source === "population"),
      room: { ...grant.terms.room, way },
    };
    const { id } = await ask("POST", "/applications", terms);
    await ask("POST", `/applications/${id}/submission`, {});
    return id;
  });
  const review = { verdict: "approve", why: "No more is asked for than is needed." };
  await of("holder-population", (ask) => ask("POST", `/applications/${application}/review`, review));
  const grant = { verdict: "grant", why: "The purpose is research in the public interest." };
  const { permit } = await of("caseworker", (ask) =>
    ask("POST", `/applications/${application}/decision`, grant),
  );
  return await of("researcher", async (ask) => {
    await ask("POST", `/permits/${permit}/extracts`, {});
    for (let waited = 0; ; waited += 1) {
      const extracts = await ask("GET", `/permits/${permit}/extracts`);
      if (JSON.stringify(extracts).includes("extract-")) break;
      if (waited > 240) throw new Error(`no extract was built for ${permit}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    return (await ask("POST", `/permits/${permit}/rooms`, {})).id;
  });
}

// One room of each kind that looks otherwise: blind with a run in it, and frozen.
export async function makeRooms(browser, base, signIn, like, check) {
  const blind = await makeRoom(browser, base, signIn, like, "blind");
  await asking(browser, base, signIn, "researcher", async (ask) => {
    const script = { language: "python", script: "print('4711 people')\nraise ValueError('wrong')" };
    await ask("POST", `/rooms/${blind}/runs`, script);
    for (let waited = 0; waited < 120; waited += 1) {
      const room = await ask("GET", `/rooms/${blind}`);
      if (room.runs[0]?.ended) break;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const { permit } = await ask("GET", `/rooms/${like}`);
    const { id: frozen } = await ask("POST", `/permits/${permit}/rooms`, {});
    await ask("POST", `/rooms/${frozen}/closing`, {});
    const { state } = await ask("GET", `/rooms/${frozen}`);
    check(state === "frozen", `a room that is closed is frozen: ${state}`);
  });
  const context = await browser.newContext({ locale: "nb-NO" });
  const page = await context.newPage();
  await signIn(page, base, "researcher");
  await page.goto(`${base}/rooms/${blind}`);
  const said = await page.locator("main").innerText();
  check(!said.includes("4711"), "what a script printed in a blind room is not on its page");
  await context.close();
}
