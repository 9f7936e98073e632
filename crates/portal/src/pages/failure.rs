//! What stands there when something could not be done: what, why, by which
//! rule, and what to do instead.

use askama::Template;
use model::Lang;

use crate::chrome::Chrome;
use crate::parts::rules::RuleLine;

/// The page of a failure.
#[derive(Debug, Template)]
#[template(path = "pages/failure.html")]
pub struct FailurePage {
    chrome: Chrome,
    heading: String,
    says: String,
    english: bool,
    rules: Vec<RuleLine>,
    request: String,
    sign_in: bool,
}

impl FailurePage {
    /// The page: `heading` and `says` in words, the latter perhaps in `english`
    /// whatever the language; `rules` when the policy said no;
    /// `request` to name to the operator.
    pub const fn of(
        chrome: Chrome,
        heading: String,
        says: String,
        english: bool,
        rules: Vec<RuleLine>,
        request: String,
        sign_in: bool,
    ) -> Self {
        Self { chrome, heading, says, english, rules, request, sign_in }
    }

    /// A sample: the policy said no.
    pub fn sample(lang: Lang) -> Self {
        let chrome = Chrome::sample(lang, "/permits/permit-7k3m9q2x4d");
        let words = chrome.words().clone();
        let rule = RuleLine {
            id: "only-the-people-of-the-permit-enter".to_owned(),
            text: words.say("problem-denied-says").into_owned(),
            article: "EHDS 73(1)(a)".to_owned(),
        };
        Self::of(
            chrome,
            words.say("problem-denied").into_owned(),
            words.say("problem-denied-says").into_owned(),
            false,
            vec![rule],
            "0f3a77c2".to_owned(),
            true,
        )
    }
}
