//! Text is for a person, but some of it can be read beforehand.
//!
//! The printed summary of a model says how many it was fitted on; tables stand
//! between the words; markup has no business here. Text never passes by itself:
//! what words say is beyond any rule (decision 0050).

use model::Text;

use super::freedom::Fitted;
use crate::finding::{Finding, Weight};
use crate::rule::Rule;

/// The longest text that a person can be asked to read.
const LONGEST: usize = 64 << 10;

/// Findings about a text as a whole.
pub(crate) fn check(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if active(text) {
        let why = Text::of(
            "Teksten inneholder kode som en nettleser kan kjøre.",
            "Teksten indeholder kode, som en browser kan køre.",
            "The text holds code that a browser can run.",
        );
        findings.push(Finding::file(Rule::ActiveContent, Weight::Refuse, why));
    }
    if text.len() > LONGEST {
        let why = Text::of(
            "Teksten er lengre enn noen kan lese gjennom.",
            "Teksten er længere, end nogen kan læse igennem.",
            "The text is longer than anybody can read through.",
        );
        findings.push(Finding::file(Rule::TooLarge, Weight::Refuse, why));
    } else {
        let why = Text::of(
            "Fri tekst må leses av et menneske.",
            "Fri tekst skal læses af et menneske.",
            "Free text has to be read by a person.",
        );
        findings.push(Finding::file(Rule::FreeText, Weight::Review, why));
    }
    findings
}

fn active(text: &str) -> bool {
    let squeezed: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect::<String>()
        .to_ascii_lowercase();
    [
        "<script",
        "<svg",
        "<html",
        "<!doctype",
        "<iframe",
        "<img",
        "javascript:",
        "<object",
        "<embed",
        "<?xml",
    ]
    .iter()
    .any(|bad| squeezed.contains(bad))
}

/// The numbers of a model that its printed summary states.
pub(crate) fn fitted(text: &str) -> Fitted {
    let lower = text.to_lowercase();
    let after = |marks: &[&str]| marks.iter().find_map(|mark| number_after(&lower, mark));
    let events = after(&["number of events=", "number of events observed", "events observed ="]);
    let n = after(&[
        "n= ",
        "n=",
        "no. observations:",
        "number of observations",
        "number of observations =",
        "observations =",
        "number of obs",
    ]);
    Fitted {
        // A Cox model learns from its events.
        n: events.or(n),
        parameters: after(&["df model:", "parameters:"]),
        residual_df: after(&["df residuals:", "residual degrees of freedom:"])
            .or_else(|| number_before(&lower, "residual degrees of freedom"))
            .or_else(|| {
                lower.split("residual deviance").nth(1).and_then(|t| number_after(t, " on "))
            })
            .or_else(|| {
                lower.split("residual standard error").nth(1).and_then(|t| number_after(t, " on "))
            }),
    }
}

fn number_after(text: &str, mark: &str) -> Option<u64> {
    text.match_indices(mark).find_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        let standing_alone = mark.starts_with(' ') || before.is_none_or(|c| !c.is_alphanumeric());
        let rest = text.get(at + mark.len()..)?.trim_start_matches([' ', '=', ':', '\t']);
        let digits: String = rest.chars().take_while(char::is_ascii_digit).take(15).collect();
        if standing_alone { digits.parse().ok() } else { None }
    })
}

fn number_before(text: &str, mark: &str) -> Option<u64> {
    let before = text.split(mark).next().filter(|before| before.len() < text.len())?.trim_end();
    let digits_at = before.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    before.get(digits_at..)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_summaries_say_what_the_model_was_fitted_on() {
        let cox = "Call:\ncoxph(formula = Surv(futime, status) ~ age)\n\n  n= 17549, number of events= 1364 \n";
        assert_eq!(fitted(cox), Fitted { n: Some(1364), ..Fitted::default() });
        let glm = "    Null deviance: 100.0  on 99  degrees of freedom\nResidual deviance:  90.1  on 97  degrees of freedom\n";
        assert_eq!(fitted(glm).residual_df, Some(97));
        let lm = "Residual standard error: 0.1 on 47 degrees of freedom\n";
        assert_eq!(fitted(lm).residual_df, Some(47));
        let ols = "No. Observations:                 100\nDf Residuals:                      95\nDf Model:                           4\n";
        assert_eq!(
            fitted(ols),
            Fitted { n: Some(100), parameters: Some(4), residual_df: Some(95) }
        );
    }

    #[test]
    fn markup_is_active() {
        for bad in
            ["<html><body>", "x < script >", "<IMG SRC=x onerror=alert(1)>", "java\nscript:x"]
        {
            assert!(check(bad).iter().any(|f| f.rule == Rule::ActiveContent), "`{bad}`");
        }
        assert_eq!(check("p < 0.05; all good").len(), 1);
    }
}
