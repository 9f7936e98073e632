//! The story, step by step. Each step goes on only if the one before held.

use std::process::Command;
use std::sync::Arc;

use centre::Centre;
use centre::outputs::Wish;
use centre::ports::Delivered;
use disclosure::{Kind, Rule, finding};
use ledger::EntryFilter;
use model::{ApplicationId, Lang, OutputId, PermitId, ReleaseId, RoomId};
use permit::{Strictness, Verdict as Answer};
use release::{OutputState, Verdict};
use room::{Outcome, Script};
use synthetic::DemoFiles;

use super::report::{
    Analysis, ExtractFigures, FindingFigures, LedgerFigures, OutputFigures, ReleaseFigures, Report,
    SourceFigures, TableFigures, hold,
};
use super::{application, aside, cast};
use crate::answer::Stop;
use crate::commands::ledger::in_words;
use crate::commands::source::read_contract;
use crate::progress;
use crate::site::Site;

const ANALYSIS_R: &str = include_str!("../../../../demo/room/analysis.R");
const ANALYSIS_PY: &str = include_str!("../../../../demo/room/analysis.py");
const RAW_R: &str = include_str!("../../../../demo/room/raw.R");

/// The largest difference between the room's R and R on the raw tables.
const R_AGREES_TO: f64 = 1e-9;

/// The largest difference between R and Python, which stop iterating at
/// different places.
const PYTHON_AGREES_TO: f64 = 1e-5;

/// The largest difference between the survival curves of R and of Python. Both
/// multiply one factor `1 - deaths / at risk` for each day on which somebody died, at
/// most 4,383 days in twelve years, and round three times for each (at most 2⁻⁵³,
/// 1.1e-16, each): 1.5e-12 for each of them, should every rounding go the same way.
const CURVES_AGREE_TO: f64 = 1e-11;

const SAFE: &str = "out/safe_table.csv";
const SMALL: &str = "out/small_cells.csv";
const CURVE: &str = "out/survival_curve.csv";
const PICTURE: &str = "out/survival_curve.svg";
const ROWS: &str = "out/rows_in_disguise.csv";

/// Tells the story. The report holds what happened up to the end, or up to the
/// step that did not hold.
pub(super) async fn tell(site: &Site, files: &DemoFiles) -> (Report, Result<(), Stop>) {
    let mut report = Report::default();
    let held = walk(site, files, &mut report).await;
    (report, held)
}

async fn walk(site: &Site, files: &DemoFiles, report: &mut Report) -> Result<(), Stop> {
    let centre = &site.centre;
    report
        .step("found", "The centre opens, with an account for each role", async {
            cast::assemble(centre).await?;
            let names: Vec<_> = cast::accounts().collect();
            Ok(((), names.join(", ")))
        })
        .await?;
    let sources = report
        .step("import", "Three holders deliver; names go to the vault", deliver(centre, files))
        .await?;
    report.sources = sources.into_iter().collect();
    report.step("catalogue", "The catalogue shows what there is", catalogue(centre)).await?;
    let application = report.step("apply", "A researcher applies", apply(centre)).await?;
    let permit = report
        .step(
            "decide",
            "Holders and access body decide; a permit is signed",
            decide(centre, &application),
        )
        .await?;
    report.extract = report
        .step("extract", "The extract is linked and numbered anew", extract(centre, &permit))
        .await?;
    let (room, analyses) = report
        .step(
            "analyse",
            "A sealed room runs the same work in R and in Python",
            analyse(centre, &permit),
        )
        .await?;
    report.analysis = analyses.into_iter().collect();
    let (r, python) = (report.analysis.get("r").cloned(), report.analysis.get("python").cloned());
    let raw =
        report.step("compare", "R on the raw tables finds the same", compare(r, python)).await?;
    report.analysis.insert("raw", raw);
    let outputs = report
        .step("check", "Five files ask to leave; disclosure speaks", ask_out(centre, &room))
        .await?;
    let reviewed = report
        .step("review", "A checker releases, refuses and mends", review(centre, outputs))
        .await?;
    report.outputs = reviewed;
    let release = report
        .step(
            "release",
            "The package is signed, verified, and refused with one byte changed",
            pack(centre, &room),
        )
        .await?;
    report.release = release;
    report.ledger = report
        .step(
            "ledger",
            "The ledger verifies, replays, and finds what was changed by hand",
            prove(site),
        )
        .await?;
    Ok(())
}

