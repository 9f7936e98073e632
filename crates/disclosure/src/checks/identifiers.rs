//! Nothing that points at a person: identity numbers, addresses, exact dates.
//!
//! One Norwegian, Swedish or Finnish number with its check right, or one Danish one as it
//! is written, is enough. Without punctuation or behind a decimal point numbers
//! pass the test by chance; there only a column full of them counts. Extracts
//! hold no such numbers, so this is the second line of defence, and it costs
//! nothing to have it.
//! Sources: GDPR article 4(5); *Handbook* 3.3, identifying variables.

use model::Text;

use crate::finding::{Finding, Weight};
use crate::role::names;
use crate::rule::Rule;
use crate::scrap::Scrap;
use crate::table::Table;
use crate::text;

/// Identity numbers and addresses anywhere.
pub(crate) fn scan(scraps: &[Scrap<'_>]) -> Vec<Finding> {
    let mut numbers = Vec::new();
    let mut addresses = Vec::new();
    for scrap in scraps {
        if text::names_person(scrap.text) {
            numbers.push(scrap.place());
        }
        if text::has_address(scrap.text) {
            addresses.push(scrap.place());
        }
    }
    let mut findings = Vec::new();
    if !numbers.is_empty() {
        let why = Text::of(
            "Her står noe som er et gyldig norsk, svensk eller finsk personnummer eller skrevet som et dansk CPR-nummer.",
            "Her står noget, der er et gyldigt norsk, svensk eller finsk personnummer eller skrevet som et dansk CPR-nummer.",
            "Something here is a valid Norwegian, Swedish or Finnish identity number, or written as a Danish one.",
        );
        findings.push(Finding::new(Rule::Identifier, Weight::Refuse, numbers, why));
    }
    if !addresses.is_empty() {
        let why = Text::of(
            "Her står en e-postadresse.",
            "Her står en e-mailadresse.",
            "Here is an e-mail address.",
        );
        findings.push(Finding::new(Rule::Identifier, Weight::Review, addresses, why));
    }
    findings
}

/// Columns that number people, or give a day for each.
pub(crate) fn columns(table: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut disguised, mut numbered, mut dated, mut days) = (vec![], vec![], vec![], vec![]);
    for (at, column) in table.columns.iter().enumerate() {
        let filled: Vec<&str> = column
            .cells
            .iter()
            .map(crate::table::Cell::trimmed)
            .filter(|t| !t.is_empty())
            .collect();
        let place = || table.column_place(at);
        let norwegian = filled.iter().filter(|t| text::digits_name_person(t)).count();
        let danish = filled.iter().filter(|t| text::like_cpr(t)).count();
        if norwegian >= 3 && norwegian * 4 >= filled.len()
            || danish >= 5 && danish * 5 >= filled.len() * 4
        {
            disguised.push(place());
        } else if numbers_people(&column.name) && filled.len() >= 3 {
            numbered.push(place());
        }
        let mut found: Vec<i32> = filled.iter().filter_map(|t| text::day(t)).collect();
        if found.len() >= 3 && found.len() * 2 >= filled.len() {
            found.sort_unstable();
            let span = found.last().zip(found.first()).map_or(0, |(last, first)| last - first);
            found.dedup();
            // A diary of days in a row has a row a day; births and deaths are
            // scattered over decades.
            if found.len() >= 10 && span > 10 * 372 && found.len() * 2 >= filled.len() {
                dated.push(place());
            } else {
                days.push(place());
            }
        }
    }
    if !disguised.is_empty() {
        let why = Text::of(
            "Sifrene i kolonnen er gyldige identitetsnumre, kanskje med noe fjernet eller lagt til.",
            "Cifrene i kolonnen er gyldige identitetsnumre, måske med noget fjernet eller tilføjet.",
            "The digits in the column are valid identity numbers, perhaps with something taken or added.",
        );
        findings.push(Finding::new(Rule::Identifier, Weight::Refuse, disguised, why));
    }
    if !numbered.is_empty() {
        let why = Text::of(
            "Kolonnen heter som et løpenummer for personer. Resultater handler om grupper.",
            "Kolonnen hedder som et løbenummer for personer. Resultater handler om grupper.",
            "The column is named as a number for each person. Results are about groups.",
        );
        findings.push(Finding::new(Rule::Identifier, Weight::Refuse, numbered, why));
    }
    if !dated.is_empty() {
        let why = Text::of(
            "Kolonnen har en egen dato for nesten hver rad, spredt over mange år, som fødselsdatoer.",
            "Kolonnen har sin egen dato for næsten hver række, spredt over mange år, som fødselsdatoer.",
            "The column has a date of its own for nearly every row, over many years, like dates of birth.",
        );
        findings.push(Finding::new(Rule::ExactDate, Weight::Refuse, dated, why));
    }
    if !days.is_empty() {
        let why = Text::of(
            "Kolonnen har datoer på dagen. Se om måned eller år er nok.",
            "Kolonnen har datoer på dagen. Se, om måned eller år er nok.",
            "The column has dates exact to the day. See whether months or years would do.",
        );
        findings.push(Finding::new(Rule::ExactDate, Weight::Review, days, why));
    }
    findings
}

