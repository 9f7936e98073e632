//! Why a delivery was refused, as its holder reads it in the portal: in their
//! language. What only the operator hears of stays in English.

use model::Text;

use super::refusal::ImportRefusal;
use crate::delivery::{FileFault, HeaderFault, Packing};

/// In bokmål and in Danish.
type Both = [String; 2];

impl ImportRefusal {
    /// The refusal in the languages the centre speaks, without values of rows.
    pub fn told(&self) -> Text {
        let english = self.to_string();
        match self.in_both() {
            Some([nb, da]) => Text::of(&nb, &da, &english),
            None => Text::from(english.as_str()),
        }
    }

    fn in_both(&self) -> Option<Both> {
        Some(match self {
            Self::Twice { file } => {
                [format!("`{file}` er gitt to ganger"), format!("`{file}` er givet to gange")]
            }
            Self::File { file, fault } => of_file(fault)?.map(|fault| format!("`{file}` {fault}")),
            Self::TooManyBadRows { bad, rows, .. } => [
                format!(
                    "{bad} av {rows} rader bryter kontrakten, og det er flere enn den tillater: \
                     rett dem i kilden, eller få kontrakten til å tillate flere"
                ),
                format!(
                    "{bad} af {rows} rækker bryder kontrakten, og det er flere, end den tillader: \
                     ret dem i kilden, eller få kontrakten til at tillade flere"
                ),
            ],
            Self::NoneFits { rows, .. } => [
                format!(
                    "ikke én av {rows} rader holder seg til kontrakten: er det en leveranse til \
                     denne kilden? Rett den der, eller få kontrakten endret"
                ),
                format!(
                    "ikke én af {rows} rækker holder sig til kontrakten: er det en levering til \
                     denne kilde? Ret den dér, eller få kontrakten ændret"
                ),
            ],
            Self::TooManyOfOne { file, row, most } => [
                format!(
                    "`{file}`, rad {row}: personen har mer enn {most} rader, og det er flere enn \
                     som kan sammenlignes med hverandre; står nummeret for dem man ikke kjenner? \
                     Utelat slike rader, eller få `key` og fødselsdatoen ut av kontrakten"
                ),
                format!(
                    "`{file}`, række {row}: personen har mere end {most} rækker, og det er flere, \
                     end der kan sammenlignes med hinanden; står nummeret for dem, man ikke kender? \
                     Udelad sådanne rækker, eller få `key` og fødselsdatoen ud af kontrakten"
                ),
            ],
            Self::NoFiles | Self::Sink(_) | Self::DoesNotAddUp { .. } | Self::Columns(_) => {
                return None;
            }
        })
    }
}

fn both(nb: &str, da: &str) -> Both {
    [nb.to_owned(), da.to_owned()]
}

