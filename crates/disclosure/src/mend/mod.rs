//! What can be mended without a person, is: cells withheld, columns left out,
//! curves thinned, digits rounded, pictures stripped. The mended file goes
//! through the same check as any other; if it does not come out better, there
//! is no mend.

pub(crate) mod picture;
pub(crate) mod protect;
pub(crate) mod round;
pub(crate) mod thin;
pub(crate) mod withhold;
pub(crate) mod write;

use model::Text;
use serde::{Deserialize, Serialize};

use crate::check::check;
use crate::checks::Look;
use crate::context::{Context, File};
use crate::finding::{Findings, Place, Remedy, Weight};
use crate::read::{Content, read};
use crate::role::Role;
use crate::rule::Rule;
use crate::rules::Rules;
use crate::table::Table;

/// A file that was mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// The mended file.
    pub bytes: Vec<u8>,
    /// What was done.
    pub changes: Changes,
    /// What a reader should know, in words. Goes with the file.
    pub note: Text,
    /// What the check says of the mended file.
    pub findings: Findings,
}

/// What was done to a file. Does not tell which of the withheld cells were the
/// unsafe ones: whoever knows that has half of what was hidden.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Changes {
    /// Cells that are withheld, in the mended file.
    pub withheld: Vec<Place>,
    /// Columns that were left out, by name.
    pub dropped: Vec<String>,
    /// Columns whose numbers were rounded, by name.
    pub rounded: Vec<String>,
    /// How many rows of a curve were taken together with the next.
    pub thinned: u64,
    /// How many parts of a picture were taken out.
    pub stripped: u64,
}

/// Why a file was not mended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoMend {
    /// Nothing was found that a mend is for.
    #[error("nothing was found that can be mended")]
    Nothing,
    /// Something was found that only a person can mend.
    #[error("{} cannot be mended without a person", names(.0))]
    Beyond(Vec<Rule>),
    /// Whatever is withheld, something can be worked out, or the table is too
    /// large to be sure.
    #[error("no cells can be withheld so that none can be worked out: merge groups instead")]
    NoWay,
    /// The mended file would still be refused.
    #[error("mended, the file would still break {}: merge groups or leave parts out", names(.0))]
    StillUnsafe(Vec<Rule>),
}

fn names(rules: &[Rule]) -> String {
    let words: Vec<String> = rules.iter().map(|rule| format!("`{rule}`")).collect();
    words.join(", ")
}

/// Mends a file, if that can be done without a person.
pub fn mend(file: &File<'_>, rules: &Rules, context: &Context) -> Result<Mended, NoMend> {
    let before = check(file, rules, context);
    let beyond = refused_by(&before, |finding| finding.mend.is_none());
    if !beyond.is_empty() {
        return Err(NoMend::Beyond(beyond));
    }
    let wanted: Vec<Remedy> = before.findings.iter().filter_map(|finding| finding.mend).collect();
    if wanted.is_empty() {
        return Err(NoMend::Nothing);
    }
    let (bytes, changes) = match read(file.name, file.bytes) {
        Content::Table(table, _) => mend_table(table, file, rules, context, &wanted)?,
        Content::Picture(_) => picture::strip(file.bytes).ok_or(NoMend::NoWay)?,
        _ => return Err(NoMend::Nothing),
    };
    let mended = File { bytes: &bytes, ..*file };
    let findings = check(&mended, rules, context);
    let unsafe_still = refused_by(&findings, |_| true);
    if !unsafe_still.is_empty() {
        return Err(NoMend::StillUnsafe(unsafe_still));
    }
    let note = note(&changes, rules);
    Ok(Mended { bytes, changes, note, findings })
}

fn refused_by(findings: &Findings, also: impl Fn(&crate::finding::Finding) -> bool) -> Vec<Rule> {
    let mut rules: Vec<Rule> = findings
        .findings
        .iter()
        .filter(|finding| finding.weight == Weight::Refuse && also(finding))
        .map(|finding| finding.rule)
        .collect();
    rules.sort();
    rules.dedup();
    rules
}

fn mend_table(
    mut table: Table,
    file: &File<'_>,
    rules: &Rules,
    context: &Context,
    wanted: &[Remedy],
) -> Result<(Vec<u8>, Changes), NoMend> {
    let mut changes = Changes::default();
    if wanted.contains(&Remedy::Thin) {
        let look = Look::at(&table, file.kind, rules, context);
        let thinned = thin::thin(&look);
        changes.thinned = thinned.taken;
        table = thinned.table;
    }
    if wanted.contains(&Remedy::Withhold) || wanted.contains(&Remedy::DropColumn) {
        write::untell(&mut table, rules.threshold());
        let look = Look::at(&table, file.kind, rules, context);
        let pattern =
            if wanted.contains(&Remedy::Withhold) { withhold::pattern(&look)? } else { Vec::new() };
        let dropped =
            look.understood.with(|role| matches!(role, Role::Extreme | Role::Contribution(_)));
        let thin_tails = withhold::tails(&look);
        write::blank(&mut table, pattern.iter().chain(&thin_tails));
        changes.dropped = write::drop_columns(&mut table, &dropped);
    }
    if wanted.contains(&Remedy::Round) {
        changes.rounded = round::round(&mut table);
    }
    changes.withheld = write::withheld(&table);
    Ok((write::csv(&table), changes))
}

/// What was done, for whoever reads the file.
fn note(changes: &Changes, rules: &Rules) -> Text {
    let mut parts: [Vec<String>; 3] = Default::default();
    let mut say = |nb: String, da: String, en: String| {
        for (list, text) in parts.iter_mut().zip([nb, da, en]) {
            list.push(text);
        }
    };
    if !changes.withheld.is_empty() {
        let (n, k) = (changes.withheld.len(), rules.threshold());
        say(
            format!(
                "`:` betyr at tallet ikke vises: det gjelder færre enn {k} personer, eller det er holdt tilbake for at slike tall ikke skal kunne regnes ut ({n} tall)."
            ),
            format!(
                "`:` betyder, at tallet ikke vises: det gælder færre end {k} personer, eller det er holdt tilbage, for at sådanne tal ikke skal kunne regnes ud ({n} tal)."
            ),
            format!(
                "`:` means that the number is not shown: it is of fewer than {k} people, or withheld so that such numbers cannot be worked out ({n} numbers)."
            ),
        );
    }
    if !changes.dropped.is_empty() {
        let names = changes.dropped.join("`, `");
        say(
            format!("Kolonnen `{names}` er utelatt."),
            format!("Kolonnen `{names}` er udeladt."),
            format!("Column `{names}` is left out."),
        );
    }
    if changes.thinned > 0 {
        say(
            "Kurven vises ved færre tidspunkter; hendelser er talt siden tidspunktet før.".into(),
            "Kurven vises ved færre tidspunkter; hændelser er talt siden tidspunktet før.".into(),
            "The curve is shown at fewer times; events are counted since the time before.".into(),
        );
    }
    if !changes.rounded.is_empty() {
        let digits = round::DIGITS;
        say(
            format!("Tallene er rundet av til {digits} sifre."),
            format!("Tallene er afrundet til {digits} cifre."),
            format!("Numbers are rounded to {digits} digits."),
        );
    }
    if changes.stripped > 0 {
        say(
            "Kommentarer, metadata og andre usynlige deler er tatt ut.".into(),
            "Kommentarer, metadata og andre usynlige dele er taget ud.".into(),
            "Comments, metadata and other unseen parts are taken out.".into(),
        );
    }
    let [nb, da, en] = parts.map(|list| list.join(" "));
    Text::of(&nb, &da, &en)
}
