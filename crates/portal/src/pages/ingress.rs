//! A file that somebody asks to bring into a room: what was found in it, and the
//! decision.

use askama::Template;
use axum::extract::{Path, State};
use ingress::{Content, Declared, Fault, Finding, Ingress, IngressState, Weight};
use model::{IngressId, Lang};
use permit::Role;
use permit::policy::Action;

use super::seen;
use crate::answer::{Answered, html, not_accepted, see};
use crate::chrome::Chrome;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::names::Names;
use crate::parts::form::Typed;
use crate::parts::rules::{Rules, RulingLine};
use crate::parts::standing::{Fact, Standing, Step};
use crate::parts::timeline::{Happening, Timeline};
use crate::parts::{Tag, Tone};
use crate::security::forms::Signed;
use crate::state::App;
use crate::visitor::Visitor;
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/ingress.html")]
pub struct IngressPage {
    chrome: Chrome,
    id: String,
    standing: Standing,
    origin: String,
    why: String,
    /// What is in it, in a line.
    holds: String,
    /// What became of its identity numbers.
    linked: Vec<String>,
    findings: Vec<FindingLine>,
    inspected: bool,
    names: Vec<String>,
    texts: Vec<(String, String)>,
    decision: Option<(Tag, String, String)>,
    may_decide: bool,
    typed: Typed,
    rules: Rules,
    timeline: Timeline,
}

/// One thing that was found.
#[derive(Debug, Clone)]
pub struct FindingLine {
    tone: Tone,
    weight: String,
    place: String,
    what: String,
    rule: &'static str,
}

/// What the reader sees besides the record.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The beginning of each text in it, by name, for those who decide.
    pub texts: Vec<(String, String)>,
    /// What the permit is called.
    pub title: String,
    /// What the reader may do, by action.
    pub rulings: Vec<RulingLine>,
    /// What happened, newest first.
    pub happenings: Vec<Happening>,
    /// Whether the reader may read the ledger.
    pub may_read_ledger: bool,
}

/// The word for where it stands, and its colour.
pub const fn state_word(state: IngressState) -> (&'static str, Tone) {
    match state {
        IngressState::Asked => ("state-ingress-asked", Tone::Neutral),
        IngressState::Inspected => ("state-ingress-inspected", Tone::Info),
        IngressState::Admitted => ("state-ingress-admitted", Tone::Info),
        IngressState::Placed => ("state-ingress-placed", Tone::Success),
        IngressState::Refused => ("state-ingress-refused", Tone::Danger),
    }
}

/// The tag of where it stands.
pub(crate) fn state_tag(words: &Words, state: IngressState) -> Tag {
    let (key, tone) = state_word(state);
    Tag::new(tone, words.say(key))
}

const fn says_key(state: IngressState) -> &'static str {
    match state {
        IngressState::Asked => "ingress-waits-inspection",
        IngressState::Inspected => "ingress-waits-checker",
        IngressState::Admitted => "ingress-comes-in",
        IngressState::Placed => "ingress-is-there",
        IngressState::Refused => "ingress-stays-out",
    }
}

/// What a file is said to be.
pub(crate) const fn declared_key(declared: Declared) -> &'static str {
    match declared {
        Declared::Code => "declared-code",
        Declared::Reference => "declared-reference",
        Declared::People => "declared-people",
    }
}

fn content_key(content: Content) -> String {
    format!("content-{}", content.as_str())
}

/// What was found, in words.
fn fault(words: &Words, fault: &Fault) -> String {
    let key = format!("fault-in-{}", fault.as_str());
    match fault {
        Fault::IdentityNumbers { count } | Fault::Hidden { count } => {
            words.say_with(&key, words.whole(*count))
        }
        Fault::TooLarge { most } => words.say_with(&key, words.bytes(*most)),
        Fault::TooMany { most } => words.say_with(&key, words.whole(*most)),
        Fault::Malware { name } => words.say_with(&key, name),
        Fault::UniqueRows { unique, rows } => {
            words.say_both(&key, words.whole(*unique), words.whole(*rows))
        }
        _ => words.say(&key).into_owned(),
    }
}

