//! Results are about groups; rows about single people stay.
//!
//! What rows about people cannot hide, whatever their columns are called:
//! there are many of them; their counts, if they claim any, do not add up to
//! the people there are; their columns hardly ever repeat a value; and their
//! dimensions fill only a sliver of the combinations that a table would. Each
//! sign has a test here. A table that rests on at least `k` people a row has at
//! most one row for every `k` people: past that it needs a count to be believed.
//! Sources: EHDS article 73(2); *Handbook* 3.3 on uniques.

use model::Text;

use super::Look;
use crate::finding::{Finding, Weight};
use crate::role::{Role, Shape};
use crate::rule::Rule;

/// Fewer rows than this can be looked through by a person.
const A_SCREENFUL: usize = 20;
/// More rows than this without a count are refused even if nothing is known.
const MANY: usize = 200;
/// More rows than this are for a person to look at whatever they hold.
const VERY_MANY: usize = 1000;

/// Signs of rows about single people.
pub(crate) fn check(look: &Look<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(rows(look));
    findings.extend(columns(look));
    findings.extend(implausible(look));
    findings.extend(repeated(look));
    findings.extend(near_unique(look));
    findings.extend(sparse(look));
    // One sign is a question; several together are an answer.
    let signs = findings.iter().filter(|finding| finding.weight == Weight::Review).count();
    let certain = findings.iter().any(|finding| finding.weight == Weight::Refuse);
    if signs >= 2 && look.table().rows() >= 100 && !certain {
        let why = Text::of(
            "Flere tegn til sammen viser at radene handler om enkeltpersoner.",
            "Flere tegn tilsammen viser, at rækkerne handler om enkeltpersoner.",
            "Several signs together show that the rows are about single people.",
        );
        findings.push(Finding::file(Rule::RowData, Weight::Refuse, why));
    }
    findings
}

fn people(look: &Look<'_>) -> Option<usize> {
    look.context.people.and_then(|people| usize::try_from(people).ok())
}

/// Whether something in the table says how many people its rows rest on.
fn counted(look: &Look<'_>) -> bool {
    match look.understood.shape {
        Shape::Survival => look.understood.first(Role::AtRisk).is_some(),
        Shape::Model => look.table().rows() <= MANY,
        Shape::Frequency | Shape::Magnitude => !look.counts.is_empty(),
        Shape::Rows => false,
    }
}

fn rows(look: &Look<'_>) -> Option<Finding> {
    let rows = look.table().rows();
    let k = usize::try_from(look.rules.threshold()).unwrap_or(usize::MAX);
    if rows < A_SCREENFUL {
        return None;
    }
    let refuse = |why| Some(Finding::file(Rule::RowData, Weight::Refuse, why));
    if let Some(people) = people(look)
        && rows.saturating_mul(2) >= people
    {
        let alike = rows.abs_diff(people) * 20 <= people;
        return refuse(if alike {
            Text::of(
                "Filen har omtrent like mange rader som det er personer: én rad for hver.",
                "Filen har omtrent lige så mange rækker, som der er personer: én række for hver.",
                "The file has about as many rows as there are people: one row for each.",
            )
        } else {
            Text::of(
                "Filen har så mange rader i forhold til antall personer at radene må handle om enkeltpersoner.",
                "Filen har så mange rækker i forhold til antal personer, at rækkerne må handle om enkeltpersoner.",
                "The file has so many rows for the number of people that they must be about single people.",
            )
        });
    }
    if !counted(look) && rows > people(look).map_or(MANY, |n| (n / k).clamp(A_SCREENFUL, MANY)) {
        return refuse(Text::of(
            "Filen har mange rader, og ingenting viser at hver rad hviler på flere personer.",
            "Filen har mange rækker, og intet viser, at hver række hviler på flere personer.",
            "The file has many rows, and nothing shows that each rests on several people.",
        ));
    }
    (rows > VERY_MANY).then(|| {
        let why = Text::of(
            "Filen har over tusen rader. Se om det er et resultat.",
            "Filen har over tusind rækker. Se, om det er et resultat.",
            "The file has more than a thousand rows. See whether it is a result.",
        );
        Finding::file(Rule::RowData, Weight::Review, why)
    })
}

/// Turned on its side: a column for each person.
fn columns(look: &Look<'_>) -> Option<Finding> {
    let columns = look.table().columns.iter().filter(|c| c.numeric()).count();
    let as_people = people(look).is_some_and(|n| columns * 2 >= n) && columns >= A_SCREENFUL;
    let weight = if as_people || columns > MANY {
        Weight::Refuse
    } else if columns > 60 {
        Weight::Review
    } else {
        return None;
    };
    let why = Text::of(
        "Filen har så mange kolonner med tall at hver kan være én person.",
        "Filen har så mange kolonner med tal, at hver kan være én person.",
        "The file has so many columns of numbers that each may be one person.",
    );
    Some(Finding::file(Rule::RowData, weight, why))
}

