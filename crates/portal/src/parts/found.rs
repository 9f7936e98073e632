//! How the people of an extract were found, in plain words and pictures.

use askama::Template;
use linkage::Changed;
use linkage::found::{Cell, Found, Group, LevelWeight};
use model::SourceId;

use super::weighing::{agreed, bits, compared, rule};
use crate::chart::{
    Chart, Columned, Ranked, Room, Thresholds, Weighted, Written, columns, ranked, thresholds,
    weighted,
};
use crate::names::Names;
use crate::words::Words;

/// How people were found. Prints itself as HTML.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/found.html")]
pub struct FoundPart {
    words: Words,
    /// What the names of its elements begin with.
    id: String,
    says: Vec<String>,
    tables: Vec<FoundTable>,
    weights: Chart,
    weight_lines: Vec<(String, String)>,
    thresholds: Chart,
    threshold_lines: Vec<[String; 4]>,
    levels: Chart,
    level_lines: Vec<[String; 3]>,
    rules: Chart,
    rule_lines: Vec<(String, String)>,
    smallest: String,
    narrowed: Vec<String>,
}

impl askama::filters::HtmlSafe for FoundPart {}

/// People by something that some of them have in common.
#[derive(Debug, Clone)]
pub struct FoundTable {
    id: String,
    title: String,
    lines: Vec<(String, Vec<String>)>,
}

/// What stands where a count is withheld.
fn count(words: &Words, count: Option<u64>, smallest: u64) -> String {
    count.map_or_else(|| words.say_with("found-few", smallest), |count| words.whole(count))
}

/// Expected numbers have a decimal, since they are no counts.
fn expected(words: &Words, number: Option<f64>) -> String {
    number.map_or_else(|| words.say("found-withheld").into_owned(), |n| words.decimal(n, 1))
}

fn line(words: &Words, cell: &Cell, smallest: u64) -> Vec<String> {
    [cell.people, cell.exact, cell.own_number, cell.near, cell.likely, cell.alone]
        .into_iter()
        .map(|of| count(words, of, smallest))
        .chain([expected(words, cell.false_links), expected(words, cell.missed_links)])
        .collect()
}