fn finding_line(words: &Words, finding: &Finding) -> FindingLine {
    let (weight, tone) = match finding.fault.weight() {
        Weight::Note => ("weight-note", Tone::Neutral),
        Weight::Person => ("weight-review", Tone::Warning),
        Weight::Refuse => ("weight-stays-out", Tone::Danger),
    };
    FindingLine {
        tone,
        weight: words.say(weight).into_owned(),
        place: finding.place.clone().unwrap_or_default(),
        what: fault(words, &finding.fault),
        rule: finding.fault.as_str(),
    }
}

fn holds(words: &Words, ingress: &Ingress) -> String {
    let Some(inspection) = &ingress.inspection else { return String::new() };
    let of = |(content, count): (&Content, &u64)| {
        format!("{}: {}", words.say(&content_key(*content)), words.whole(*count))
    };
    let holds: Vec<String> = inspection.holds.iter().map(of).collect();
    if holds.is_empty() {
        words.say(&content_key(inspection.content)).into_owned()
    } else {
        holds.join(", ")
    }
}

fn linked(words: &Words, ingress: &Ingress) -> Vec<String> {
    let Some(linked) = &ingress.linked else { return Vec::new() };
    let mut lines =
        vec![words.say_both("ingress-linked", words.whole(linked.kept), words.whole(linked.rows))];
    lines.push(words.say_with("ingress-linked-people", words.whole(linked.people)));
    if linked.unreadable > 0 {
        lines.push(words.say_with("ingress-linked-unreadable", words.whole(linked.unreadable)));
    }
    lines
}

impl IngressPage {
    /// The page of `ingress`.
    pub fn of(chrome: Chrome, ingress: &Ingress, names: &Names, seen: Seen) -> Self {
        let words = chrome.words().clone();
        let lang = words.lang();
        let id = ingress.id.to_string();
        let may = |action: Action| {
            seen.rulings.iter().any(|ruling| ruling.allowed && ruling.action == action.as_str())
        };
        let may_decide = ingress.state == IngressState::Inspected && may(Action::DecideIngress);
        let asked_by = names.account(&ingress.asked_by, lang);
        let scanned = if ingress.scanned { "ingress-scanned" } else { "ingress-not-scanned" };
        let standing = Standing {
            trail: vec![
                (seen.title.clone(), format!("/permits/{}", ingress.permit)),
                (ingress.room.to_string(), format!("/rooms/{}", ingress.room)),
            ],
            kind: format!("{} {id}", words.say("ingress")),
            title: ingress.name.clone(),
            tag: state_tag(&words, ingress.state),
            says: words.say(says_key(ingress.state)).into_owned(),
            facts: vec![
                (
                    words.say("ingress-asked-by").into_owned(),
                    Fact::Time(words.moment(ingress.asked_at), asked_by.clone()),
                ),
                (
                    words.say("ingress-declared").into_owned(),
                    Fact::Words(words.say(declared_key(ingress.declared)).into_owned()),
                ),
                (words.say("size").into_owned(), Fact::Words(words.bytes(ingress.bytes))),
                (
                    words.say("ingress-scanner").into_owned(),
                    Fact::Words(words.say(scanned).into_owned()),
                ),
            ],
            steps: if may_decide {
                vec![Step::go(words.say("output-decide"), "#decide")]
            } else {
                Vec::new()
            },
        };
        let decision = ingress.decided.as_ref().map(|decided| {
            let state = if decided.admitted { IngressState::Placed } else { IngressState::Refused };
            let (_, tone) = state_word(state);
            let key = if decided.admitted { "ingress-admitted" } else { "ingress-refused" };
            let by = match &decided.who {
                Some(who) => names.account(who, lang),
                None => words.say("ingress-by-rule").into_owned(),
            };
            (Tag::new(tone, words.say(key)), by, decided.why.clone())
        });
        let over = !matches!(ingress.state, IngressState::Asked | IngressState::Inspected);
        Self {
            standing,
            origin: ingress.origin.clone(),
            why: ingress.why.clone(),
            holds: holds(&words, ingress),
            linked: linked(&words, ingress),
            findings: ingress.findings().iter().map(|f| finding_line(&words, f)).collect(),
            inspected: ingress.inspection.is_some(),
            names: ingress.inspection.as_ref().map_or_else(Vec::new, |i| i.names.clone()),
            texts: seen.texts,
            decision,
            may_decide,
            typed: Typed::default(),
            rules: Rules::new(&words)
                .with(words.say("ingress-asked-by"), vec![asked_by])
                .ruled(if over { Vec::new() } else { seen.rulings }),
            timeline: Timeline::new(&words, &seen.happenings, seen.may_read_ledger),
            id,
            chrome,
        }
    }

