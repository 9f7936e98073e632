//! The rules by name: what each is called, and where it comes from.

use std::fmt;

use model::Text;
use serde::{Deserialize, Serialize};

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident, $word:literal, $source:literal, [$nb:literal, $da:literal, $en:literal];)*) => {
        /// What was looked at, or found.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Rule {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The same word as in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Where the rule comes from.
            pub const fn source(self) -> &'static str {
                match self { $(Self::$name => $source,)* }
            }

            /// What people call it.
            pub fn title(self) -> Text {
                match self { $(Self::$name => Text::of($nb, $da, $en),)* }
            }
        }
    };
}

// "Handbook": Hundepool, Domingo-Ferrer, Franconi, Giessing, Lenz, Naylor,
// Schulte Nordholt, Seri, de Wolf and others, "Handbook on Statistical Disclosure Control",
// 2nd edition, 2024 (sdctools.github.io/HandbookSDC).
// "Guidelines": Bond, Brandt, de Wolf, "Guidelines for output checking", Data
// without Boundaries, 2015, by its classes of output.
// "SDAP": Griffiths, Greci, Kotrotsios, Parker, Scott, Welpton, Wolters, Woods,
// "Handbook on Statistical Disclosure Control for Outputs", 2019.
// Fischetti and Salazar-González, "Solving the cell suppression problem on
// tabular data with linear constraints", Management Science 47(7), 2001.
// O'Keefe, Sparks, McAullay, Loong, "Confidentialising survival analysis output
// in a remote data access system", J. Privacy and Confidentiality 4(1), 2012.
rules! {
    /// A cell on fewer people than the permit allows.
    SmallCount, "small-count", "Handbook 4.2.1, minimum frequency rule; Guidelines, frequency tables",
        ["Små tall", "Små tal", "Small counts"];
    /// What is left when a shown part is taken from a shown whole is of few people.
    SmallRest, "small-rest", "Handbook 5.2, differencing within a table",
        ["Lite igjen", "Lille rest", "Small remainders"];
    /// A percentage from which a small count can be worked out.
    ShareOfFew, "share-of-few", "Guidelines, frequency tables: a percentage gives its count",
        ["Prosent av få", "Procent af få", "Percentages of few"];
    /// Everyone in a group has the same value.
    GroupDisclosure, "group-disclosure", "Handbook 5.2, group attribute disclosure; Guidelines, group disclosure",
        ["Alle i gruppen er like", "Alle i gruppen er ens", "Everyone in the group is alike"];
    /// A withheld cell can be worked out from those that are shown.
    Recoverable, "recoverable", "Handbook 4.2.2, feasibility interval; Fischetti and Salazar-González 2001",
        ["Skjult tall kan regnes ut", "Skjult tal kan regnes ud", "Withheld numbers can be worked out"];
    /// Few contributors hold most of a total.
    Dominance, "dominance", "Handbook 4.2.1, (n,k)-dominance rule",
        ["Dominans", "Dominans", "Dominance"];
    /// One contributor can work out another's contribution too closely.
    PPercent, "p-percent", "Handbook 4.2.1, p%-rule",
        ["p-prosent", "p-procent", "p-percent"];
    /// A number that does not say how many people it rests on.
    Uncounted, "uncounted", "Handbook 6.6, underlying numbers of cases",
        ["Antall mangler", "Antal mangler", "No count beside the number"];
    /// A model with too few residual degrees of freedom, or an unknown number.
    ResidualFreedom, "residual-freedom", "Guidelines, regression: at least 10 degrees of freedom",
        ["Frihetsgrader", "Frihedsgrader", "Residual degrees of freedom"];
    /// A step of a survival curve that is of few people.
    SurvivalStep, "survival-step", "SDAP, survival analysis; O'Keefe, Sparks, McAullay, Loong 2012",
        ["Trinn i overlevelseskurve", "Trin i overlevelseskurve", "Steps of a survival curve"];
    /// The smallest or largest value, which is one person's.
    Extreme, "extreme", "Guidelines, maxima, minima and percentiles",
        ["Største og minste verdi", "Største og mindste værdi", "Smallest and largest values"];
    /// A row, or something like it, for each person.
    RowData, "row-data", "EHDS article 73(2): only non-personal data leave",
        ["Rader om enkeltpersoner", "Rækker om enkeltpersoner", "Rows about single people"];
    /// A column in which nearly every value is another.
    NearUnique, "near-unique", "Handbook 3.3, sample and population uniques",
        ["Nesten alle verdier er ulike", "Næsten alle værdier er forskellige", "Nearly unique values"];
    /// Counts that cannot be counts of the people in the extract.
    Implausible, "implausible", "the extract's own number of people and rows",
        ["Antall som ikke stemmer", "Antal der ikke stemmer", "Counts that cannot be"];
    /// A column that carries the values of a column of the extract.
    CopyOfColumn, "copy-of-column", "Kolmogorov-Smirnov distance of quantiles, affine-invariant",
        ["Kopi av en kolonne", "Kopi af en kolonne", "Copy of a column"];
    /// A number or a name that points at a person.
    Identifier, "identifier", "GDPR article 4(5); EHDS article 73(2)",
        ["Personnummer og andre kjennetegn", "Personnumre og andre kendetegn", "Identifiers"];
    /// Dates exact to the day, as of birth or death.
    ExactDate, "exact-date", "Handbook 3.3, identifying variables",
        ["Datoer på dagen", "Datoer på dagen", "Dates exact to the day"];
    /// Something in a cell or a text that could carry anything.
    Payload, "payload", "decision 0050",
        ["Skjult innhold", "Skjult indhold", "Room for hidden content"];
    /// More digits than a result needs.
    SpareDigits, "spare-digits", "decision 0050",
        ["Flere sifre enn nødvendig", "Flere cifre end nødvendigt", "More digits than needed"];
    /// Characters, comments or metadata that nobody sees.
    HiddenText, "hidden-text", "decision 0050",
        ["Usynlig tekst", "Usynlig tekst", "Text nobody sees"];
    /// A cell that a spreadsheet would run as a formula.
    Formula, "formula", "OWASP, CSV injection; CWE-1236",
        ["Formel i en celle", "Formel i en celle", "Formula in a cell"];
    /// A script, an event handler, a link to somewhere else.
    ActiveContent, "active-content", "SVG 2, sections 2.7 and 15; CWE-79",
        ["Aktivt innhold", "Aktivt indhold", "Active content"];
    /// Part of a picture that is not on the list of what a figure needs.
    Disallowed, "disallowed", "decision 0053",
        ["Ukjent del av et bilde", "Ukendt del af et billede", "Part of a picture not on the list"];
    /// More points than a figure needs.
    PointsInPicture, "points-in-picture", "Guidelines, graphs: a point is a value; decision 0053",
        ["Punkter i et bilde", "Punkter i et billede", "Points in a picture"];
    /// A figure without the table it is drawn from.
    Untabled, "untabled", "Handbook 6.6, additional tables with the depicted values",
        ["Figur uten tabell", "Figur uden tabel", "Figure without its table"];
    /// Text that only a person can judge.
    FreeText, "free-text", "decision 0050",
        ["Fri tekst", "Fri tekst", "Free text"];
    /// Something in a table that no rule speaks of.
    Unexplained, "unexplained", "decision 0050",
        ["Uforklart kolonne", "Uforklaret kolonne", "Unexplained column"];
    /// The file is not what it was said to be.
    Misdeclared, "misdeclared", "decision 0050",
        ["Ikke det som ble oppgitt", "Ikke det der blev oplyst", "Not what was declared"];
    /// Rows of unequal length, repeated rows: no table that can be checked.
    Irregular, "irregular", "RFC 4180, section 2",
        ["Uregelmessig tabell", "Uregelmæssig tabel", "Irregular table"];
    /// The same table left before, and the difference is of few people.
    Differencing, "differencing", "Handbook 5.2, differencing",
        ["Differanse mot tidligere resultat", "Differens mod tidligere resultat", "Difference from an earlier result"];
    /// A file that the check cannot read.
    UnknownFormat, "unknown-format", "decision 0050",
        ["Ukjent filformat", "Ukendt filformat", "Unknown format"];
    /// A file larger than a person could check.
    TooLarge, "too-large", "decision 0050",
        ["For stor fil", "For stor fil", "Too large a file"];
}

impl Rule {
    /// Whether it says that the file holds people's rows, whatever else it is.
    pub const fn is_about_rows(self) -> bool {
        matches!(self, Self::RowData | Self::CopyOfColumn | Self::Identifier | Self::Payload)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::Lang;

    use super::*;

    #[test]
    fn every_rule_has_a_word_of_its_own_a_source_and_a_title_in_every_language() {
        let words: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
        assert_eq!(words.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            assert!(!rule.source().is_empty());
            for lang in Lang::ALL {
                assert!(!rule.title().get(lang).is_empty());
            }
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.as_str());
        }
    }
}