impl FoundPart {
    /// What `found` says, as the element `id`.
    pub fn new(words: &Words, names: &Names, found: &Found, id: &str) -> Self {
        let smallest = found.smallest_count;
        let all = &found.all;
        let mut says = vec![words.say_with("found-threshold", words.percent(found.threshold))];
        if let (Some(exact), Some(people)) = (all.exact, all.people) {
            says.push(words.say_both("found-exact", words.whole(exact), words.whole(people)));
        }
        if let Some(own) = all.own_number.filter(|own| *own > 0) {
            says.push(words.say_with("found-own-number", words.whole(own)));
        }
        if let Some(near) = all.near.filter(|near| *near > 0) {
            says.push(words.say_with("found-near", words.whole(near)));
        }
        if let Some(likely) = all.likely {
            says.push(words.say_with("found-likely", words.whole(likely)));
        }
        if let (Some(wrong), Some(missed)) = (all.false_links, all.missed_links) {
            let (wrong, missed) = (words.decimal(wrong, 1), words.decimal(missed, 1));
            says.push(words.say_both("found-doubt", wrong, missed));
        }
        if let Some(reviewed) = &found.reviewed {
            let told = |of| count(words, of, smallest);
            says.push(words.say_both(
                "found-reviewed",
                told(reviewed.same),
                told(reviewed.different),
            ));
            if reviewed.set_aside != Some(0) {
                says.push(words.say_with("found-set-aside", told(reviewed.set_aside)));
            }
            if reviewed.put_up != Some(0) {
                says.push(words.say_with("found-put-up", told(reviewed.put_up)));
            }
        }
        let source = |name: &SourceId| names.source(name, words.lang());
        let mut tables = vec![FoundTable {
            id: format!("{id}-sources"),
            title: words.say("found-by-source").into_owned(),
            lines: std::iter::once((words.say("found-all").into_owned(), all))
                .chain(found.sources.iter().map(|(name, cell)| (source(name), cell)))
                .map(|(name, cell)| (name, line(words, cell, smallest)))
                .collect(),
        }];
        for (of, key, groups) in [
            ("sexes", "found-by-sex", &found.sexes),
            ("ages", "found-by-age", &found.ages),
            ("countries", "found-by-country", &found.countries),
        ] {
            if !groups.is_empty() {
                let title = words.say(key).into_owned();
                let (id, lines) = (format!("{id}-{of}"), grouped(words, groups, smallest));
                tables.push(FoundTable { id, title, lines });
            }
        }
        let (weights, weight_lines) = weights_of(words, found, id);
        let (thresholds, threshold_lines) = thresholds_of(words, found, id);
        let narrowed = found.narrowed.iter().map(|block| {
            let (key, count) = match (block.whole, block.narrowed) {
                (true, _) => ("found-rule-narrowed", block.pairs),
                (false, true) => ("found-narrowed", block.rows),
                (false, false) => ("found-not-compared", block.rows),
            };
            words.say_both(key, words.whole(count), rule(words, &block.rule))
        });
        let (levels, level_lines) = levels_of(words, found, id);
        let (rules, rule_lines) = rules_of(words, found, id);
        Self {
            id: id.to_owned(),
            says,
            tables,
            weights,
            weight_lines,
            thresholds,
            threshold_lines,
            levels,
            level_lines,
            rules,
            rule_lines,
            smallest: words.say_with("found-smallest", smallest),
            narrowed: narrowed.collect(),
            words: words.clone(),
        }
    }
}

fn grouped(words: &Words, groups: &[Group], smallest: u64) -> Vec<(String, Vec<String>)> {
    let name = |value: &Option<String>| match value.as_deref() {
        None => words.say("found-unknown").into_owned(),
        Some("f") => words.say("found-female").into_owned(),
        Some("m") => words.say("found-male").into_owned(),
        Some("…") => words.say("found-others").into_owned(),
        Some(value) => value.to_owned(),
    };
    groups.iter().map(|group| (name(&group.value), line(words, &group.cell, smallest))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "pairs of people, for a picture")]
fn weights_of(words: &Words, found: &Found, id: &str) -> (Chart, Vec<(String, String)>) {
    let nothing = found.weights.iter().all(|column| column.pairs == Some(0));
    if nothing {
        return (Chart::default(), Vec::new());
    }
    let label = |from: i32| words.decimal(f64::from(from), 0);
    let heights: Vec<(String, Option<f64>)> = found
        .weights
        .iter()
        .map(|column| (label(column.from), column.pairs.map(|pairs| pairs as f64)))
        .collect();
    let picture = columns(Columned {
        id: &format!("{id}-weights"),
        title: &words.say("found-weights"),
        description: &words.say("found-weights-what"),
        columns: &heights,
        room: Room::Panel,
        axis: Written(&|end| words.number(end)),
    });
    let lines = found
        .weights
        .iter()
        .filter(|column| column.pairs != Some(0))
        .map(|column| (label(column.from), count(words, column.pairs, found.smallest_count)))
        .collect();
    (picture, lines)
}

fn thresholds_of(words: &Words, found: &Found, id: &str) -> (Chart, Vec<[String; 4]>) {
    let points: Vec<(String, [f64; 2])> = found
        .thresholds
        .iter()
        .map(|at| (words.number(at.threshold), [at.false_links, at.missed_links]))
        .collect();
    let chosen = found
        .thresholds
        .iter()
        .position(|at| (at.threshold - found.threshold).abs() < f64::EPSILON);
    let picture = thresholds(Thresholds {
        id: &format!("{id}-thresholds"),
        title: &words.say("found-thresholds"),
        description: &words.say("found-thresholds-what"),
        curves: [&words.say("found-false"), &words.say("found-missed")],
        points: &points,
        chosen,
        write: Written(&|value| words.number(value)),
    });
    let lines = found
        .thresholds
        .iter()
        .map(|at| {
            [
                words.number(at.threshold),
                count(words, at.links, found.smallest_count),
                words.decimal(at.false_links, 1),
                words.decimal(at.missed_links, 1),
            ]
        })
        .collect();
    (picture, lines)
}