/// What is wrong with a file, after its name; nothing where its holder does not
/// hear of it.
fn of_file(fault: &FileFault) -> Option<Both> {
    Some(match fault {
        FileFault::Unreadable(_) => return None,
        FileFault::Header(fault) => of_header(fault),
        FileFault::NotAFile => both(
            "er ingen vanlig fil: gi navnet på en fil, ikke på en mappe, et rør eller en enhet",
            "er ingen almindelig fil: giv navnet på en fil, ikke på en mappe, et rør eller en enhed",
        ),
        FileFault::Empty => both("er tom: eksporter den på nytt", "er tom: eksportér den igen"),
        FileFault::NoRows => both(
            "har en overskrift og ingen rader: eksporter den på nytt, med radene",
            "har en overskrift og ingen rækker: eksportér den igen, med rækkerne",
        ),
        FileFault::Changed => both(
            "ble endret mens den ble lest: importer den på nytt når ingen skriver til den",
            "blev ændret, mens den blev læst: importér den igen, når ingen skriver til den",
        ),
        FileFault::CutShort(packing) => [
            format!("er avkortet: {packing}-strømmen slutter før sluttmerket; hent den på nytt"),
            format!("er afkortet: {packing}-strømmen slutter før slutmærket; hent den igen"),
        ],
        FileFault::Damaged { packing, why } => [
            format!("er skadet: {packing}-strømmen kan ikke leses ({why}); hent den på nytt"),
            format!("er beskadiget: {packing}-strømmen kan ikke læses ({why}); hent den igen"),
        ],
        FileFault::Packing { named, found } => {
            let [named, found] = [*named, *found].map(|packing| match packing {
                Packing::None => "upakket".to_owned(),
                packed => packed.to_string(),
            });
            [
                format!(
                    "er {found} etter de første bytene og {named} etter navnet: kall den `.gz`, `.zst` \
                 eller ingen av delene, slik den er pakket"
                ),
                format!(
                    "er {found} efter de første byte og {named} efter navnet: kald den `.gz`, `.zst` \
                 eller ingen af delene, som den er pakket"
                ),
            ]
        }
        FileFault::Utf16 => both("er UTF-16: lagre den som UTF-8", "er UTF-16: gem den som UTF-8"),
        FileFault::Utf8Mark => both(
            "begynner med merket for UTF-8, kontrakten sier `latin-1`: lagre den som Latin-1, \
             eller få `encoding` i kontrakten endret",
            "begynder med mærket for UTF-8, kontrakten siger `latin-1`: gem den som Latin-1, \
             eller få `encoding` i kontrakten ændret",
        ),
        FileFault::LooksUtf8 { row, column } => [
            format!(
                "ser ut som UTF-8, kontrakten sier `latin-1`: den første bokstaven som viser det, \
                 står i rad {row}, kolonne `{column}`; lagre den som Latin-1, eller få `encoding` \
                 i kontrakten endret"
            ),
            format!(
                "ligner UTF-8, kontrakten siger `latin-1`: det første bogstav, der viser det, står \
                 i række {row}, kolonne `{column}`; gem den som Latin-1, eller få `encoding` i \
                 kontrakten ændret"
            ),
        ],
        FileFault::NoLines(bytes) => [
            format!(
                "har ingen linjeslutt i de første {bytes} bytene: er det en tekstfil med én rad \
                 per linje?"
            ),
            format!(
                "har ingen linjeafslutning i de første {bytes} byte: er det en tekstfil med én \
                 række pr. linje?"
            ),
        ],
        FileFault::CarriageReturns => both(
            "slutter linjene med vognretur alene: lagre den med LF eller CR LF",
            "slutter linjerne med vognretur alene: gem den med LF eller CR LF",
        ),
        FileFault::Parquet(why) => [
            format!(
                "kan ikke leses som Parquet: {why}; skriv den på nytt, eller få `format` i \
                 kontrakten endret"
            ),
            format!(
                "kan ikke læses som Parquet: {why}; skriv den igen, eller få `format` i kontrakten \
                 ændret"
            ),
        ],
    })
}

