//! What happened: each line an entry of the ledger, with the way to its proof.

use askama::Template;
use ledger::Entry;
use model::{Lang, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::names::Names;
use crate::words::{Shown, Words};

/// The last part of a page about one object.
#[derive(Debug, Clone, Template, Default)]
#[template(path = "parts/timeline.html")]
pub struct Timeline {
    /// The heading.
    pub heading: String,
    /// What happened, newest first.
    pub lines: Vec<Line>,
    /// The words of the link to the proof.
    pub proof: String,
    /// Whether the reader may follow that link.
    pub may_read_ledger: bool,
    /// What stands there when nothing happened.
    pub empty: String,
    /// What stands below as many as are told, when there may be more.
    pub more: Option<String>,
}

impl askama::filters::HtmlSafe for Timeline {}

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Line {
    /// The entry's number.
    pub seq: u64,
    /// When.
    pub at: Shown,
    /// Who, in words.
    pub who: String,
    /// What, in words.
    pub what: String,
    /// What somebody wrote with it.
    pub said: String,
    /// The first digits of the entry's hash.
    pub hash: String,
}

/// An entry of the ledger as pages and the API tell of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Happening {
    /// The entry's number.
    pub seq: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Whose account it was.
    pub actor: String,
    /// What they are called.
    pub by: String,
    /// `kind.act`.
    pub act: String,
    /// What it is about.
    pub subject: String,
    /// What somebody wrote with it: a reason, a remark.
    pub said: String,
    /// The entry's hash.
    pub hash: String,
}

impl From<&Entry> for Happening {
    fn from(entry: &Entry) -> Self {
        let said = ["why", "text", "reason"]
            .into_iter()
            .find_map(|field| entry.body.get(field)?.as_str())
            .unwrap_or_default();
        Self {
            seq: entry.seq,
            at: entry.at,
            actor: entry.actor.to_string(),
            by: entry.actor.to_string(),
            act: entry.act.clone(),
            subject: entry.subject.to_string(),
            said: said.to_owned(),
            hash: entry.hash.to_string(),
        }
    }
}

/// What happened, in words: `permit.issued` is "The permit was issued".
pub fn act_in_words(words: &Words, act: &str) -> String {
    words.say_or(&format!("act-{}", act.replace('.', "-")), act)
}

impl Timeline {
    /// How much a page tells, newest first. The ledger has all.
    pub const MOST: u32 = 100;

    /// The part, telling of `happenings`, newest first.
    pub fn new(words: &Words, happenings: &[Happening], may_read_ledger: bool) -> Self {
        let lines = happenings
            .iter()
            .map(|happening| Line {
                seq: happening.seq,
                at: words.moment(happening.at),
                who: happening.by.clone(),
                what: act_in_words(words, &happening.act),
                said: happening.said.clone(),
                hash: happening.hash.chars().take(10).collect(),
            })
            .collect();
        Self {
            heading: words.say("timeline-heading").into_owned(),
            lines,
            proof: words.say("timeline-proof").into_owned(),
            may_read_ledger,
            empty: words.say("timeline-empty").into_owned(),
            more: (happenings.len() >= Self::MOST as usize)
                .then(|| words.say_with("timeline-more", words.whole(u64::from(Self::MOST)))),
        }
    }
}

impl Happening {
    /// The same, with the actor's name.
    #[must_use]
    pub fn named(mut self, names: &Names, lang: Lang) -> Self {
        if let Ok(actor) = self.actor.parse() {
            self.by = names.person(&actor, lang);
        }
        self
    }

    /// Entry `seq` of a sample.
    pub fn sample(seq: u64, at: &str, actor: &str, act: &str, subject: &str, said: &str) -> Self {
        Self {
            seq,
            at: at.parse().unwrap_or_default(),
            actor: actor.to_owned(),
            by: actor.to_owned(),
            act: act.to_owned(),
            subject: subject.to_owned(),
            said: said.to_owned(),
            hash: "5f0c3b1e9a77d2c4".repeat(4),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn an_act_without_words_is_shown_as_it_is() {
        let words = Words::new(Lang::En, TimeZone::UTC);
        assert_eq!(act_in_words(&words, "permit.issued"), "The permit was issued and signed");
        assert_eq!(act_in_words(&words, "comet.seen"), "comet.seen");
    }

    #[test]
    fn what_somebody_wrote_stands_with_what_they_did() {
        let draft = ledger::Draft {
            actor: "caseworker".parse().unwrap(),
            act: "permit.revoked".into(),
            subject: ledger::Subject::new("permit", "permit-1"),
            body: serde_json::json!({ "act": "revoked", "why": "the study was stopped" }),
        };
        let entry = Entry::seal(draft, 3, Timestamp::UNIX_EPOCH, ledger::Hash::default()).unwrap();
        assert_eq!(Happening::from(&entry).said, "the study was stopped");
    }
}