/// What each kind of agreement weighs.
fn levels_of(words: &Words, found: &Found, id: &str) -> (Chart, Vec<[String; 3]>) {
    let mut groups: Vec<(String, Vec<(String, f64)>)> = Vec::new();
    for of in found.levels.chunk_by(|a, b| a.comparison == b.comparison) {
        let name = of.first().map_or_else(String::new, |of| compared(words, &of.comparison));
        let is_prior = of.first().is_some_and(|of| of.comparison == LevelWeight::PRIOR);
        let bar = |of: &LevelWeight| (agreed(words, &of.level), of.bits);
        groups.push(if is_prior {
            (String::new(), of.iter().map(|of| (name.clone(), of.bits)).collect())
        } else {
            (name, of.iter().map(bar).collect())
        });
    }
    let picture = weighted(Weighted {
        id: &format!("{id}-levels"),
        title: &words.say("found-levels"),
        description: &words.say("found-levels-what"),
        groups: &groups,
        write: Written(&|weight| bits(words, weight)),
    });
    let line = |name: &str, (label, weight): &(String, f64)| {
        [name.to_owned(), label.clone(), bits(words, *weight)]
    };
    let lines = groups.iter().flat_map(|(name, bars)| bars.iter().map(|bar| line(name, bar)));
    (picture, lines.collect())
}

/// How many pairs each blocking rule found.
#[expect(clippy::cast_precision_loss, reason = "pairs of people, for a picture")]
fn rules_of(words: &Words, found: &Found, id: &str) -> (Chart, Vec<(String, String)>) {
    let lines: Vec<(String, String)> = found
        .rules
        .iter()
        .map(|of| (rule(words, &of.rule), count(words, of.pairs, found.smallest_count)))
        .collect();
    let bars: Vec<(String, f64, String)> = found
        .rules
        .iter()
        .zip(&lines)
        .map(|(of, (name, shown))| (name.clone(), of.pairs.unwrap_or(0) as f64, shown.clone()))
        .collect();
    let picture = ranked(Ranked {
        id: &format!("{id}-rules"),
        title: &words.say("found-rules"),
        description: &words.say("found-rules-what"),
        bars: &bars,
        room: Room::Panel,
    });
    (picture, lines)
}

/// What became of the people of the extract before, in sentences.
pub(crate) fn changed(words: &Words, changed: Changed) -> Vec<String> {
    let Changed { kept, new, merged, split } = changed;
    let mut lines: Vec<String> = [
        ("changed-kept", kept),
        ("changed-new", new),
        ("changed-merged", merged),
        ("changed-split", split),
    ]
    .into_iter()
    .filter(|(key, count)| *count > 0 || *key == "changed-kept")
    .map(|(key, count)| words.say_with(key, words.whole(count)))
    .collect();
    if merged + split > 0 {
        lines.push(words.say("changed-file").into_owned());
    }
    lines
}