    fn with_typed(mut self, typed: Typed) -> Self {
        self.typed = if self.may_decide { typed } else { typed.without_form("why") };
        self
    }

    /// A sample: a code list that waits for a checker.
    pub fn sample(lang: Lang) -> Self {
        let chrome =
            Chrome::sample(lang, "/ingresses/ingress-2x4z6b8d0f").seen_by(&[Role::Checker]);
        let ruling = RulingLine {
            action: Action::DecideIngress.as_str().to_owned(),
            what: chrome.words().say("may-decide-ingress").into_owned(),
            allowed: true,
            inactive: None,
            why: Vec::new(),
        };
        let seen = Seen {
            texts: vec![(
                "icd-10/codes.csv".to_owned(),
                "code;name\nK760;Fatty liver\n".to_owned(),
            )],
            title: crate::parts::terms::TermsTree::sample_terms(lang).title,
            rulings: vec![ruling],
            happenings: vec![Happening::sample(
                72,
                "2026-03-01T08:30:01Z",
                "researcher",
                "ingress.inspected",
                "ingress/ingress-2x4z6b8d0f",
                "",
            )],
            may_read_ledger: false,
        };
        Self::of(chrome, &sample_ingress(), &Names::sample(), seen)
    }
}

/// A sample of the record.
pub(crate) fn sample_ingress() -> Ingress {
    use crate::sample::literal;
    Ingress {
        id: literal("ingress-2x4z6b8d0f"),
        state: IngressState::Inspected,
        room: literal("room-3p5r7t9v1x"),
        permit: literal("permit-7k3m9q2x4d"),
        name: "icd-10.zip".to_owned(),
        declared: Declared::Reference,
        origin: "WHO, ICD-10 version 2019".to_owned(),
        why: "Names of the diagnoses in table 1".to_owned(),
        sealed: ledger::Hash::default(),
        bytes: 24_576,
        linked: None,
        asked_by: literal("researcher"),
        asked_at: literal("2026-03-01T08:30:00Z"),
        inspection: Some(ingress::Inspection {
            content: Content::Archive,
            holds: [(Content::Table, 2), (Content::Unknown, 1)].into(),
            names: vec!["icd-10/codes.csv".to_owned(), "icd-10/blocks.csv".to_owned()],
            files: 3,
            bytes: 131_072,
            findings: vec![Finding {
                place: Some("icd-10/index.bin".to_owned()),
                fault: Fault::Unknown,
            }],
        }),
        scanned: true,
        decided: None,
        placed_at: None,
    }
}

/// What can be done on its page.
pub(crate) const ACTIONS: [Action; 1] = [Action::DecideIngress];

/// `GET /ingresses/{ingress}`
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(ingress): Path<String>,
) -> Answered {
    html(&page(&app, &visitor, &seen::id(&ingress)?).await?)
}