type Told<T> = Result<(T, String), Stop>;

async fn deliver(centre: &Centre, files: &DemoFiles) -> Told<Vec<(String, SourceFigures)>> {
    let operator = cast::act_as(centre, "operator").await?;
    let mut figures = Vec::new();
    let mut told = Vec::new();
    for delivery in &files.manifest.deliveries {
        let contract = read_contract(&files.contract(delivery))?;
        let (source, holder) = (contract.source.clone(), contract.holder.clone());
        centre.register_source(&operator, contract).await?;
        let holder = cast::act_as(centre, cast::holder_at(&holder)?).await?;
        let progress = progress::shown(source.as_str(), false);
        let file = files.file(delivery);
        let delivered = centre.import(&holder, &source, vec![file.clone()], progress).await?;
        let Delivered::TakenIn(manifest) = delivered else {
            return Err(Stop::refused(format!("`{source}` was delivered before")));
        };
        let spoilt = u64::try_from(delivery.spoilt.len()).unwrap_or(u64::MAX);
        hold(manifest.rows_kept == delivery.rows && manifest.rows_quarantined == spoilt, || {
            format!(
                "`{source}` has {} real and {spoilt} spoilt rows, but {} were kept and {} kept aside",
                delivery.rows, manifest.rows_kept, manifest.rows_quarantined
            )
        })?;
        told.push(format!(
            "{source}: {} rows of {} people; {} kept aside",
            manifest.rows_kept, manifest.persons, manifest.rows_quarantined
        ));
        let aside = centre.quarantine(&holder, &source, &manifest.import).await?;
        let aside = aside.iter().map(|row| (row.row, row.faults.as_slice()));
        told.extend(aside::compare(aside, &delivery.spoilt)?);
        let again =
            centre.import(&holder, &source, vec![file], Arc::new(centre::ports::Unwatched)).await?;
        hold(again == Delivered::Already(manifest.import.clone()), || {
            format!("the same file was taken into `{source}` twice")
        })?;
        figures.push((
            source.to_string(),
            SourceFigures {
                rows: manifest.rows_kept,
                persons: manifest.persons,
                quarantined: manifest.rows_quarantined,
            },
        ));
    }
    told.push("each file delivered a second time was known as the same".to_owned());
    Ok((figures, told.join("\n")))
}

async fn catalogue(centre: &Centre) -> Told<()> {
    let datasets = centre.catalogue(&centre::Caller::Visitor).await?;
    let told: Vec<_> = datasets
        .iter()
        .map(|dataset| {
            let names: Vec<_> = dataset.variables.iter().map(|v| v.id.name.as_str()).collect();
            format!("{}: {}", dataset.title.get(Lang::En), names.join(", "))
        })
        .collect();
    let hits = catalogue::search(&datasets, "hdl");
    hold(!hits.is_empty(), || "a search for `hdl` finds nothing".to_owned())?;
    hold(datasets.iter().all(|d| d.variables.iter().all(|v| v.profile.is_some())), || {
        "a variable has no profile".to_owned()
    })?;
    Ok(((), told.join("\n")))
}

async fn apply(centre: &Centre) -> Told<ApplicationId> {
    let researcher = cast::act_as(centre, "researcher").await?;
    let terms = application::terms(centre.now()).map_err(Stop::usage)?;
    let id = centre.begin_application(&researcher, terms.clone()).await?;
    centre.submit_application(&researcher, &id).await?;
    let told = format!("{id}: {}", terms.title);
    Ok((id, told))
}