/// What a sample page shows.
pub(crate) fn sample() -> Found {
    use linkage::found::{AtThreshold, NarrowedBlock, RuleCount, WeightColumn};
    use linkage::review::Reviewed;

    let cell = |exact, likely, alone, wrong, missed| Cell {
        people: Some(exact + likely + alone + 22),
        exact: Some(exact),
        own_number: Some(0),
        near: Some(22),
        likely: Some(likely),
        alone: Some(alone),
        false_links: Some(wrong),
        missed_links: Some(missed),
    };
    let group = |value: &str, cell| Group { value: Some(value.to_owned()), cell };
    let of = [
        ("person", cell(16_021, 388, 1_118, 1.9, 14.2)),
        ("laboratory", cell(16_021, 410, 604, 2.2, 16.0)),
    ];
    Found {
        threshold: 0.95,
        smallest_count: 5,
        compared: 81_204,
        all: cell(32_042, 798, 1_722, 4.1, 30.2),
        sources: of.into_iter().map(|(name, cell)| (crate::sample::literal(name), cell)).collect(),
        sexes: vec![
            group("f", cell(16_500, 402, 800, 2.0, 15.1)),
            group("m", cell(15_520, 374, 900, 2.1, 15.1)),
            Group { value: None, cell: Cell::default() },
        ],
        ages: vec![group("18-39", cell(9_000, 300, 800, 2.0, 20.1)), group("80+", Cell::default())],
        countries: vec![
            group("NO", cell(31_000, 500, 1_000, 2.4, 12.0)),
            group("…", cell(1_020, 276, 700, 1.7, 18.2)),
        ],
        weights: [(0, 120), (2, 44), (4, 3), (6, 60), (8, 340)]
            .into_iter()
            .map(|(from, pairs)| WeightColumn { from, pairs: Some(pairs).filter(|n| *n >= 5) })
            .collect(),
        thresholds: [(0.5, 840, 12.4, 8.0), (0.95, 798, 4.1, 30.2), (0.99, 700, 0.9, 88.7)]
            .into_iter()
            .map(|(threshold, links, false_links, missed_links)| AtThreshold {
                threshold,
                links: Some(links),
                false_links,
                missed_links,
            })
            .collect(),
        rules: [("birth-date", 40_110), ("surname-and-given-name", 22_004), ("names-swapped", 3)]
            .into_iter()
            .map(|(rule, pairs)| RuleCount {
                rule: rule.to_owned(),
                pairs: Some(pairs).filter(|n| *n >= 5),
            })
            .collect(),
        levels: [
            (LevelWeight::PRIOR, "", -13.2),
            ("given-name", "equal", 7.1),
            ("given-name", "another spelling or order", 6.2),
            ("given-name", "different", -4.0),
            ("birth-date", "equal", 11.8),
            ("birth-date", "day and month swapped", 6.5),
            ("birth-date", "another date", -6.9),
        ]
        .into_iter()
        .map(|(comparison, level, bits)| LevelWeight {
            comparison: comparison.to_owned(),
            level: level.to_owned(),
            bits,
        })
        .collect(),
        narrowed: vec![
            NarrowedBlock {
                rule: "surname-and-given-name".to_owned(),
                rows: 14_155_949,
                pairs: 2_467_187_125,
                narrowed: true,
                whole: true,
            },
            NarrowedBlock {
                rule: "birth-date".to_owned(),
                rows: 9_001,
                pairs: 40_504_500,
                narrowed: true,
                whole: false,
            },
        ],
        reviewed: Some(Reviewed {
            same: Some(31),
            different: Some(12),
            set_aside: Some(0),
            put_up: Some(50),
        }),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use model::Lang;

    use super::*;

    #[test]
    fn what_is_withheld_is_said_so_in_every_language() {
        for (lang, few) in [(Lang::En, "&lt;5"), (Lang::Nb, "&lt;5"), (Lang::Da, "&lt;5")] {
            let words = Words::new(lang, TimeZone::UTC);
            let html = FoundPart::new(&words, &Names::sample(), &sample(), "found").to_string();
            assert!(html.contains(few) || html.contains("&#60;5"), "{html}");
            for picture in ["found-thresholds", "found-levels", "found-rules"] {
                assert!(html.contains(&format!("{picture}-title")), "{html}");
            }
            assert!(!html.contains(">found-"), "a word is lacking: {html}");
        }
    }
}
