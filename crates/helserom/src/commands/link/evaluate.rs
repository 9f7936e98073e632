//! `helserom link evaluate`: links without answers, and says how good that is.

use std::collections::BTreeMap;
use std::time::Instant;

use linkage::probabilistic::{
    Edge, Figures, Linker, Model, Narrowed, Step, Told, Truth, Weighed, weight,
};
use serde::Serialize;
use serde_json::json;

use super::found::{self, Found};
use super::rows::{self, Read};
use super::spec;
use crate::answer::{Answer, Stop, table};
use crate::cli::EvaluateArgs;

/// The probabilities that figures are told at.
const AT: [f64; 2] = [0.5, 0.95];
/// Edges are kept from this probability on: clusters look at some that fall short.
const KEPT: f64 = 0.01;

/// How long each stage took, in seconds.
#[derive(Debug, Default, Serialize)]
struct Seconds {
    read: f64,
    prepare: f64,
    train: f64,
    predict: f64,
    cluster: f64,
    write: f64,
    total: f64,
}

/// What was found at one probability.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Level {
    /// Pairs that are at least so probable.
    edges: u64,
    /// Clusters of more than one row.
    clusters: u64,
    pairs: Option<Figures>,
    clustered: Option<Figures>,
}

pub(super) fn run(arguments: &EvaluateArgs) -> Result<Answer, Stop> {
    let least = arguments.least;
    if !(least > 0.0 && least < 1.0) {
        return Err(Stop::usage("`--least` is a probability between 0 and 1"));
    }
    let begun = Instant::now();
    let mut seconds = Seconds::default();
    let mut asked = spec::read(&arguments.spec)?;
    asked.spec.one_to_one |= arguments.one_to_one;
    if asked.spec.one_to_one && arguments.second.is_none() {
        return Err(Stop::usage("`one-to-one` is for two files: a second is missing"));
    }
    let (first, second) = (&arguments.first, arguments.second.as_deref());
    let read =
        timed(&mut seconds.read, || rows::read(&asked, first, second, arguments.truth.as_deref()))?;
    let Read { records, people, ids_are_numbers } = &read;
    let linker = timed(&mut seconds.prepare, || Linker::new(records, &asked.spec));
    let model = timed(&mut seconds.train, || linker.train());
    let kept = weight(least.min(KEPT));
    let weighed = timed(&mut seconds.predict, || {
        let mut weighed = linker.weigh(&model, kept, usize::from(arguments.threads));
        if asked.spec.one_to_one {
            weighed.edges = linker.one_to_one(&weighed.edges);
        }
        weighed
    });
    let clusters: Vec<Vec<u32>> = timed(&mut seconds.cluster, || {
        AT.iter()
            .map(|at| {
                if asked.spec.one_to_one {
                    linker.couples(&weighed.edges, weight(*at))
                } else {
                    linker.clusters(&model, &weighed.edges, weight(*at))
                }
            })
            .collect()
    });
    let split = records.are_two_files().then(|| records.rows_of_first());
    let truth = people.as_ref().map(|people| Truth::new(people, split));
    let levels: BTreeMap<String, Level> = AT
        .iter()
        .zip(&clusters)
        .map(|(at, clusters)| {
            (at.to_string(), level(&linker, &weighed, *at, clusters, truth.as_ref()))
        })
        .collect();
    let told = linker.told(&model);
    let why = explained(arguments, &linker, &model, &read)?;
    let (narrowed, all_pairs) = (linker.narrowed().to_vec(), linker.all_pairs());
    // What was compared is given back before what was found is put into columns.
    let places = linker.into_places();
    let written = timed(&mut seconds.write, || {
        let Some(folder) = &arguments.out else { return Ok(Vec::new()) };
        let found = Found {
            places: &places,
            records,
            edges: &weighed.edges,
            least: weight(least),
            clusters: &clusters,
            told: &told,
            ids_are_numbers: *ids_are_numbers,
        };
        found::write(folder, arguments.format, &found)
    })?;
    seconds.total = begun.elapsed().as_secs_f64();
    let told = Report { read: &read, narrowed, all_pairs, weighed: &weighed, model: &told };
    Ok(told.answer(&levels, &seconds, &written, why))
}

