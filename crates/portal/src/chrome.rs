//! What every page has around its content: who is here, in which language and
//! light, where they can go, and what was just done.

use std::fmt;

use jiff::tz::TimeZone;
use model::{AccountId, Lang, OrganisationId};
use permit::Role;

use crate::words::Words;

/// Light, dark, or as the visitor's machine has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the machine has it.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Every theme, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// The word in the cookie and in the page.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == name)
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Auto => "theme-auto",
            Self::Light => "theme-light",
            Self::Dark => "theme-dark",
        }
    }
}

impl fmt::Display for Theme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whoever has signed in, as pages name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The name they sign in with.
    pub id: AccountId,
    /// What others see, in the page's language.
    pub name: String,
    /// Whom they work for.
    pub organisation: OrganisationId,
    /// What they do here.
    pub roles: Vec<Role>,
}

impl Who {
    /// Whether they have the role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// One word of the navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The key of its word.
    pub key: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// Whether the page is in there.
    pub here: bool,
}

/// What every page has around its content.
#[derive(Debug, Clone)]
pub struct Chrome {
    words: Words,
    /// What the centre is called.
    pub centre: String,
    /// Whether this is a demonstration, where anyone is anyone.
    pub demo: bool,
    /// The page's path.
    pub path: String,
    /// The page's query, without the choice of language and light.
    pub query: String,
    /// Light or dark.
    pub theme: Theme,
    /// Who is here.
    pub who: Option<Who>,
    /// What proves that a form came from one of our pages.
    pub form_token: String,
    /// How many variables lie in the basket.
    pub basket: usize,
    /// The key of what was just done, said on top.
    pub done: Option<&'static str>,
}

impl Chrome {
    /// What goes around a page for `who`.
    pub fn new(words: Words, centre: String, path: String) -> Self {
        Self {
            words,
            centre,
            demo: false,
            path,
            query: String::new(),
            theme: Theme::Auto,
            who: None,
            form_token: String::new(),
            basket: 0,
            done: None,
        }
    }

    /// The page's language.
    pub const fn words(&self) -> &Words {
        &self.words
    }

    /// The language's tag for `<html lang>`.
    pub const fn lang(&self) -> &'static str {
        self.words.lang().tag()
    }

    /// The other addresses of this page: one per language.
    pub fn languages(&self) -> Vec<(Lang, String)> {
        Lang::ALL.into_iter().map(|lang| (lang, self.this_page_with("lang", lang.tag()))).collect()
    }

    /// The other addresses of this page: one per theme, with the word for it.
    pub fn themes(&self) -> Vec<(Theme, &'static str, String)> {
        Theme::ALL
            .into_iter()
            .map(|theme| (theme, theme.key(), self.this_page_with("theme", theme.as_str())))
            .collect()
    }

    fn this_page_with(&self, name: &str, value: &str) -> String {
        if self.query.is_empty() {
            format!("{}?{name}={value}", self.path)
        } else {
            format!("{}?{}&{name}={value}", self.path, self.query)
        }
    }

    /// Where to come back to after signing in.
    pub fn here(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    /// The navigation: what everyone sees, and what the roles add.
    pub fn places(&self) -> Vec<Place> {
        let is = |role| self.who.as_ref().is_some_and(|who| who.is(role));
        let mut places = Vec::new();
        let mut add = |key, href: &'static str, inside: &[&str]| {
            let here = inside.iter().any(|start| {
                self.path
                    .strip_prefix(start)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            places.push(Place { key, href, here });
        };
        if self.who.is_some() {
            add("nav-work", "/work", &["/work", "/applications", "/rooms"]);
        }
        if self.who.is_some() {
            add("packages", "/packages", &["/packages"]);
        }
        if is(Role::Checker) || is(Role::Researcher) {
            add("nav-outputs", "/outputs", &["/outputs"]);
        }
        if is(Role::Clerk) {
            add("pairs", "/pairs", &["/pairs"]);
        }
        add("nav-catalogue", "/catalogue", &["/catalogue", "/sources", "/basket"]);
        add("nav-register", "/register", &["/register", "/permits"]);
        add("nav-results", "/results", &["/results", "/releases"]);
        if is(Role::Auditor) || is(Role::Operator) {
            add("nav-ledger", "/ledger", &["/ledger"]);
        }
        if is(Role::Operator) {
            add("nav-centre", "/centre", &["/centre"]);
        }
        places
    }

    /// A page around samples, for `lang`.
    pub fn sample(lang: Lang, path: &str) -> Self {
        let words = Words::new(lang, TimeZone::UTC);
        let mut chrome = Self::new(words, String::from("Helserom"), path.to_owned());
        chrome.demo = true;
        chrome.form_token = String::from("sample");
        chrome
    }

    /// The same page, with somebody signed in.
    #[must_use]
    pub fn seen_by(mut self, roles: &[Role]) -> Self {
        let name = roles.first().map_or("account", |role| role.as_str());
        self.who = name.parse().ok().zip("university".parse().ok()).map(|(id, organisation)| Who {
            id,
            name: self.words.say(&format!("role-{name}")).into_owned(),
            organisation,
            roles: roles.to_vec(),
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_may_read_the_ledger_are_shown_the_way_to_it() {
        let chrome = Chrome::sample(Lang::En, "/");
        assert!(chrome.places().iter().all(|place| place.href != "/ledger"));
        let chrome = chrome.seen_by(&[Role::Auditor]);
        assert!(chrome.places().iter().any(|place| place.href == "/ledger"));
    }

    #[test]
    fn the_place_one_is_in_is_marked_and_no_other() {
        let chrome = Chrome::sample(Lang::En, "/sources/laboratory");
        let here: Vec<_> = chrome.places().into_iter().filter(|place| place.here).collect();
        assert_eq!(here.len(), 1);
        assert_eq!(here[0].key, "nav-catalogue");
        assert!(Chrome::sample(Lang::En, "/catalogues").places().iter().all(|p| !p.here));
    }
}