async fn decide(centre: &Centre, id: &ApplicationId) -> Told<PermitId> {
    let caseworker = cast::act_as(centre, "caseworker").await?;
    let early = centre.grant_application(&caseworker, id, "too early".to_owned()).await;
    hold(early.is_err(), || "a permit was issued before the holders had answered".to_owned())?;
    for holder in ["holder-population", "holder-laboratory", "holder-patients"] {
        let caller = cast::act_as(centre, holder).await?;
        let why = "The variables are needed for the question and no more is asked for.".to_owned();
        centre.review_application(&caller, id, Answer::Approve, why).await?;
    }
    let why = "The purpose is scientific research, the legal basis is documented, and the data \
               asked for are adequate, relevant and limited to it."
        .to_owned();
    let permit = centre.grant_application(&caseworker, id, why).await?;
    let auditor = cast::act_as(centre, "auditor").await?;
    let stranger = centre.build_extracts(&auditor, &permit, Arc::new(centre::ports::Unwatched));
    hold(stranger.await.is_err(), || "somebody not on the permit had its data made".to_owned())?;
    let told = format!("{permit}: three holders and the access body said yes");
    Ok((permit, told))
}

async fn extract(centre: &Centre, permit: &PermitId) -> Told<ExtractFigures> {
    let researcher = cast::act_as(centre, "researcher").await?;
    let progress = progress::shown("extract", false);
    let extracts = centre.build_extracts(&researcher, permit, progress).await?;
    let [extract] = extracts.as_slice() else {
        return Err(Stop::refused(format!("{} extracts were built for one", extracts.len())));
    };
    let manifest = &extract.manifest;
    let mut told = vec![format!("{}: {} people", extract.id, manifest.persons)];
    let mut figures = ExtractFigures { persons: manifest.persons, ..ExtractFigures::default() };
    for (name, table) in &manifest.tables {
        let columns: Vec<_> = std::iter::once("person".to_owned())
            .chain(table.columns.iter().map(|column| column.name.clone()))
            .collect();
        told.push(format!("{name}: {} rows of {}", table.rows, columns.join(", ")));
        figures.tables.insert(name.to_string(), TableFigures { rows: table.rows, columns });
    }
    Ok((figures, told.join("\n")))
}