/// How a header differs from the contract, after the file's name.
fn of_header(fault: &HeaderFault) -> Both {
    match fault {
        HeaderFault::Encoding(byte) => [
            format!(
                "har en første linje som ikke er tekst i kontraktens tegnkoding (byte {byte}): \
                 lagre fila i den kodingen, eller få `encoding` i kontrakten endret"
            ),
            format!(
                "har en første linje, der ikke er tekst i kontraktens tegnkodning (byte {byte}): \
                 gem filen i den kodning, eller få `encoding` i kontrakten ændret"
            ),
        ],
        HeaderFault::Quote => both(
            "har et anførselstegn i overskriften som ikke er lukket, eller ikke står sist i et \
             navn: lukk det eller utelat det",
            "har et anførselstegn i overskriften, der ikke er lukket, eller ikke står sidst i et \
             navn: luk det eller udelad det",
        ),
        HeaderFault::Delimiter { said, found } => {
            let [said, found] = [*said, *found].map(|delimiter| match delimiter {
                '\t' => "tabulator".to_owned(),
                other => format!("`{other}`"),
            });
            [
                format!(
                    "har en overskrift som ser delt ut med {found}, kontrakten sier {said}: \
                     eksporter den slik, eller få `delimiter` i kontrakten endret"
                ),
                format!(
                    "har en overskrift, der ser delt ud med {found}, kontrakten siger {said}: \
                     eksportér den sådan, eller få `delimiter` i kontrakten ændret"
                ),
            ]
        }
        HeaderFault::Absent { columns } => {
            let columns = named(columns);
            [
                format!(
                    "har ingen overskrift: den første linjen har ingen av kontraktens kolonner: \
                     legg til overskriften {columns}"
                ),
                format!(
                    "har ingen overskrift: den første linje har ingen af kontraktens kolonner: \
                     tilføj overskriften {columns}"
                ),
            ]
        }
        HeaderFault::Mostly { missing, known } => {
            let missing = named(missing);
            [
                format!(
                    "har en første linje med bare {known} av kontraktens kolonner, uten {missing}: \
                     gjør den til overskriften"
                ),
                format!(
                    "har en første linje med kun {known} af kontraktens kolonner, uden {missing}: \
                     gør den til overskriften"
                ),
            ]
        }
        HeaderFault::Columns { missing, unexpected } => of_columns(missing, unexpected),
        HeaderFault::Order { at, found, said } => [
            format!(
                "har kontraktens kolonner i en annen rekkefølge: kolonne {at} er `{found}`, skal \
                 være `{said}`; sett dem i kontraktens rekkefølge"
            ),
            format!(
                "har kontraktens kolonner i en anden rækkefølge: kolonne {at} er `{found}`, skal \
                 være `{said}`; sæt dem i kontraktens rækkefølge"
            ),
        ],
        HeaderFault::Twice(column) => [
            format!("har kolonnen `{column}` to ganger i overskriften: utelat den ene"),
            format!("har kolonnen `{column}` to gange i overskriften: udelad den ene"),
        ],
        HeaderFault::Type { column, found, said } => [
            format!(
                "har kolonnen `{column}` av Parquet-typen {found}, som ikke kan holde {said}: \
                 skriv den som en annen type"
            ),
            format!(
                "har kolonnen `{column}` af Parquet-typen {found}, der ikke kan holde {said}: \
                 skriv den som en anden type"
            ),
        ],
    }
}

fn of_columns(missing: &[String], unexpected: &[(String, Option<String>)]) -> Both {
    let strange = |meant: &str| {
        let names: Vec<String> = unexpected
            .iter()
            .map(|(name, near)| match near {
                Some(near) => format!("`{name}` ({meant} `{near}`?)"),
                None => format!("`{name}`"),
            })
            .collect();
        names.join(", ")
    };
    let mut nb = vec!["har en overskrift som ikke passer med kontrakten".to_owned()];
    let mut da = vec!["har en overskrift, der ikke passer til kontrakten".to_owned()];
    if !missing.is_empty() {
        let missing = named(missing);
        nb.push(format!("mangler {missing}"));
        da.push(format!("mangler {missing}"));
    }
    if !unexpected.is_empty() {
        nb.push(format!("ventet ikke {}", strange("ment som")));
        da.push(format!("ventede ikke {}", strange("ment som")));
    }
    let [todo_nb, todo_da] = match (missing, unexpected) {
        ([], _) => ["utelat det kontrakten ikke har", "udelad det, kontrakten ikke har"],
        (_, []) => ["lever alle kontraktens kolonner", "levér alle kontraktens kolonner"],
        _ => ["kall kolonnene som i kontrakten", "kald kolonnerne som i kontrakten"],
    };
    [format!("{}; {todo_nb}", nb.join(": ")), format!("{}; {todo_da}", da.join(": "))]
}

