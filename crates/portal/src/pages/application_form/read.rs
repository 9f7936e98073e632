//! The fields of the form as terms. What cannot be read is a fault beside its
//! field and leaves the terms as they were there.

use std::str::FromStr;

use model::{AccountId, Date, Purpose, SourceId};
use permit::{
    Bring, Cohort, ColumnTerms, Comparison, Condition, LinkageWay, Period, SourceTerms, Terms, Way,
};

use super::{COMPARISONS, comparison_word};
use crate::fields::Fields;
use crate::parts::form::Fault;
use crate::words::Words;

/// More conditions than this on one source are not read.
const MOST_CONDITIONS: usize = 50;

/// What was read.
#[derive(Debug, Clone)]
pub struct Read {
    /// What is asked for.
    pub terms: Terms,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

/// Reads the form over what was saved before.
pub fn read(words: &Words, fields: &Fields, before: &Terms) -> Read {
    let mut reader = Reader { words, fields, faults: Vec::new() };
    let terms = Terms {
        title: fields.one("title").to_owned(),
        summary: fields.text("summary"),
        purpose: Purpose::ALL.into_iter().find(|p| p.as_str() == fields.one("purpose")),
        legal_basis: fields.text("legal-basis"),
        people: reader.people(),
        sources: reader.sources(),
        cohort: Cohort {
            source: fields.one("cohort.source").parse().ok(),
            conditions: reader.conditions("cohort"),
        },
        period: Period {
            from: reader.day("period.from", before.period.from),
            until: reader.day("period.until", before.period.until),
        },
        valid: Period {
            from: reader.day("valid.from", before.valid.from),
            until: reader.day("valid.until", before.valid.until),
        },
        outputs: permit::OutputTerms {
            smallest_count: reader.number("outputs.smallest-count", before.outputs.smallest_count),
            dominance_n: reader.number("outputs.dominance-n", before.outputs.dominance_n),
            dominance_k: reader.number("outputs.dominance-k", before.outputs.dominance_k),
            p_percent: reader.number("outputs.p-percent", before.outputs.p_percent),
            smallest_residual_df: reader
                .number("outputs.smallest-residual-df", before.outputs.smallest_residual_df),
        },
        room: permit::RoomTerms {
            memory_mib: reader.number("room.memory-mib", before.room.memory_mib),
            cpu_percent: reader.number("room.cpu-percent", before.room.cpu_percent),
            processes: reader.number("room.processes", before.room.processes),
            disk_mib: reader.number("room.disk-mib", before.room.disk_mib),
            wall_seconds: reader.number("room.wall-seconds", before.room.wall_seconds),
            hours: reader.number_or_none("room.hours", before.room.hours),
            way: reader.way(before.room.way),
            bring: reader.bring(before.room.bring),
        },
        linkage: permit::LinkageTerms {
            how: reader.linkage(before.linkage.how),
            threshold: reader.number("linkage.threshold", before.linkage.threshold),
            probability: fields.one("linkage.probability") == "yes",
            generous: reader.number_or_none("linkage.generous", before.linkage.generous),
        },
    };
    Read { terms, faults: reader.faults }
}

struct Reader<'a> {
    words: &'a Words,
    fields: &'a Fields,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, field: &str, key: &str, value: &str) {
        self.faults.push(Fault { field: field.to_owned(), what: self.words.say_with(key, value) });
    }

    fn way(&mut self, before: Way) -> Way {
        let word = self.fields.one("room.way");
        Way::ALL.into_iter().find(|way| way.as_str() == word).unwrap_or(before)
    }

    fn linkage(&mut self, before: LinkageWay) -> LinkageWay {
        let word = self.fields.one("linkage.how");
        LinkageWay::ALL.into_iter().find(|how| how.as_str() == word).unwrap_or(before)
    }

    fn bring(&mut self, before: Bring) -> Bring {
        let word = self.fields.one("room.bring");
        Bring::ALL.into_iter().find(|bring| bring.as_str() == word).unwrap_or(before)
    }

    fn day(&mut self, field: &str, before: Option<Date>) -> Option<Date> {
        let text = self.fields.one(field);
        if text.is_empty() {
            return None;
        }
        let Ok(day) = text.parse() else {
            self.fault(field, "fault-day", text);
            return before;
        };
        Some(day)
    }

    fn number<T: FromStr>(&mut self, field: &str, before: T) -> T {
        // A decimal comma is how most who use this write.
        let text = self.fields.one(field).replace(',', ".");
        if text.is_empty() {
            return before;
        }
        text.parse().unwrap_or_else(|_| {
            self.fault(field, "fault-number", &text);
            before
        })
    }

    /// Like [`Self::number`]; nothing, where the field was emptied.
    fn number_or_none<T: FromStr>(&mut self, field: &str, before: Option<T>) -> Option<T> {
        match self.fields.one(field).trim() {
            "" => None,
            text => {
                let read = text.parse().ok();
                if read.is_none() {
                    self.fault(field, "fault-number", text);
                }
                read.or(before)
            }
        }
    }

    fn people(&mut self) -> Vec<AccountId> {
        let mut people: Vec<AccountId> = Vec::new();
        let named: Vec<_> = self.fields.all("people").map(ToOwned::to_owned).collect();
        let typed: Vec<_> = self
            .fields
            .one("people-more")
            .split([',', ' ', '\n', ';'])
            .map(|id| id.trim().to_owned())
            .filter(|id| !id.is_empty())
            .collect();
        for id in named {
            if let Ok(id) = id.parse() {
                people.push(id);
            }
        }
        for text in typed {
            match text.parse() {
                Ok(id) if people.contains(&id) => {}
                Ok(id) => people.push(id),
                Err(_) => self.fault("people-more", "fault-account", &text),
            }
        }
        people
    }

    fn sources(&mut self) -> Vec<SourceTerms> {
        let mut sources: Vec<SourceTerms> = Vec::new();
        let columns: Vec<_> = self.fields.all("column").map(ToOwned::to_owned).collect();
        let removed = self.fields.one("do").strip_prefix("remove:").unwrap_or_default().to_owned();
        for id in columns.into_iter().filter(|id| *id != removed) {
            let Some((source, name)) = id.split_once('/') else { continue };
            let Ok(source) = source.parse::<SourceId>() else { continue };
            let reason = self.fields.text(&format!("sources.{source}.{name}.reason"));
            let column = ColumnTerms { name: name.to_owned(), reason };
            if let Some(terms) = sources.iter_mut().find(|terms| terms.source == source) {
                terms.columns.push(column);
            } else {
                let rows = self.conditions(&format!("rows.{source}"));
                sources.push(SourceTerms { source, columns: vec![column], rows });
            }
        }
        sources
    }

    fn conditions(&mut self, start: &str) -> Vec<Condition> {
        (0..MOST_CONDITIONS)
            .filter_map(|i| {
                let column = self.fields.one(&format!("{start}.{i}.column")).to_owned();
                if column.is_empty() {
                    return None;
                }
                let word = self.fields.one(&format!("{start}.{i}.is"));
                let is = COMPARISONS
                    .into_iter()
                    .find(|comparison| comparison_word(*comparison) == word)
                    .unwrap_or(Comparison::OneOf);
                let values = self.fields.one(&format!("{start}.{i}.values"));
                let values = match is {
                    Comparison::OneOf => values
                        .split(',')
                        .map(|value| value.trim().to_owned())
                        .filter(|value| !value.is_empty())
                        .collect(),
                    Comparison::AtLeast | Comparison::AtMost if values.is_empty() => Vec::new(),
                    Comparison::AtLeast | Comparison::AtMost => vec![values.to_owned()],
                };
                Some(Condition { column, is, values })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use model::Lang;

    use super::*;
    use crate::pages::application_form::write;
    use crate::parts::terms::TermsTree;

    fn words() -> Words {
        Words::new(Lang::En, TimeZone::UTC)
    }

    #[test]
    fn what_a_form_says_is_what_was_saved() {
        let terms = TermsTree::sample_terms(Lang::En);
        let read = read(&words(), &write(&terms), &Terms::default());
        assert_eq!(read.terms, terms);
        assert!(read.faults.is_empty(), "{:?}", read.faults);
    }

    #[test]
    fn a_day_that_is_none_is_a_fault_and_leaves_what_was_saved() {
        let before = TermsTree::sample_terms(Lang::En);
        let mut fields = write(&before);
        fields.take("valid.until");
        fields.put("valid.until", "31.12.2026");
        let read = read(&words(), &fields, &before);
        assert_eq!(read.terms.valid.until, before.valid.until);
        assert_eq!(read.faults[0].field, "valid.until");
        assert!(read.faults[0].what.contains("`31.12.2026`"), "{:?}", read.faults);
    }

    #[test]
    fn a_variable_is_taken_out_by_its_button() {
        let terms = TermsTree::sample_terms(Lang::En);
        let mut fields = write(&terms);
        fields.put("do", "remove:population/height");
        let read = read(&words(), &fields, &terms);
        let columns: Vec<_> =
            read.terms.sources[0].columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(columns, ["male"]);
    }

    #[test]
    fn a_decimal_comma_is_understood() {
        let mut fields = write(&Terms::default());
        fields.take("outputs.dominance-k");
        fields.put("outputs.dominance-k", "0,75");
        let read = read(&words(), &fields, &Terms::default());
        assert!((read.terms.outputs.dominance_k - 0.75).abs() < 1e-12);
    }

    #[test]
    fn colleagues_are_ticked_or_typed_and_stand_there_once() {
        let mut fields = Fields::default();
        fields.put("people", "researcher");
        fields.put("people-more", "researcher, statistician; Not An Id");
        let read = read(&words(), &fields, &Terms::default());
        let people: Vec<_> = read.terms.people.iter().map(AccountId::as_str).collect();
        assert_eq!(people, ["researcher", "statistician"]);
        assert_eq!(read.faults.len(), 3, "`Not`, `An` and `Id` are no accounts");
    }
}