async fn analyse(
    centre: &Arc<Centre>,
    permit: &PermitId,
) -> Told<(RoomId, Vec<(&'static str, Analysis)>)> {
    let researcher = cast::act_as(centre, "researcher").await?;
    let room = centre.open_room(&researcher, permit, Strictness::Strict).await?;
    let stranger = cast::act_as(centre, "operator").await?;
    let intruded = centre.start_run(&stranger, &room, vec!["/bin/true".to_owned()], None, None);
    hold(intruded.await.is_err(), || "somebody not on the permit entered the room".to_owned())?;
    let mut told = vec![format!("{room}: open; an operator who is not on the permit was kept out")];
    let mut found = Vec::new();
    for (language, program, name, text, result) in [
        ("r", "Rscript", "analysis.R", ANALYSIS_R, "out/analysis_r.json"),
        ("python", "python", "analysis.py", ANALYSIS_PY, "out/analysis_python.json"),
    ] {
        let script = Script::new(name, text.to_owned()).map_err(Stop::refused)?;
        let words = vec![program.to_owned(), script.path()];
        let begun = centre.start_run(&researcher, &room, words, Some(script), None).await?;
        let run = begun.run().clone();
        let started = begun.started().ok_or_else(|| {
            Stop::refused("the machine has no place for the room: see `rooms.memory-mib`")
        })?;
        let ended =
            started.ended().await.ok_or_else(|| Stop::refused("the run ended without a word"))?;
        if ended.outcome != Outcome::Finished {
            let log = centre.run_log(&researcher, &room, &run).await?;
            let last: Vec<_> = log.lines().rev().take(15).collect();
            let last: Vec<_> = last.into_iter().rev().collect();
            return Err(Stop::refused(format!(
                "{name} ended {} in the room:\n{}",
                ended.outcome,
                last.join("\n")
            )));
        }
        let bytes = centre.read_in_room(&researcher, &room, result).await?;
        let analysis: Analysis = serde_json::from_slice(&bytes)
            .map_err(|error| Stop::refused(format!("`{result}`: {error}")))?;
        let terms: Vec<_> = analysis
            .cox
            .iter()
            .map(|(term, found)| format!("{term} {:.4} ({:.4})", found.coef, found.se))
            .collect();
        told.push(format!(
            "{name}: {:.1} s, {} people, {} deaths: {}",
            ended.wall.as_secs_f64(),
            analysis.n,
            analysis.events,
            terms.join(", ")
        ));
        found.push((language, analysis));
    }
    Ok(((room, found), told.join("\n")))
}

async fn compare(r: Option<Analysis>, python: Option<Analysis>) -> Told<Analysis> {
    let ran = tokio::task::spawn_blocking(|| {
        Command::new("Rscript").args(["--vanilla", "-e", RAW_R]).output()
    })
    .await
    .map_err(Stop::refused)?
    .map_err(|error| Stop::refused(format!("Rscript: {error}")))?;
    if !ran.status.success() {
        return Err(Stop::refused(String::from_utf8_lossy(&ran.stderr)));
    }
    let raw: Analysis = serde_json::from_slice(&ran.stdout)
        .map_err(|error| Stop::refused(format!("the raw analysis: {error}")))?;
    let missing = || Stop::refused("an analysis in the room left no result");
    let (r, python) = (r.ok_or_else(missing)?, python.ok_or_else(missing)?);
    let mut told = Vec::new();
    for (what, apart, at_most) in [
        ("Cox regression, R in the room and R on the raw tables", raw.distance(&r), R_AGREES_TO),
        (
            "Cox regression, Python in the room and R on the raw tables",
            raw.distance(&python),
            PYTHON_AGREES_TO,
        ),
        ("Kaplan-Meier, R in the room and R on the raw tables", raw.curves_apart(&r), R_AGREES_TO),
        ("Kaplan-Meier, Python and R in the room", r.curves_apart(&python), CURVES_AGREE_TO),
    ] {
        hold(apart <= at_most, || format!("{what} differ by {apart:e}, more than {at_most:e}"))?;
        told.push(format!("{what}: the same to {apart:.1e} (at most {at_most:e})"));
    }
    let points = raw.survival.values().map(Vec::len).sum::<usize>();
    told.push(format!(
        "the curves: {points} points of {} groups, with those at risk and the deaths at each",
        raw.survival.len()
    ));
    Ok((raw, told.join("\n")))
}

async fn ask_out(centre: &Centre, room: &RoomId) -> Told<Vec<OutputId>> {
    let researcher = cast::act_as(centre, "researcher").await?;
    let declared = centre.read_in_room(&researcher, room, "out/outputs.json").await?;
    let mut declared: std::collections::BTreeMap<String, Kind> = serde_json::from_slice(&declared)
        .map_err(|error| Stop::refused(format!("`out/outputs.json`: {error}")))?;
    let mut wishes = Vec::new();
    for name in [SAFE, SMALL, CURVE, PICTURE, ROWS] {
        wishes.push(Wish {
            name: name.parse().map_err(Stop::refused)?,
            declared: declared.remove(name).unwrap_or_default(),
            note: "For the article.".to_owned(),
        });
    }
    let outputs = centre.request_outputs(&researcher, room, wishes).await?;
    let checker = cast::act_as(centre, "checker").await?;
    let mut told = Vec::new();
    for id in &outputs {
        let output = centre.output(&checker, id).await?;
        let checked =
            output.checked.as_ref().ok_or_else(|| Stop::refused("an output was not checked"))?;
        told.push(format!("{}: {}", output.name, checked.verdict.as_str()));
        for finding in checked.findings.iter().filter(|f| f.weight > finding::Weight::Note).take(3)
        {
            told.push(format!("  {}", finding.why.get(Lang::En)));
        }
        let expected = match output.name.as_str() {
            SAFE | CURVE | PICTURE => finding::Verdict::Pass,
            _ => finding::Verdict::Refuse,
        };
        hold(checked.verdict == expected, || {
            format!(
                "`{}` was found {}, not {}",
                output.name,
                checked.verdict.as_str(),
                expected.as_str()
            )
        })?;
        let broken = match output.name.as_str() {
            SMALL => Some(Rule::SmallCount),
            ROWS => Some(Rule::RowData),
            _ => None,
        };
        if let Some(rule) = broken {
            hold(checked.findings.iter().any(|finding| finding.rule == rule), || {
                format!("`{}` was not found to break `{}`", output.name, rule.as_str())
            })?;
        }
    }
    Ok((outputs, told.join("\n")))
}

async fn review(centre: &Centre, outputs: Vec<OutputId>) -> Told<Vec<OutputFigures>> {
    let checker = cast::act_as(centre, "checker").await?;
    let researcher = cast::act_as(centre, "researcher").await?;
    let mut all = outputs.clone();
    let mut told = Vec::new();
    for id in outputs {
        let output = centre.output(&checker, &id).await?;
        let own = centre.decide_output(&researcher, &id, Verdict::Released, "mine".to_owned());
        hold(own.await.is_err(), || "a researcher released a file of their own".to_owned())?;
        match output.name.as_str() {
            SMALL => {
                let forced =
                    centre.decide_output(&checker, &id, Verdict::Released, "forced".to_owned());
                hold(forced.await.is_err(), || "a table with small cells was released".to_owned())?;
                let why = "Some cells rest on too few people: the mended table takes its place.";
                centre.decide_output(&checker, &id, Verdict::Refused, why.to_owned()).await?;
                let mended = centre.mend(&checker, &id).await?;
                let why = "No withheld cell can be worked out from the others.".to_owned();
                centre.decide_output(&checker, &mended, Verdict::Released, why).await?;
                told.push(format!(
                    "{}: refused; mended as {mended}, which is released",
                    output.name
                ));
                all.push(mended);
            }
            ROWS => {
                let why = "Row data of single people, whatever the columns are called.".to_owned();
                centre.decide_output(&checker, &id, Verdict::Refused, why).await?;
                told.push(format!("{}: refused", output.name));
            }
            _ => {
                let why = "Aggregates on enough people.".to_owned();
                centre.decide_output(&checker, &id, Verdict::Released, why).await?;
                told.push(format!("{}: released", output.name));
            }
        }
    }
    let mut figures = Vec::new();
    for id in all {
        figures.push(output_figures(centre, &checker, &id).await?);
    }
    Ok((figures, told.join("\n")))
}

async fn output_figures(
    centre: &Centre,
    checker: &centre::Caller,
    id: &OutputId,
) -> Result<OutputFigures, Stop> {
    let output = centre.output(checker, id).await?;
    hold(
        matches!(output.state, OutputState::Released | OutputState::Held | OutputState::Refused),
        || format!("`{}` was not decided", output.name),
    )?;
    let findings = output.checked.as_ref().map_or(&[][..], |checked| &checked.findings);
    Ok(OutputFigures {
        file: output.name.clone(),
        verdict: output.state.as_str().to_owned(),
        findings: findings
            .iter()
            .map(|finding| FindingFigures {
                rule: finding.rule.as_str().to_owned(),
                r#where: finding
                    .places
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("; "),
                why: finding.why.get(Lang::En).to_owned(),
            })
            .collect(),
    })
}

async fn pack(centre: &Centre, room: &RoomId) -> Told<ReleaseFigures> {
    let checker = cast::act_as(centre, "checker").await?;
    let id: ReleaseId = centre.package(&checker, room).await?;
    let record = centre.release(&checker, &id).await?;
    let operator = cast::act_as(centre, "operator").await?;
    let path = centre.package_path(&operator, &id).await?;
    let bytes = std::fs::read(&path)
        .map_err(|error| Stop::refused(format!("`{}`: {error}", path.display())))?;
    let key = centre.release_key();
    let verified = release::verify(&bytes, &key).map_err(Stop::refused)?;
    let mut spoilt = bytes.clone();
    if let Some(byte) = spoilt.get_mut(bytes.len() / 2) {
        *byte ^= 1;
    }
    let refused = release::verify(&spoilt, &key).err();
    let why = refused.map(|error| error.to_string());
    hold(why.is_some(), || "a package with one byte changed was accepted".to_owned())?;
    let told = format!(
        "{id}: {} files, {} bytes; verified. With one byte changed: {}",
        verified.manifest.files.len(),
        bytes.len(),
        why.unwrap_or_default()
    );
    let figures = ReleaseFigures {
        package: path.display().to_string(),
        key: hex::encode(key.to_bytes()),
        sha256: record.sha256.to_string(),
    };
    Ok((figures, told))
}

async fn prove(site: &Site) -> Told<LedgerFigures> {
    let verified = site.verify_ledger().await?;
    hold(verified.is_sound(), || in_words(&verified))?;
    let replay = site.store.replay_check().await.map_err(Stop::refused)?;
    hold(replay.is_sound(), || {
        replay.differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    })?;
    let rebuilt = spoil_and_rebuild(site).await?;
    let told_of = spoil_and_find(site).await?;
    let after = site.verify_ledger().await?;
    hold(after.is_sound(), || in_words(&after))?;
    let told = format!("{} events, root {}\n{rebuilt}\n{told_of}", after.entries, after.root);
    Ok((
        LedgerFigures {
            events: after.entries,
            root: after.root.to_string(),
            verified: after.is_sound(),
        },
        told,
    ))
}

/// Empties the tables of records, one kind after another, as somebody with a database
/// client would, sees that each is found, and makes every table anew from the entries.
async fn spoil_and_rebuild(site: &Site) -> Result<String, Stop> {
    let (mut kinds, mut records) = (0, 0);
    for kind in site.store.record_kinds() {
        let emptied = site.store.empty_records_by_hand(kind).await.map_err(Stop::refused)?;
        let spoilt = site.store.replay_check().await.map_err(Stop::refused)?;
        let of_it = |difference: &&store::Difference| difference.subject.kind() == kind;
        let missed = spoilt.differences.iter().filter(of_it).count();
        hold(missed == emptied, || {
            format!(
                "the table of {kind}: {emptied} records were taken out by hand, and replay misses {missed}"
            )
        })?;
        kinds += usize::from(emptied > 0);
        records += emptied;
    }
    hold(records > 0, || "no table had a record".to_owned())?;
    site.store.rebuild().await.map_err(Stop::refused)?;
    let again = site.store.replay_check().await.map_err(Stop::refused)?;
    hold(again.is_sound(), || "the rebuilt tables are not what the entries say".to_owned())?;
    hold(again.records == u64::try_from(records).unwrap_or(u64::MAX), || {
        format!("{records} records were taken out, and {} rebuilt", again.records)
    })?;
    Ok(format!(
        "the tables of all {kinds} kinds of records emptied by hand: replay misses each of the {records}, and rebuilds them"
    ))
}

/// Changes one entry in the database as somebody with a database client would,
/// sees that it is found and named, and puts it back.
async fn spoil_and_find(site: &Site) -> Result<String, Stop> {
    let filter = EntryFilter { acts: vec!["permit.issued".to_owned()], ..EntryFilter::default() };
    let entries = ledger::Book::entries(&site.store, &filter).await.map_err(Stop::refused)?;
    let entry = entries
        .items
        .first()
        .ok_or_else(|| Stop::refused("the ledger has no entry of the permit"))?;
    let before = site
        .store
        .alter_entry_by_hand(entry.seq, |text| text.replace("researcher", "stranger"))
        .await
        .map_err(Stop::refused)?;
    let found = site.verify_ledger().await;
    site.store.alter_entry_by_hand(entry.seq, |_| before).await.map_err(Stop::refused)?;
    let found = found?;
    let said = in_words(&found);
    hold(!found.is_sound() && said.contains(&entry.seq.to_string()), || {
        format!("entry {} was changed by hand and not found: {said}", entry.seq)
    })?;
    Ok(format!("entry {} changed by hand is found: {said}", entry.seq))
}