/// Counts that add up to more than there is to count.
fn implausible(look: &Look<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rows = look.table().rows();
    let most = look.context.people.max(look.context.rows).map(i128::from);
    // Where nothing is known: all the people that ever live at once.
    let most = most.or(Some(10_000_000_000));
    for (at, column) in look.counts.iter().enumerate() {
        let inner = (0..rows).filter(|row| {
            look.cells
                .axes
                .iter()
                .all(|axis| axis.total.is_none() || axis.of_row.get(*row).copied() != axis.total)
        });
        let values: Vec<i128> = inner.filter_map(|row| look.cells.value(at * rows + row)).collect();
        let sum: i128 = values.iter().sum();
        let same = values.len() >= A_SCREENFUL
            && values.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
        let weight = if most.is_some_and(|most| sum > most) {
            if rows >= A_SCREENFUL { Weight::Refuse } else { Weight::Review }
        } else if same {
            Weight::Review
        } else {
            continue;
        };
        let why = Text::of(
            "Tallene kan ikke være antall personer: de er flere enn det finnes, eller alle like.",
            "Tallene kan ikke være antal personer: de er flere, end der findes, eller alle ens.",
            "The numbers cannot count people: they are more than there are, or all the same.",
        );
        findings.push(Finding::new(
            Rule::Implausible,
            weight,
            vec![look.table().column_place(*column)],
            why,
        ));
    }
    findings
}

/// The same cell twice: then the rows are not cells.
fn repeated(look: &Look<'_>) -> Option<Finding> {
    if !matches!(look.understood.shape, Shape::Frequency | Shape::Magnitude) {
        return None;
    }
    let (rows, repeated) = (look.table().rows(), &look.cells.repeated);
    if repeated.is_empty() {
        return None;
    }
    if rows >= 50 && repeated.len() * 2 >= rows {
        let why = Text::of(
            "De fleste rader gjentar en annen rads grupper. Da er radene ikke celler i en tabell.",
            "De fleste rækker gentager en anden rækkes grupper. Så er rækkerne ikke celler i en tabel.",
            "Most rows repeat another row's groups. Then the rows are not the cells of a table.",
        );
        return Some(Finding::file(Rule::RowData, Weight::Refuse, why));
    }
    let places = repeated.iter().map(|row| crate::finding::row(*row)).collect();
    let why = Text::of(
        "Raden har samme grupper som en annen rad, så summene kan ikke kontrolleres.",
        "Rækken har samme grupper som en anden række, så summerne kan ikke kontrolleres.",
        "The row has the same groups as another, so sums cannot be checked.",
    );
    Some(Finding::new(Rule::Irregular, Weight::Review, places, why))
}

/// Columns of values that hardly ever repeat, for which no rule has a use.
fn near_unique(look: &Look<'_>) -> Vec<Finding> {
    let rows = look.table().rows();
    if rows < A_SCREENFUL {
        return Vec::new();
    }
    let mut unique = Vec::new();
    let mut labels = Vec::new();
    for (at, column) in look.table().columns.iter().enumerate() {
        let nearly = column.distinct() * 10 >= rows * 9;
        match look.understood.role(at) {
            Role::Unexplained if nearly && column.numeric() => unique.push(at),
            Role::Dimension if column.distinct() > 100 => labels.push(at),
            _ => {}
        }
    }
    let mut findings = Vec::new();
    let places =
        |columns: &[usize]| columns.iter().map(|at| look.table().column_place(*at)).collect();
    if !unique.is_empty() {
        let sure = rows >= 100 || unique.len() >= 2 && rows >= 50;
        let why = Text::of(
            "Nesten hver rad har sin egen verdi, slik målinger av enkeltpersoner har.",
            "Næsten hver række har sin egen værdi, sådan som målinger af enkeltpersoner har.",
            "Nearly every row has a value of its own, as measurements of single people have.",
        );
        let weight = if sure { Weight::Refuse } else { Weight::Review };
        findings.push(Finding::new(Rule::NearUnique, weight, places(&unique), why));
    }
    if !labels.is_empty() {
        let why = Text::of(
            "Kolonnen har over hundre ulike verdier. Se om de er grupper eller personer.",
            "Kolonnen har over hundrede forskellige værdier. Se, om de er grupper eller personer.",
            "The column has more than a hundred values. See whether they are groups or people.",
        );
        findings.push(Finding::new(Rule::NearUnique, Weight::Review, places(&labels), why));
    }
    findings
}

