//! An application for samples.

use model::{Lang, Timestamp};
use permit::application::Comment;
use permit::policy::Action;
use permit::{Application, ApplicationState, Decision, HolderReview, Role, Verdict};

use super::{ApplicationPage, Seen};
use crate::chrome::Chrome;
use crate::names::Names;
use crate::pages::source::sample_datasets;
use crate::parts::rules::RulingLine;
use crate::parts::terms::TermsTree;
use crate::parts::timeline::Happening;
use crate::sample::literal;

impl ApplicationPage {
    /// A sample, as the caseworker sees it: one holder has answered.
    pub fn sample(lang: Lang) -> Self {
        let path = "/applications/application-7k3m9q2x4d";
        let chrome = Chrome::sample(lang, path).seen_by(&[Role::Caseworker]);
        let words = chrome.words().clone();
        let application = sample_application(lang);
        let ruling = |action: Action, allowed| RulingLine {
            action: action.as_str().to_owned(),
            what: words.say_or(&format!("may-{}", action.as_str()), action.as_str()),
            allowed,
            inactive: None,
            why: vec![crate::parts::rules::RuleLine {
                id: "access-body-decides".to_owned(),
                text: words.say("access-body").into_owned(),
                article: "EHDS 68(3)".to_owned(),
            }],
        };
        let subject = "application/application-7k3m9q2x4d";
        let why = application.holders.values().flatten().next().map(|r| r.why.clone());
        let seen = Seen {
            rulings: vec![
                ruling(Action::SeeApplication, true),
                ruling(Action::DecideApplication, true),
                ruling(Action::CommentApplication, true),
                ruling(Action::EditApplication, false),
            ],
            happenings: vec![
                Happening::sample(
                    41,
                    "2026-02-27T10:12:00Z",
                    "holder",
                    "application.holder-reviewed",
                    subject,
                    &why.unwrap_or_default(),
                ),
                Happening::sample(
                    40,
                    "2026-02-20T08:00:00Z",
                    "researcher",
                    "application.submitted",
                    subject,
                    "",
                ),
                Happening::sample(
                    38,
                    "2026-02-18T13:40:00Z",
                    "researcher",
                    "application.drafted",
                    subject,
                    "",
                ),
            ],
            may_read_ledger: false,
        };
        let now = literal("2026-03-01T09:00:00Z");
        Self::of(chrome, &application, &Names::sample(), &sample_datasets(), now, seen)
    }
}

/// An application for samples: submitted, one holder has answered.
pub fn sample_application(lang: Lang) -> Application {
    let at = literal::<Timestamp>;
    let useful = match lang {
        Lang::Nb => "Dataene egner seg til formålet, og utvalget er så lite som mulig.",
        Lang::Da => "Dataene egner sig til formålet, og udvalget er så lille som muligt.",
        Lang::En => "The data suit the purpose, and no more is asked for than is needed.",
    };
    let review = HolderReview {
        verdict: Verdict::Approve,
        why: useful.to_owned(),
        by: literal("holder"),
        at: at("2026-02-27T10:12:00Z"),
    };
    Application {
        id: literal("application-7k3m9q2x4d"),
        applicant: literal("researcher"),
        organisation: literal("university"),
        terms: TermsTree::sample_terms(lang),
        state: ApplicationState::Submitted,
        began_at: at("2026-02-18T13:40:00Z"),
        submitted_at: Some(at("2026-02-20T08:00:00Z")),
        due: "2026-05-20".parse().ok(),
        holders: [
            (literal("population-register"), Some(review)),
            (literal("regional-hospital"), None),
        ]
        .into(),
        comments: vec![Comment {
            by: literal("caseworker"),
            at: at("2026-02-24T12:00:00Z"),
            field: "legal-basis".to_owned(),
            text: match lang {
                Lang::Nb => "Hvilken bestemmelse i nasjonal rett er dette?",
                Lang::Da => "Hvilken bestemmelse i national ret er dette?",
                Lang::En => "Which provision of national law is this?",
            }
            .to_owned(),
        }],
        decision: None::<Decision>,
    }
}
