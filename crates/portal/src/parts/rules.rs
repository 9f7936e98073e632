//! People and rules: who may do what here, and why I may or may not, in the
//! words of the policy.

use askama::Template;
use model::Lang;
use permit::policy::Ruling;
use serde::Serialize;
use utoipa::ToSchema;

use crate::words::Words;

/// The third part of a page about one object.
#[derive(Debug, Clone, Template, Default)]
#[template(path = "parts/rules.html")]
pub struct Rules {
    /// The heading.
    pub heading: String,
    /// Who has to do with it: the capacity, and who.
    pub people: Vec<(String, Vec<String>)>,
    /// What I may and may not do here.
    pub rulings: Vec<RulingLine>,
    /// The words for "you may", "you may not", "why".
    pub labels: Labels,
}

impl askama::filters::HtmlSafe for Rules {}

/// The fixed words of the part.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    may: String,
    may_not: String,
    rule: String,
}

/// What I may or may not do, and by which rules.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RulingLine {
    /// The action, as the policies name it.
    pub action: String,
    /// What it is, in words.
    pub what: String,
    /// Whether I may.
    pub allowed: bool,
    /// Why the permit gives nothing now, in words, where that alone is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inactive: Option<String>,
    /// Why: the rules' words with their articles.
    pub why: Vec<RuleLine>,
}

#[cfg(test)]
impl RulingLine {
    /// What somebody may do.
    pub(crate) fn allowed(action: permit::policy::Action) -> Self {
        Self {
            action: action.as_str().to_owned(),
            what: String::new(),
            allowed: true,
            inactive: None,
            why: Vec::new(),
        }
    }
}

/// One rule of the policy.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RuleLine {
    /// Its name in the policies.
    pub id: String,
    /// What it says.
    pub text: String,
    /// The law behind it.
    pub article: String,
}

impl Rules {
    /// The part, with the people and rulings yet to be named.
    pub fn new(words: &Words) -> Self {
        Self {
            heading: words.say("rules-heading").into_owned(),
            people: Vec::new(),
            rulings: Vec::new(),
            labels: Labels {
                may: words.say("rules-may").into_owned(),
                may_not: words.say("rules-may-not").into_owned(),
                rule: words.say("rules-rule").into_owned(),
            },
        }
    }

    /// Names who has to do with it in some capacity.
    #[must_use]
    pub fn with(mut self, capacity: impl Into<String>, people: Vec<String>) -> Self {
        self.people.push((capacity.into(), people));
        self
    }

    /// Says what I may and may not do.
    #[must_use]
    pub fn ruled(mut self, rulings: Vec<RulingLine>) -> Self {
        self.rulings = rulings;
        self
    }
}

impl RulingLine {
    /// The ruling in words.
    pub fn new(words: &Words, action: permit::policy::Action, ruling: &Ruling) -> Self {
        let key = format!("may-{}", action.as_str());
        Self {
            action: action.as_str().to_owned(),
            what: words.say_or(&key, action.as_str()),
            allowed: ruling.allowed,
            inactive: ruling.inactive.as_ref().map(|inactive| words.inactive(inactive)),
            why: rule_lines(words.lang(), ruling),
        }
    }
}

/// The rules of a ruling in a language.
pub fn rule_lines(lang: Lang, ruling: &Ruling) -> Vec<RuleLine> {
    ruling
        .rules
        .iter()
        .map(|rule| RuleLine {
            id: rule.id.clone(),
            text: rule.text.get(lang).to_owned(),
            article: rule.article.clone(),
        })
        .collect()
}
