//! Finding the variable: by its name, its title, what it means, its codes.

use crate::{Dataset, Variable};

/// A variable that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit<'a> {
    /// The dataset it is in.
    pub dataset: &'a Dataset,
    /// The variable.
    pub variable: &'a Variable,
    /// How well it fits: more is better.
    pub score: u32,
}

/// The variables in which every word of `query` is found, best first. An empty
/// query finds every variable, in the catalogue's order.
pub fn search<'a>(datasets: &'a [Dataset], query: &str) -> Vec<Hit<'a>> {
    let words: Vec<String> =
        query.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(fold).collect();
    let mut hits: Vec<_> = datasets
        .iter()
        .flat_map(|dataset| dataset.variables.iter().map(move |variable| (dataset, variable)))
        .filter_map(|(dataset, variable)| {
            let texts = texts_of(dataset, variable);
            let mut score = 0;
            for word in &words {
                let best = texts
                    .iter()
                    .map(|(weight, text)| weight * fit(text, word))
                    .max()
                    .filter(|best| *best > 0)?;
                score += best;
            }
            Some(Hit { dataset, variable, score })
        })
        .collect();
    // Stable: what fits equally well stays in the catalogue's order.
    hits.sort_by_key(|hit| std::cmp::Reverse(hit.score));
    hits
}

fn texts_of(dataset: &Dataset, variable: &Variable) -> Vec<(u32, String)> {
    let every = |text: &model::Text| model::Lang::ALL.map(|lang| text.get(lang)).join("\n");
    let mut texts = vec![
        (8, fold(&variable.id.name)),
        (6, fold(&every(&variable.title))),
        (3, fold(&every(&variable.description))),
        (2, fold(variable.code_system.as_deref().unwrap_or_default())),
        (2, fold(&every(&dataset.title))),
        (1, fold(&every(&dataset.description))),
        (1, fold(dataset.holder.as_str())),
    ];
    for (code, meaning) in &variable.codes {
        texts.push((4, fold(code)));
        texts.push((3, fold(&every(meaning))));
    }
    texts
}

/// 3 for a whole word, 2 for the beginning of one, 1 for anywhere inside.
fn fit(text: &str, word: &str) -> u32 {
    let mut best = 0;
    for candidate in text.split(|c: char| !c.is_alphanumeric()) {
        best = best.max(if candidate == word {
            3
        } else if candidate.starts_with(word) {
            2
        } else {
            u32::from(candidate.contains(word))
        });
    }
    best
}

/// Lower case, with the Nordic letters as people without them write them, so
/// that `maaling`, `måling` and `maling` find each other.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'æ' | 'ä' => folded.push_str("ae"),
            'ø' | 'ö' => folded.push('o'),
            'å' => folded.push('a'),
            'é' | 'è' | 'ê' => folded.push('e'),
            other => folded.push(other),
        }
    }
    folded.replace("aa", "a").replace("oe", "o")
}

#[cfg(test)]
mod tests {
    use model::{Sensitivity, Text, ValueType};
    use source::Rhythm;

    use super::*;
    use crate::{Freshness, VariableId};

    fn dataset() -> Dataset {
        let variable = |name: &str, nb: &str, codes: &[(&str, &str)]| Variable {
            id: VariableId { source: "lab".parse().unwrap(), name: name.into() },
            title: Text::of(nb, nb, name),
            description: Text::default(),
            value_type: ValueType::Decimal,
            unit: None,
            code_system: None,
            codes: codes.iter().map(|(c, m)| ((*c).to_owned(), Text::from(*m))).collect(),
            sensitivity: Sensitivity::Health,
            profile: None,
        };
        Dataset {
            source: "lab".parse().unwrap(),
            title: Text::from("Laboratory"),
            description: Text::default(),
            holder: "hospital".parse().unwrap(),
            update: Rhythm::Weekly,
            freshness: Freshness { delivered: None, due: None },
            smallest_count: 5,
            rows: None,
            persons: None,
            quarantined: None,
            snapshots: 0,
            time: None,
            years: vec![],
            variables: vec![
                variable("date", "Dato", &[]),
                variable("value", "Måleverdi", &[]),
                variable("test", "Undersøkelse", &[("hdl", "HDL cholesterol")]),
            ],
            identifiers: vec![],
        }
    }

    fn found(query: &str) -> Vec<String> {
        let datasets = [dataset()];
        search(&datasets, query).into_iter().map(|hit| hit.variable.id.name.clone()).collect()
    }

    #[test]
    fn a_code_and_what_it_means_lead_to_the_variable() {
        assert_eq!(found("hdl"), ["test"]);
        assert_eq!(found("Cholesterol"), ["test"]);
    }

    #[test]
    fn nordic_letters_are_found_however_they_are_written() {
        for query in ["måleverdi", "maaleverdi", "MALEVERDI"] {
            assert_eq!(found(query), ["value"], "{query}");
        }
        assert_eq!(found("undersoekelse"), ["test"]);
    }

    #[test]
    fn every_word_must_be_found_and_the_closest_comes_first() {
        assert_eq!(found("hdl nothing"), Vec::<String>::new());
        assert_eq!(found("laboratory date")[0], "date");
        assert_eq!(found("").len(), 3);
    }
}