async fn page(app: &App, visitor: &Visitor, id: &IngressId) -> Result<IngressPage, Failure> {
    let caller = visitor.caller();
    let considered = app.centre.considered(caller, id).await?;
    let ingress = considered.ingress;
    let names = app.names(caller).await?;
    let thing = app.centre.ingress_thing(&ingress).await?;
    let title = match app.centre.permit(caller, &ingress.permit).await {
        Ok(permit) => permit.grant.terms.title.clone(),
        Err(_) => ingress.permit.to_string(),
    };
    let seen = Seen {
        texts: considered.texts,
        title,
        rulings: seen::rulings(app, visitor, &thing, &ACTIONS),
        happenings: seen::happenings(app, visitor, &names, "ingress", id.as_str()).await?,
        may_read_ledger: seen::may_read_ledger(app, visitor),
    };
    Ok(IngressPage::of(visitor.chrome(app), &ingress, &names, seen))
}

/// `POST /ingresses/{ingress}/decision`
pub(crate) async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(ingress): Path<String>,
    Signed(fields): Signed,
) -> Answered {
    let id = seen::id(&ingress)?;
    let (admit, done) = match fields.one("do") {
        "admit" => (true, "admitted"),
        "refuse" => (false, "kept-out"),
        other => return Err(Failure::Choice(other.to_owned())),
    };
    match app.centre.decide_ingress(visitor.caller(), &id, admit, fields.text("why")).await {
        Ok(()) => Ok(see(&format!("/ingresses/{id}"), done)),
        Err(refused) => {
            let failure = Failure::unfit(refused, "ingress-decided");
            again(&app, &visitor, &id, fields, failure).await
        }
    }
}

async fn again(
    app: &App,
    visitor: &Visitor,
    id: &IngressId,
    fields: Fields,
    failure: Failure,
) -> Answered {
    if !failure.is_about_form() {
        return Err(failure);
    }
    let typed = Typed::refused(visitor.words(), "decision", "why", fields, &failure);
    not_accepted(&page(app, visitor, id).await?.with_typed(typed), &failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every fault there is, once.
    fn faults() -> Vec<Fault> {
        vec![
            Fault::IdentityNumbers { count: 3 },
            Fault::Program,
            Fault::Macros,
            Fault::ExternalLinks,
            Fault::Pickle,
            Fault::Link,
            Fault::Device,
            Fault::Name,
            Fault::Twice,
            Fault::TooLarge { most: 1 << 20 },
            Fault::TooMany { most: 10 },
            Fault::Sealed,
            Fault::Nested,
            Fault::Broken,
            Fault::Unknown,
            Fault::NameSaysElse,
            Fault::Submodule,
            Fault::Hidden { count: 2 },
            Fault::Malware { name: "Eicar".to_owned() },
            Fault::UniqueRows { unique: 4, rows: 9 },
        ]
    }

    #[test]
    fn everything_has_a_word_in_every_language() {
        for lang in Lang::ALL {
            let words = Words::new(lang, jiff::tz::TimeZone::UTC);
            let knows = |key: &str| assert!(words.knows(key), "{key} in {lang}");
            for state in IngressState::ALL {
                knows(state_word(state).0);
                knows(says_key(state));
            }
            for declared in Declared::ALL {
                knows(declared_key(declared));
            }
            for content in Content::ALL {
                knows(&content_key(content));
            }
            for fault in faults() {
                knows(&format!("fault-in-{}", fault.as_str()));
            }
        }
    }

    #[test]
    fn nobody_is_asked_to_decide_what_is_decided() {
        let mut ingress = sample_ingress();
        let chrome = || Chrome::sample(Lang::En, "/").seen_by(&[Role::Checker]);
        let seen = || {
            let ruling = RulingLine {
                action: Action::DecideIngress.as_str().to_owned(),
                what: String::new(),
                allowed: true,
                inactive: None,
                why: Vec::new(),
            };
            Seen { rulings: vec![ruling], ..Seen::default() }
        };
        assert!(IngressPage::of(chrome(), &ingress, &Names::sample(), seen()).may_decide);
        ingress.state = IngressState::Refused;
        let page = IngressPage::of(chrome(), &ingress, &Names::sample(), seen());
        assert!(!page.may_decide && page.rules.rulings.is_empty());
    }
}