fn timed<T>(seconds: &mut f64, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    *seconds = begun.elapsed().as_secs_f64();
    done
}

fn level(
    linker: &Linker<'_>,
    weighed: &Weighed,
    at: f64,
    clusters: &[u32],
    truth: Option<&Truth<'_>>,
) -> Level {
    let enough = |edge: &&Edge| f64::from(edge.weight) >= weight(at);
    let edges = || weighed.edges.iter().filter(enough);
    let mut sizes: BTreeMap<u32, u64> = BTreeMap::new();
    for cluster in clusters {
        *sizes.entry(*cluster).or_default() += 1;
    }
    Level {
        edges: edges().count() as u64,
        clusters: sizes.values().filter(|size| **size > 1).count() as u64,
        pairs: truth.map(|truth| truth.of_pairs(edges().map(|edge| linker.rows(*edge)))),
        clustered: truth.map(|truth| truth.of_clusters(clusters)),
    }
}

/// Why two rows weigh what they weigh, where that was asked.
fn explained(
    arguments: &EvaluateArgs,
    linker: &Linker<'_>,
    model: &Model,
    read: &Read,
) -> Result<Option<Vec<Step>>, Stop> {
    let Some([one, other]) = arguments.explain.as_deref() else { return Ok(None) };
    let two = read.records.are_two_files();
    let row = |id: &str, second: bool| {
        let [first, in_second] = read.records.find(id);
        let found = if second { in_second } else { first };
        let file = if second { arguments.second.as_deref() } else { Some(&*arguments.first) };
        let file = file.unwrap_or(&arguments.first).display();
        found.ok_or_else(|| Stop::usage(format!("`--explain`: `{file}` has no row `{id}`")))
    };
    Ok(Some(linker.explain(model, row(one, false)?, row(other, two)?)))
}

/// What is told in the end.
struct Report<'a> {
    read: &'a Read,
    narrowed: Vec<Narrowed>,
    all_pairs: f64,
    weighed: &'a Weighed,
    model: &'a Told,
}