/// Names that people give to the column that tells people apart.
fn numbers_people(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "person",
        "person_id",
        "personid",
        "id",
        "pid",
        "patient",
        "patient_id",
        "patientid",
        "pasient",
        "pasient_id",
        "pasientid",
        "patientnr",
        "pasientnr",
        "subject",
        "subject_id",
        "subjid",
        "usubjid",
        "fnr",
        "fodselsnummer",
        "fødselsnummer",
        "pnr",
        "personnummer",
        "cpr",
        "cprnr",
        "cpr_nr",
        "cpr_nummer",
        "lopenr",
        "løpenr",
        "løpenummer",
        "lopenummer",
        "løbenr",
        "løbenummer",
        "record_id",
        "case_id",
        "caseid",
        "ssn",
        "navn",
        "name",
        "fornavn",
        "etternavn",
        "efternavn",
        "first_name",
        "last_name",
        "surname",
        "fullt_navn",
        "full_name",
    ];
    NAMES.contains(&names::plain(name).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::separated;
    use crate::scrap;
    use model::{Date, NationalId};

    fn ids(n: usize) -> Vec<String> {
        (0..)
            .filter_map(|i: i64| {
                let born = Date::constant(1930, 1, 1).saturating_add(jiff_days(i * 131));
                NationalId::synthetic(born, u16::try_from(i % 999).unwrap())
            })
            .map(|id| String::from_utf8(id.reveal().to_vec()).unwrap())
            .take(n)
            .collect()
    }

    fn jiff_days(days: i64) -> std::time::Duration {
        std::time::Duration::from_secs(u64::try_from(days).unwrap() * 86_400)
    }

    fn check(csv: &str, expected: &[&str]) {
        let table = separated::read(csv, true).unwrap();
        let mut findings = scan(&scrap::of_table(&table));
        findings.extend(columns(&table));
        let found: Vec<String> = findings
            .iter()
            .map(|f| format!("{} {:?} {}", f.rule, f.weight, f.whereabouts()))
            .collect();
        assert_eq!(found, expected, "{csv}");
    }

    #[test]
    fn one_identity_number_is_enough() {
        let id = &ids(1)[0];
        check(&format!("group,n\na,10\n{id},20\n"), &["identifier Refuse row 2, column `group`"]);
        check(&format!("group,x{id}\na,10\nb,20\n"), &["identifier Refuse column `x…`"]);
        check("group,n\n010203-1234,10\nb,20\n", &["identifier Refuse row 1, column `group`"]);
    }

    #[test]
    fn a_column_of_numbers_in_disguise_is_found() {
        for disguise in
            [|id: &str| format!("0.{id}"), |id: &str| format!("{}.{}", &id[..4], &id[4..])]
        {
            let rows: Vec<String> = ids(9).iter().map(|id| format!("g,{}", disguise(id))).collect();
            let csv = format!("group,rate\n{}\n", rows.join("\n"));
            check(&csv, &["identifier Refuse column `rate`"]);
        }
    }

    #[test]
    fn columns_that_number_people_and_dates_of_birth_are_found() {
        check("person,age\n1,47\n2,51\n3,38\n", &["identifier Refuse column `person`"]);
        let rows: Vec<String> =
            (0..20).map(|i| format!("{}-03-{:02},7", 1930 + i * 3, 1 + i)).collect();
        let csv = format!("when,n\n{}\n", rows.join("\n"));
        check(&csv, &["exact-date Refuse column `when`"]);
        check(
            "day,n\n2020-03-01,7\n2020-03-02,9\n2020-03-03,8\n",
            &["exact-date Review column `day`"],
        );
    }

    #[test]
    fn ordinary_numbers_are_not_taken_for_people() {
        check("group,n,sum\na,10,12345678901\nb,20,0.991672050853874\n", &[]);
    }
}
