//! What ids are called, for people to read.

use std::collections::HashMap;

use model::{AccountId, Lang, OrganisationId, SourceId, Text};

/// Names of organisations, accounts and sources. What has none shows its id.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Of organisations.
    pub organisations: HashMap<OrganisationId, Text>,
    /// Of accounts, with whom they work for.
    pub accounts: HashMap<AccountId, (Text, OrganisationId)>,
    /// Of sources.
    pub sources: HashMap<SourceId, Text>,
}

fn named<'a>(text: Option<&'a Text>, id: &'a str, lang: Lang) -> &'a str {
    match text.map(|text| text.get(lang)) {
        Some(name) if !name.is_empty() => name,
        _ => id,
    }
}

impl Names {
    /// What an organisation is called.
    pub fn organisation(&self, id: &OrganisationId, lang: Lang) -> String {
        named(self.organisations.get(id), id.as_str(), lang).to_owned()
    }

    /// What somebody is called, and whom they work for.
    pub fn account(&self, id: &AccountId, lang: Lang) -> String {
        match self.accounts.get(id) {
            Some((name, organisation)) => {
                let name = named(Some(name), id.as_str(), lang);
                format!("{name}, {}", self.organisation(organisation, lang))
            }
            None => id.to_string(),
        }
    }

    /// What somebody is called.
    pub fn person(&self, id: &AccountId, lang: Lang) -> String {
        named(self.accounts.get(id).map(|(name, _)| name), id.as_str(), lang).to_owned()
    }

    /// What a source is called.
    pub fn source(&self, id: &SourceId, lang: Lang) -> String {
        named(self.sources.get(id), id.as_str(), lang).to_owned()
    }

    /// Names for samples.
    pub fn sample() -> Self {
        let mut names = Self::default();
        for (id, nb, da, en) in [
            ("university", "Universitetet", "Universitetet", "The university"),
            ("population-register", "Folkeregisteret", "Folkeregistret", "The population register"),
            ("regional-hospital", "Regionsykehuset", "Regionshospitalet", "The regional hospital"),
            ("access-body", "Tilgangsorganet", "Adgangsorganet", "The access body"),
        ] {
            if let Ok(id) = id.parse() {
                names.organisations.insert(id, Text::of(nb, da, en));
            }
        }
        for (id, organisation, nb, da, en) in [
            ("researcher", "university", "Forsker", "Forsker", "Researcher"),
            ("statistician", "university", "Statistiker", "Statistiker", "Statistician"),
            ("caseworker", "access-body", "Saksbehandler", "Sagsbehandler", "Caseworker"),
            ("checker", "access-body", "Kontrollør", "Kontrollør", "Output checker"),
        ] {
            if let (Ok(id), Ok(organisation)) = (id.parse(), organisation.parse()) {
                names.accounts.insert(id, (Text::of(nb, da, en), organisation));
            }
        }
        for (id, nb, da, en) in [
            ("population", "Befolkning", "Befolkning", "Population"),
            ("laboratory", "Laboratorium", "Laboratorium", "Laboratory"),
            ("diagnoses", "Diagnoser", "Diagnoser", "Diagnoses"),
        ] {
            if let Ok(id) = id.parse() {
                names.sources.insert(id, Text::of(nb, da, en));
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_shows_its_id() {
        let names = Names::default();
        assert_eq!(names.source(&"laboratory".parse().unwrap(), Lang::En), "laboratory");
        let names = Names::sample();
        let researcher = "researcher".parse().unwrap();
        assert_eq!(names.account(&researcher, Lang::Nb), "Forsker, Universitetet");
    }
}