impl Report<'_> {
    fn answer(
        &self,
        levels: &BTreeMap<String, Level>,
        seconds: &Seconds,
        written: &[String],
        why: Option<Vec<Step>>,
    ) -> Answer {
        let records = &self.read.records;
        let first = records.rows_of_first();
        let second = records.are_two_files().then(|| records.rows() - first);
        let rules: Vec<_> = self
            .weighed
            .by_rule
            .iter()
            .map(|(rule, pairs)| json!({ "rule": rule, "pairs": pairs }))
            .collect();
        let peak = peak_mib();
        let weight: Option<f64> =
            why.as_ref().map(|steps| steps.iter().map(|s| s.weight + s.frequency).sum());
        let json = json!({
            "rows": first,
            "rows-of-second": second,
            "pairs": self.weighed.pairs,
            "rules": rules,
            "narrowed": self.narrowed,
            "prior": self.model.prior,
            "matches-expected": self.model.prior * self.all_pairs,
            "at": levels,
            "seconds": seconds,
            "peak-memory-mib": peak,
            "model": self.model,
            "written": written,
            "explained": why.as_ref().map(|steps| json!({
                "steps": steps,
                "weight": weight,
                "probability": weight.map(linkage::probabilistic::probability),
            })),
        });
        Answer::new(self.text(levels, seconds, peak, written, why.as_deref()), json)
    }

    fn text(
        &self,
        levels: &BTreeMap<String, Level>,
        seconds: &Seconds,
        peak: Option<f64>,
        written: &[String],
        why: Option<&[Step]>,
    ) -> String {
        let records = &self.read.records;
        let first = records.rows_of_first();
        let rows = if records.are_two_files() {
            format!("{first} rows and {} rows", records.rows() - first)
        } else {
            format!("{first} rows")
        };
        let mut parts = vec![format!(
            "{rows}; {} pairs compared, {:.0} of all possible are expected to be one person",
            self.weighed.pairs,
            self.model.prior * self.all_pairs
        )];
        parts.extend(self.narrowed());
        let rules: Vec<_> = self
            .weighed
            .by_rule
            .iter()
            .map(|(rule, pairs)| vec![rule.clone(), pairs.to_string()])
            .collect();
        parts.push(table(&["blocking rule", "pairs it found first"], &rules));
        parts.push(figures(levels));
        parts.push(format!(
            "seconds: read {:.2}, prepare {:.2}, train {:.2}, predict {:.2}, cluster {:.2}, \
             write {:.2}, in all {:.2}; peak memory {}",
            seconds.read,
            seconds.prepare,
            seconds.train,
            seconds.predict,
            seconds.cluster,
            seconds.write,
            seconds.total,
            peak.map_or_else(|| "unknown".to_owned(), |mib| format!("{mib:.0} MiB")),
        ));
        if !written.is_empty() {
            parts.push(format!("written: {}", written.join(", ")));
        }
        parts.extend(why.map(waterfall));
        parts.join("\n\n")
    }

    /// Blocks that were too large, the largest first.
    fn narrowed(&self) -> Option<String> {
        const SHOWN: usize = 10;
        let mut blocks: Vec<_> = self.narrowed.iter().collect();
        blocks.sort_by_key(|block| std::cmp::Reverse(block.pairs));
        let lines: Vec<_> = blocks
            .iter()
            .take(SHOWN)
            .map(|block| {
                let done = if block.narrowed {
                    "compared where one more column agrees"
                } else {
                    "not compared by this rule"
                };
                let (rows, pairs) = (block.rows.to_string(), block.pairs.to_string());
                vec![block.rule.clone(), rows, pairs, done.to_owned()]
            })
            .collect();
        let more = blocks.len().saturating_sub(SHOWN);
        let rest = if more == 0 { String::new() } else { format!("\nand {more} more") };
        (!lines.is_empty()).then(|| {
            format!("{}{rest}", table(&["too large a block of", "rows", "pairs", ""], &lines))
        })
    }
}

fn figures(levels: &BTreeMap<String, Level>) -> String {
    let mut rows = Vec::new();
    for (at, level) in levels {
        let what =
            [("pairs", level.edges, level.pairs), ("clusters", level.clusters, level.clustered)];
        for (what, found, figures) in what {
            let share = |of: fn(Figures) -> f64| {
                figures.map_or_else(|| "–".to_owned(), |figures| format!("{:.4}", of(figures)))
            };
            rows.push(vec![
                format!("p ≥ {at}"),
                what.to_owned(),
                found.to_string(),
                share(|figures| figures.precision),
                share(|figures| figures.recall),
                share(|figures| figures.f1),
            ]);
        }
    }
    table(&["at", "of", "found", "precision", "recall", "F1"], &rows)
}

fn waterfall(steps: &[Step]) -> String {
    let mut sum = 0.0;
    let rows: Vec<_> = steps
        .iter()
        .map(|step| {
            sum += step.weight + step.frequency;
            vec![
                step.name.clone(),
                if step.given.is_empty() {
                    step.label.clone()
                } else {
                    format!("{}, as {}", step.label, step.given.join(", "))
                },
                format!("{:+.2}", step.weight),
                if step.frequency == 0.0 {
                    String::new()
                } else {
                    format!("{:+.2}", step.frequency)
                },
                format!("{sum:+.2}"),
            ]
        })
        .collect();
    let probability = linkage::probabilistic::probability(sum);
    let head = ["evidence", "agreement", "bits", "for its frequency", "sum"];
    format!("{}\n= probability {probability:.6}", table(&head, &rows))
}

/// The most memory this program held at once (`VmHWM`, proc(5)).
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1024.0)
}
