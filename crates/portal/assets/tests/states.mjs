// One of each state in which a page waits for somebody: what people come to the portal
// for is to decide and to do, and after the demonstration everything is decided.
//
//   node states.mjs BASE
//
// makes them in the demonstration that is served at BASE, for who measures its pages.

import { pathToFileURL } from "node:url";

import { asking, until } from "./asking.mjs";
import { apply, approve, buildExtract, firstRoom, makePermit, makeRooms, termsOf } from "./rooms.mjs";

const HOLDERS = ["holder-population", "holder-laboratory", "holder-patients"];

// An application being written, one that waits for a holder, one for the caseworker.
async function makeApplications(base, terms) {
  const titled = (title) => ({ ...terms, title });
  const draft = await asking(base, "researcher", (ask) =>
    ask("POST", "/applications", { ...titled("Liver disease and the kidneys"), summary: "", legal_basis: "" }),
  );
  const held = await apply(base, titled("Liver disease, cholesterol and stroke"));
  await approve(base, "holder-laboratory", held);
  const answered = await apply(base, titled("Liver disease and heart failure"));
  for (const holder of HOLDERS) await approve(base, holder, answered);
  return { draft: draft.id, held, answered };
}

// Runs a script to its end.
async function run(base, room, language, script) {
  await asking(base, "researcher", async (ask) => {
    await ask("POST", `/rooms/${room}/runs`, { language, script });
    const runs = async () => (await ask("GET", `/rooms/${room}`)).runs;
    await until("the end of the run", async () => (await runs()).every((one) => one.ended));
    const [{ ended }] = (await runs()).slice(-1);
    if (ended.outcome !== "finished") throw new Error(`a script ended: ${JSON.stringify(ended)}`);
  });
}

// A table that nothing before it was like, with cells that are too small.
const EARLY_DEATHS = `import helserom
import pandas as pd
people = helserom.read("population")
for column in ("index_date", "death_date"):
    people[column] = pd.to_datetime(people[column])
early = people[(people["death_date"] - people["index_date"]).dt.days < 120]
bands = pd.cut(early["age"], [18, 45, 60, 75, 200], right=False, labels=["18-44", "45-59", "60-74", "75 or more"])
table = pd.crosstab(bands, early["sex"].astype(str).map({"1": "men", "2": "women"}))
table["total"] = table.sum(axis=1)
table.loc["total"] = table.sum()
table.rename_axis("age").reset_index().to_csv("out/early_deaths.csv", index=False)
print(table)
`;

// Files that wait for a checker: small cells with a mend and without, rows of people, a
// curve and its picture; one on hold; and one that may leave and is not packed yet.
async function makeOutputs(base, room) {
  await run(base, room, "python", EARLY_DEATHS);
  const declared = await asking(base, "researcher", (ask) =>
    ask("GET", `/rooms/${room}/file?name=${encodeURIComponent("out/outputs.json")}`),
  );
  const counts = { dimensions: ["age"], counts: ["men", "women", "total"] };
  declared["out/early_deaths.csv"] = { kind: "frequency-table", ...counts };
  const wanted = [
    ["early_deaths.csv", "Table 3 of the article."],
    ["small_cells.csv", "Table 2 of the article."],
    ["rows_in_disguise.csv", "Means by stratum, for the appendix."],
    ["survival_curve.csv", "The figures behind figure 1."],
    ["survival_curve.svg", "Figure 1 of the article."],
    ["safe_table.csv", "Table 1 of the article."],
  ].map(([file, note]) => [`out/${file}`, note]);
  const files = wanted.map(([name, note]) => ({ name, declared: declared[name], note }));
  const { outputs } = await asking(base, "researcher", (ask) =>
    ask("POST", `/rooms/${room}/outputs`, { files }),
  );
  const [mendable, small, rows, curve, picture, safe] = outputs;
  await asking(base, "checker", async (ask) => {
    const hold = { verdict: "held", why: "The strata have to be explained first." };
    await ask("POST", `/outputs/${rows}/decision`, hold);
    const release = { verdict: "released", why: "Aggregates on enough people." };
    await ask("POST", `/outputs/${safe}/decision`, release);
  });
  return { mendable, small, rows, curve, picture, safe };
}

// A file that was written twice, so that there is an earlier version of it, and one in
// the folder that is the researcher's own.
async function makeVersions(base, room) {
  for (const draft of ["first", "second"]) {
    const script = [
      "import os",
      `open("plan.md", "w").write("# The analysis, ${draft} draft\\n")`,
      'os.makedirs("private", exist_ok=True)',
      `open("private/remarks.txt", "w").write("${draft} thoughts\\n")`,
    ];
    await run(base, room, "python", script.join("\n"));
  }
}

// Two commands at once in one room, one in another, and a third room that waits: where
// the centre has places for two, as `rooms.at-once` says.
async function makeRuns(base, permit) {
  return await asking(base, "researcher", async (ask) => {
    const begin = async (language, script, at) => {
      const room = at ?? (await ask("POST", `/permits/${permit}/rooms`, {})).id;
      await ask("POST", `/rooms/${room}/runs`, { language, script });
      return room;
    };
    const long = "import time\nprint('fitting the model', flush=True)\ntime.sleep(7200)\n";
    const busy = await begin("python", long);
    await begin("r", 'cat("drawing the curves\\n")\nSys.sleep(7200)\n', busy);
    const other = await begin("python", long);
    const queued = await begin("python", long);
    const state = async (room) => (await ask("GET", `/rooms/${room}`)).state;
    await until("two commands in one room", async () => (await state(busy)) === "running");
    await until("a room that waits", async () => (await state(queued)) === "waiting");
    return { busy, other, queued };
  });
}

// What runs and what waits is ended, so that others have a place: who waits first, or it
// would begin.
export async function endRuns(base, { busy, other, queued }) {
  await asking(base, "researcher", async (ask) => {
    await ask("POST", `/rooms/${queued}/stop`, {});
    for (const room of [queued, busy, other]) {
      await until(`the end of what runs in ${room}`, async () => {
        const { runs, state } = await ask("GET", `/rooms/${room}`);
        for (const { id } of runs.filter((run) => !run.ended)) {
          await ask("POST", `/rooms/${room}/runs/${id}/stop`, {}).catch(() => null);
        }
        return state === "open";
      });
    }
  });
}

export async function makeStates(base) {
  const room = await firstRoom(base);
  const { blind, frozen } = await makeRooms(base, room);
  const { permit, terms } = await termsOf(base, room);
  const applications = await makeApplications(base, terms);
  // A permit whose data are still to be made ready, and one on which no room is open.
  await makePermit(base, room, "notebook", "Age at death in fatty liver disease");
  await buildExtract(base, await makePermit(base, room, "notebook", "Sex and fatty liver disease"));
  const outputs = await makeOutputs(base, room);
  await makeVersions(base, room);
  const runs = await makeRuns(base, permit);
  return { room, blind, frozen, permit, ...applications, outputs, runs };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  if (process.argv.length !== 3) {
    console.error("say where the demonstration is: node states.mjs BASE");
    process.exit(2);
  }
  console.log(JSON.stringify(await makeStates(process.argv[2])));
}