fn named(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::Lang;

    use super::*;
    use crate::import::FIRST_REASONS;

    fn headers() -> Vec<HeaderFault> {
        let [a, b] = ["weight", "height"].map(str::to_owned);
        let strange = [("wieght".to_owned(), Some(a.clone())), ("x".to_owned(), None)];
        vec![
            HeaderFault::Encoding(17),
            HeaderFault::Quote,
            HeaderFault::Delimiter { said: ';', found: ',' },
            HeaderFault::Absent { columns: vec![a.clone(), b.clone()] },
            HeaderFault::Mostly { missing: vec![a.clone(), b.clone()], known: 3 },
            HeaderFault::Columns { missing: vec![], unexpected: strange.to_vec() },
            HeaderFault::Columns { missing: vec![b.clone()], unexpected: vec![] },
            HeaderFault::Columns {
                missing: vec![a.clone(), b.clone()],
                unexpected: strange.into(),
            },
            HeaderFault::Order { at: 4, found: a.clone(), said: b.clone() },
            HeaderFault::Twice(a.clone()),
            HeaderFault::Type { column: a, found: "BOOLEAN".to_owned(), said: b },
        ]
    }

    fn files() -> Vec<FileFault> {
        let (column, why) = ("name".to_owned(), "bad block 7".to_owned());
        let own = vec![
            FileFault::NotAFile,
            FileFault::Empty,
            FileFault::NoRows,
            FileFault::Changed,
            FileFault::CutShort(Packing::Gzip),
            FileFault::Damaged { packing: Packing::Zstd, why: why.clone() },
            FileFault::Packing { named: Packing::Zstd, found: Packing::Gzip },
            FileFault::Utf16,
            FileFault::Utf8Mark,
            FileFault::LooksUtf8 { row: 12, column },
            FileFault::NoLines(1_048_576),
            FileFault::CarriageReturns,
            FileFault::Parquet(why),
        ];
        own.into_iter().chain(headers().into_iter().map(FileFault::Header)).collect()
    }

    fn refusals() -> Vec<ImportRefusal> {
        let file = || "a.csv".to_owned();
        let mut all: Vec<_> =
            files().into_iter().map(|fault| ImportRefusal::File { file: file(), fault }).collect();
        all.push(ImportRefusal::Twice { file: file() });
        all.push(ImportRefusal::TooManyOfOne { file: file(), row: 31, most: FIRST_REASONS });
        all
    }

    /// Names in backticks, and numbers.
    fn facts(text: &str) -> BTreeSet<&str> {
        let named = text.split('`').skip(1).step_by(2);
        let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() > 1);
        named.chain(numbers).collect()
    }

    #[test]
    fn every_refusal_that_a_holder_hears_of_is_told_in_their_language() {
        for refusal in refusals() {
            let told = refusal.told();
            let english = told.get(Lang::En);
            assert_eq!(english, refusal.to_string());
            for lang in [Lang::Nb, Lang::Da] {
                let text = told.get(lang);
                assert_ne!(text, english);
                assert_eq!(facts(text), facts(english), "{text}");
            }
            assert!(refusal.is_about_the_delivery(), "{english}");
        }
    }

    #[test]
    fn too_many_bad_rows_are_told_with_how_many() {
        let refusal = ImportRefusal::TooManyBadRows {
            bad: 12,
            rows: 345,
            allowed: "1 %".to_owned(),
            most: "`id` is no national identity number".to_owned(),
            first: Vec::new(),
        };
        for lang in [Lang::Nb, Lang::Da] {
            assert_eq!(facts(refusal.told().get(lang)), BTreeSet::from(["12", "345"]));
        }
    }

    #[test]
    fn what_only_the_operator_hears_of_is_told_in_english() {
        let told = ImportRefusal::NoFiles.told();
        assert_eq!(told.get(Lang::Nb), "no file was given");
    }
}