/// Dimensions that fill a sliver of their combinations.
fn sparse(look: &Look<'_>) -> Option<Finding> {
    let rows = look.table().rows();
    let axes = &look.cells.axes;
    if rows < 50 || axes.len() < 2 || look.understood.shape == Shape::Survival {
        return None;
    }
    let room =
        axes.iter().fold(1_usize, |room, axis| room.saturating_mul(axis.labels.len().max(1)));
    let weight = if rows >= 500 && room / 50 > rows {
        Weight::Refuse
    } else if room / 10 > rows {
        Weight::Review
    } else {
        return None;
    };
    let why = Text::of(
        "Gruppene fyller bare en liten del av kombinasjonene, slik rader om enkeltpersoner gjør.",
        "Grupperne fylder kun en lille del af kombinationerne, sådan som rækker om enkeltpersoner gør.",
        "The groups fill only a sliver of their combinations, as rows about single people do.",
    );
    Some(Finding::file(Rule::RowData, weight, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{of, says};
    use crate::context::Context;
    use crate::kind::Kind;

    fn of_people(n: u64) -> Context {
        Context { people: Some(n), rows: Some(n), ..Context::default() }
    }

    fn people(n: usize, header: &str, row: impl Fn(usize) -> String) -> String {
        let rows: Vec<String> = (0..n).map(row).collect();
        format!("{header}\n{}\n", rows.join("\n"))
    }

    fn refused(csv: &str, kind: &Kind, context: &Context) -> bool {
        says(check, csv, kind, context).iter().any(|found| found.contains("Refuse"))
    }

    #[test]
    fn a_row_for_each_person_is_seen() {
        let csv = people(100, "a,b,c", |i| {
            format!("{},{}.{},{}", i * 37 % 100, i * 7 % 50, i % 9, i % 2)
        });
        assert!(refused(&csv, &Kind::Unknown, &of_people(100)));
        assert!(refused(&csv, &Kind::Unknown, &of_people(104)));
        assert!(refused(&csv, &Kind::Unknown, &Context::default()), "even if nothing is known");
    }

    #[test]
    fn a_count_column_that_is_an_age_does_not_help() {
        let csv = people(400, "sex,hdl,n", |i| {
            format!("{},{}.{},{}", ["m", "f"][i % 2], i % 3, i % 97, 20 + i % 70)
        });
        let kind = Kind::FrequencyTable {
            dimensions: vec!["sex".into(), "hdl".into()],
            counts: vec!["n".into()],
            hierarchies: std::collections::BTreeMap::new(),
        };
        assert!(refused(&csv, &kind, &of_people(17_549)));
        assert!(refused(&csv, &kind, &of_people(800)));
    }

    #[test]
    fn people_on_their_side_are_seen() {
        let header: Vec<String> = (0..300).map(|i| format!("v{i}")).collect();
        let csv = format!("what,{}\nage,{}\n", header.join(","), vec!["47"; 300].join(","));
        assert!(refused(&csv, &Kind::Unknown, &of_people(17_549)));
    }

    #[test]
    fn a_few_rows_of_many_people_are_for_review_at_least() {
        let csv = people(30, "age,hdl", |i| {
            format!("{},{}.{}", 20 + i * 13 % 71, 1 + i % 2, i * 29 % 83)
        });
        assert_eq!(
            says(check, &csv, &Kind::Unknown, &of_people(17_549)),
            ["near-unique Review column `age`", "near-unique Review column `hdl`"]
        );
    }

    #[test]
    fn ordinary_tables_are_not_taken_for_rows() {
        assert_eq!(of(check, "sex,n\nm,10\nf,20\n"), [""; 0]);
        let csv = people(60, "year,sex,n", |i| {
            format!("{},{},{}", 1990 + i / 2, ["m", "f"][i % 2], 100 + i * 5)
        });
        assert_eq!(says(check, &csv, &Kind::Unknown, &of_people(17_549)), [""; 0]);
    }

    #[test]
    fn counts_that_are_more_than_there_are_people_are_not_believed() {
        let csv = people(30, "region,n", |i| format!("r{i},{}", 900 + i));
        assert_eq!(
            says(check, &csv, &Kind::Unknown, &of_people(17_549)),
            ["implausible Refuse column `n`"]
        );
        let csv = people(30, "region,n", |i| format!("r{i},7"));
        assert_eq!(
            says(check, &csv, &Kind::Unknown, &of_people(17_549)),
            ["implausible Review column `n`"]
        );
    }
}
