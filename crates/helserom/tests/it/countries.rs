//! Registers of two countries through the whole program. Everybody was born in 1858: of
//! Danish numbers none was ever given to them, of Norwegian ones theirs are Tenor's.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use model::{Date, NationalId};
use permit::{ColumnTerms, SourceTerms, Terms};
use serde_json::Value;

use crate::cascade::{asked, exported, likely};
use crate::place::{Place, text};
use crate::web::{Server, granted, with_people};

const PEOPLE: usize = 700;
/// So many of a register's Danish numbers are written with a slip that makes them none.
const SPOILT: usize = 30;
/// Whoever is also in the Norwegian register: one in two.
const BOTH: usize = 2;

struct Person {
    given: &'static str,
    surname: &'static str,
    born: Date,
    norwegian: String,
    danish: String,
    postcode: String,
}

/// One of so many, drawn for a person and a purpose: the same in every run.
fn draw(at: usize, purpose: u64, of: usize) -> usize {
    let mut number = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose;
    for shift in [30, 27, 31] {
        number = (number ^ (number >> shift)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    usize::try_from(number >> 33).unwrap() % of
}

fn people() -> Vec<Person> {
    const GIVEN: [&str; 24] = [
        "Anna", "Karen", "Maren", "Kirsten", "Ane", "Johanne", "Marie", "Sofie", "Ingeborg",
        "Petrea", "Mette", "Birgitte", "Niels", "Peder", "Hans", "Jens", "Rasmus", "Anders",
        "Christen", "Lars", "Søren", "Mads", "Jørgen", "Morten",
    ];
    const SURNAME: [&str; 30] = [
        "Østergaard",
        "Kjær",
        "Holm",
        "Lund",
        "Bech",
        "Dahl",
        "Friis",
        "Juul",
        "Krogh",
        "Lassen",
        "Munk",
        "Nørgaard",
        "Overgaard",
        "Poulsen",
        "Riis",
        "Skov",
        "Toft",
        "Ulrich",
        "Vestergaard",
        "Winther",
        "Bruun",
        "Bang",
        "Berg",
        "Borch",
        "Clausen",
        "Eskildsen",
        "Fabricius",
        "Gram",
        "Hjort",
        "Iversen",
    ];
    (0..PEOPLE)
        .map(|at| {
            let days = i64::try_from(draw(at, 1, 365)).unwrap();
            let born = Date::constant(1858, 1, 1).saturating_add(jiff::Span::new().days(days));
            let (female, nth) = (at % 2 == 0, u16::try_from(at).unwrap());
            // 500 to 749 are of the 1800s; the last digit is odd for men.
            let norwegian = (0..125)
                .map(|n| 500 + (n + nth * 7) % 125 * 2 + u16::from(!female))
                .find_map(|serial| NationalId::synthetic(born, serial))
                .unwrap();
            let date = format!("{:02}{:02}58", born.day(), born.month());
            let serial = 5000 + at * 4 + usize::from(!female);
            let names = if female { &GIVEN[..12] } else { &GIVEN[12..] };
            Person {
                given: names[draw(at, 2, 12)],
                surname: SURNAME[draw(at, 3, 30)],
                born,
                norwegian: norwegian.written().to_string(),
                danish: format!("{date}-{serial:04}"),
                postcode: format!("{:04}", 1000 + draw(at, 4, 211) * 17),
            }
        })
        .collect()
}

fn contract(name: &str, issued_by: &str) -> String {
    let mut text = format!(
        "version = 1\nsource = \"{name}\"\ntitle = \"{name}\"\nholder = \"hospital\"\n\
         update = \"yearly\"\nsmallest-count = 5\ntime = \"recorded_on\"\nkey = [\"number\"]\n\
         without-national-id = \"kept\"\n\
         [quarantine]\nrows = 100\nshare = 0.1\n[file]\nformat = \"csv\"\n"
    );
    for (column, kind, more) in [
        ("record", "text", "identifies = \"local-id\""),
        ("number", "text", &format!("identifies = \"national-id\"\n{issued_by}")),
        ("given_name", "text", "identifies = \"given-name\""),
        ("surname", "text", "identifies = \"surname\""),
        ("born", "date", "identifies = \"birth-date\"\nnot-before = \"1850-01-01\""),
        ("sex", "code", "evidence = \"sex\""),
        ("postcode", "text", "evidence = \"postcode\""),
        ("recorded_on", "date", ""),
        ("truth", "integer", ""),
    ] {
        writeln!(text, "[[column]]\nname = \"{column}\"\ntype = \"{kind}\"\n{more}").unwrap();
    }
    text
}

fn register(
    people: &[Person],
    keep: impl Fn(usize) -> bool,
    number: impl Fn(usize) -> String,
) -> String {
    let mut text =
        String::from("record,number,given_name,surname,born,sex,postcode,recorded_on,truth\n");
    for (at, person) in people.iter().enumerate().filter(|(at, _)| keep(*at)) {
        let Person { given, surname, born, postcode, .. } = person;
        let (sex, number) = (if at % 2 == 0 { "f" } else { "m" }, number(at));
        writeln!(text, "r{at},{number},{given},{surname},{born},{sex},{postcode},2020-01-01,{at}")
            .unwrap();
    }
    text
}

/// Who has which number in a table, by truth.
fn numbers(place: &Place, extract: &Value, table: &str) -> HashMap<i64, i64> {
    let folder = place.data().join("extracts").join(extract["id"].as_str().unwrap());
    let rows = csv::Reader::from_path(folder.join(format!("{table}.csv")));
    rows.unwrap()
        .deserialize::<HashMap<String, String>>()
        .map(Result::unwrap)
        .map(|row| (row["truth"].parse().unwrap(), row["person"].parse().unwrap()))
        .collect()
}

/// How many who are in both tables have one number, how many of those who have one are not
/// one person, and how many there are in both.
fn shared(one: &HashMap<i64, i64>, other: &HashMap<i64, i64>) -> (usize, usize, usize) {
    let by_number: HashMap<i64, i64> = other.iter().map(|(truth, n)| (*n, *truth)).collect();
    let linked = one.iter().filter_map(|(truth, n)| Some((*truth, *by_number.get(n)?)));
    let (right, wrong): (Vec<_>, Vec<_>) = linked.partition(|(a, b)| a == b);
    let both = one.keys().filter(|truth| other.contains_key(truth)).count();
    (right.len(), wrong.len(), both)
}

#[test]
fn danish_registers_are_linked_by_their_numbers_and_with_a_norwegian_one_by_the_rest() {
    let place = Place::with_laboratory();
    with_people(&place);
    let everybody = people();
    // The day and the month change places: of these numbers none is one.
    let spoilt = |at: usize| {
        let danish = &everybody[at].danish;
        let is_late = everybody[at].born.day() > 12;
        if at < SPOILT * 2 && is_late {
            format!("{}{}{}", &danish[2..4], &danish[..2], &danish[4..])
        } else {
            danish.clone()
        }
    };
    // And of these one digit is wrong.
    let slip = |at: usize| {
        let danish = &everybody[at].danish;
        if at >= PEOPLE - SPOILT {
            format!("{}9{}", &danish[..2], &danish[3..])
        } else {
            spoilt(at)
        }
    };
    let files = [
        (
            "hospital",
            "issued-by = \"DK\"",
            register(&everybody, |_| true, |at| everybody[at].danish.clone()),
        ),
        ("medicine", "issued-by = \"DK\"", register(&everybody, |at| at % 5 != 0, slip)),
        (
            "cancer",
            "",
            register(&everybody, |at| at % BOTH == 0, |at| everybody[at].norwegian.clone()),
        ),
    ];
    for (name, issued_by, rows) in &files {
        let file = place.file(&format!("{name}.toml"), contract(name, issued_by));
        place.does(&["source", "add", text(&file)]);
        let rows = place.file(&format!("{name}.csv"), rows);
        place.does(&["source", "import", name, text(&rows)]);
    }
    let column = |name: &str| ColumnTerms { name: name.to_owned(), reason: "needed".to_owned() };
    let sources = files.each_ref().map(|(name, ..)| SourceTerms {
        source: name.parse().unwrap(),
        columns: vec![column("truth")],
        rows: vec![],
    });
    let server = Server::start(&place, &[]);
    let terms = |linkage| Terms { sources: sources.clone().into(), ..asked(linkage) };
    let exact = granted(&server, terms(permit::LinkageTerms::default()));
    let permit = granted(&server, terms(likely()));
    assert_eq!(server.running.stop().1, Some(0));

    // By equal numbers the Danish ones find each other, and nobody of the other country.
    let extract = place.json(&["--as", "researcher", "extract", "build", &exact]);
    let [hospital, medicine, cancer] =
        ["hospital", "medicine", "cancer"].map(|table| numbers(&place, &extract, table));
    let (right, wrong, both) = shared(&hospital, &medicine);
    println!("equal numbers: {right} of {both}, {wrong} wrong");
    assert!(wrong == 0 && right < both && right > both - SPOILT * 3);
    assert_eq!(shared(&hospital, &cancer), (0, 0, cancer.len()));

    let extract = place.json(&["--as", "researcher", "extract", "build", &permit]);
    println!("{}", extract["manifest"]["found"]["all"]);
    let [hospital, medicine, cancer] =
        ["hospital", "medicine", "cancer"].map(|table| numbers(&place, &extract, table));
    let (right, wrong, both) = shared(&hospital, &medicine);
    println!("Danish: {right} of {both}, {wrong} wrong");
    assert!(wrong == 0 && right * 100 > both * 99, "slips are undone");
    let (right, wrong, both) = shared(&hospital, &cancer);
    println!("across the border: {right} of {both}, {wrong} wrong");
    assert!(right * 100 > both * 90 && wrong * 100 < right, "{right} of {both}, {wrong}");
    // Two numbers of one country are two people, whatever else is alike.
    for table in [&hospital, &cancer] {
        let distinct: BTreeSet<&i64> = table.values().collect();
        assert_eq!(distinct.len(), table.len());
    }

    // A reversal tells the number as its country writes it.
    let person = hospital[&3].to_string();
    let reversal =
        |who: &str, words: &[&str]| place.json(&[&["--as", who, "reversal"], words].concat());
    let id = reversal(
        "researcher",
        &["ask", &permit, "--source", "hospital", "--person", &person, "--finding", "see a doctor"],
    );
    let id = id["id"].as_str().unwrap();
    reversal("caseworker", &["agree", id, "--why", "it matters"]);
    let told = reversal("holder", &["do", id]);
    assert!(told.to_string().contains(&everybody[3].danish), "{told}");

    // No number is in the ledger or in an extract.
    let ledger = exported(&place);
    let plain: BTreeMap<_, _> =
        everybody.iter().map(|person| (&person.danish, person.danish.replace('-', ""))).collect();
    assert!(
        plain.iter().all(|(with, without)| !ledger.contains(*with) && !ledger.contains(without))
    );
}

#[test]
fn a_number_of_another_country_is_refused_by_its_rules_and_kept_aside() {
    let place = Place::with_laboratory();
    with_people(&place);
    let kept = contract("hospital", "issued-by = \"DK\"");
    let aside = kept.replace("without-national-id = \"kept\"\n", "");
    let file = place.file("hospital.toml", &aside);
    place.does(&["source", "add", text(&file)]);
    let everybody = people();
    let number = |at: usize| match at {
        0 => everybody[0].norwegian.clone(),
        1 => "320358-5000".to_owned(),
        2 => "010358_5000".to_owned(),
        _ => everybody[at].danish.clone(),
    };
    let rows = place.file("hospital.csv", register(&everybody, |at| at < 100, number));
    place.does(&["source", "import", "hospital", text(&rows)]);
    let told = place.does(&["--as", "holder", "source", "quarantine", "hospital"]);
    for why in ["it has 11 characters", "it states no date", "character 7 does not belong there"] {
        assert!(told.contains(why), "`{why}`: {told}");
    }
    // And a country that has no such numbers is refused with the contract.
    let unknown = place.file("unknown.toml", aside.replace("\"DK\"", "\"IS\""));
    let said = place.says(&["source", "check", text(&unknown), text(&rows)]);
    assert!(said.code != Some(0) && said.err.contains("expected one of `NO`"), "{said:?}");
    let misplaced = aside.replace("identifies = \"given-name\"", "issued-by = \"DK\"");
    let misplaced = place.file("misplaced.toml", misplaced);
    let said = place.says(&["source", "check", text(&misplaced), text(&rows)]);
    assert!(said.code != Some(0) && said.err.contains("issued-by"), "{said:?}");
}
