//! One entry of the ledger, and the proof that it is there.

use std::sync::Arc;

use crate::answer::{Answered, html};
use crate::failure::Failure;
use crate::state::App;
use crate::visitor::Visitor;
use askama::Template;
use axum::extract::{Path, State};
use ledger::EntryFilter;
use ledger::{Entry, Hash, Page, SignedProof, VerifierKey};
use model::Lang;
use permit::Role;

use super::ledger::page_of;
use super::seen;
use crate::chrome::Chrome;
use crate::names::Names;
use crate::parts::standing::{Fact, Standing};
use crate::parts::timeline::act_in_words;
use crate::parts::{Tag, Tone};
use crate::sample::literal;

/// The page of an entry.
#[derive(Debug, Template)]
#[template(path = "pages/ledger_entry.html")]
pub struct LedgerEntryPage {
    chrome: Chrome,
    seq: u64,
    standing: Standing,
    body: String,
    hash: String,
    computed: String,
    previous: String,
    proof: Option<ProofLines>,
}

/// The proof, checked.
#[derive(Debug, Clone)]
pub struct ProofLines {
    tag: Tag,
    why: String,
    path: Vec<String>,
    text: String,
}

impl LedgerEntryPage {
    /// The page of `entry`, with its proof if a checkpoint covers it.
    pub fn of(
        chrome: Chrome,
        names: &Names,
        entry: &Entry,
        proof: Option<&SignedProof>,
        key: Option<&VerifierKey>,
    ) -> Self {
        let words = chrome.words().clone();
        // What cannot be written down canonically has no hash: it is not intact.
        let computed = entry.hash_of().unwrap_or_default();
        let intact = computed == entry.hash;
        let tag = if intact {
            Tag::new(Tone::Success, words.say("entry-intact"))
        } else {
            Tag::new(Tone::Danger, words.say("entry-changed"))
        };
        let subject = entry.subject.to_string();
        let about = match page_of(&subject) {
            Some(href) => Fact::Link(subject, href),
            None => Fact::Words(subject),
        };
        let standing = Standing {
            trail: vec![(words.say("nav-ledger").into_owned(), "/ledger".to_owned())],
            kind: words.say_with("ledger-entry", words.whole(entry.seq)),
            title: act_in_words(&words, &entry.act),
            tag,
            says: words
                .say(if intact { "entry-intact-says" } else { "entry-changed-says" })
                .into_owned(),
            facts: vec![
                (words.say("when").into_owned(), Fact::Time(words.moment(entry.at), String::new())),
                (
                    words.say("who").into_owned(),
                    Fact::Words(names.person(&entry.actor, words.lang())),
                ),
                (words.say("ledger-subject").into_owned(), about),
                (words.say("ledger-act").into_owned(), Fact::Words(entry.act.clone())),
            ],
            steps: Vec::new(),
        };
        let proof = proof.map(|proof| {
            let verdict = key.map(|key| proof.verify(&computed, key));
            let (tag, why) = match verdict {
                Some(Ok(checkpoint)) => (
                    Tag::new(Tone::Success, words.say("proof-holds")),
                    words.say_with("proof-covers", words.whole(checkpoint.size)),
                ),
                Some(Err(error)) => {
                    (Tag::new(Tone::Danger, words.say("proof-fails")), error.to_string())
                }
                None => (Tag::default(), String::new()),
            };
            ProofLines {
                tag,
                why,
                path: proof.path.iter().map(Hash::to_string).collect(),
                text: proof.to_string(),
            }
        });
        Self {
            seq: entry.seq,
            body: serde_json::to_string_pretty(&entry.body).unwrap_or_default(),
            hash: entry.hash.to_string(),
            computed: computed.to_string(),
            previous: entry.previous.to_string(),
            standing,
            proof,
            chrome,
        }
    }

    /// A sample, without a checkpoint yet.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/ledger/52").seen_by(&[Role::Auditor]);
        Self::of(chrome, &Names::sample(), &sample_entry(), None, None)
    }
}

#[expect(clippy::expect_used, reason = "its subject and act are of one kind")]
fn sample_entry() -> Entry {
    let draft = ledger::Draft {
        actor: literal("caseworker"),
        act: "permit.issued".to_owned(),
        subject: ledger::Subject::new("permit", "permit-7k3m9q2x4d"),
        body: serde_json::json!({ "act": "issued", "grant": { "data-user": "university" } }),
    };
    let at = literal("2026-02-28T14:00:00Z");
    Entry::seal(draft, 52, at, Hash([0x5a; 32])).expect("an entry")
}

/// The ledger's page of one entry, for those who may read the ledger.
async fn around(app: &App, visitor: &Visitor, seq: u64) -> Result<Arc<Page<Entry>>, Failure> {
    let filter = EntryFilter { limit: 1, offset: seq, ..EntryFilter::default() };
    Ok(app.centre.ledger(visitor.caller(), &filter).await?)
}

fn found(page: &Page<Entry>, seq: u64) -> Result<&Entry, Failure> {
    page.items.iter().find(|entry| entry.seq == seq).ok_or(Failure::Absent)
}

/// The entry at a place, for those who may read the ledger.
pub(crate) async fn entry(app: &App, visitor: &Visitor, seq: u64) -> Result<Entry, Failure> {
    found(&*around(app, visitor, seq).await?, seq).cloned()
}

/// `GET /ledger/{seq}`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(seq): Path<String>,
) -> Answered {
    let seq = seen::id(&seq)?;
    let page = around(&app, &visitor, seq).await?;
    let entry = found(&page, seq)?;
    let proof = app.proofs.prove(seq).await?;
    let key = app.proofs.key();
    let names = app.names(visitor.caller()).await?;
    html(&LedgerEntryPage::of(visitor.chrome(&app), &names, entry, proof.as_ref(), Some(&key)))
}
