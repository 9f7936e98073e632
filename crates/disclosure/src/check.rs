//! One file, every rule that speaks of it.

use model::Text;

use crate::checks::{
    self, Look, freedom, identifiers, layout, payload, picture, prose, spreadsheet,
};
use crate::context::{Context, File};
use crate::finding::{Finding, Findings, Remedy, Verdict, Weight};
use crate::kind::Kind;
use crate::read::{Content, json, read};
use crate::rule::Rule;
use crate::rules::Rules;
use crate::scrap::{self, Scrap};
use crate::table::Table;

/// Checks a file. Never fails: what cannot be read is a finding.
pub fn check(file: &File<'_>, rules: &Rules, context: &Context) -> Findings {
    match read(file.name, file.bytes) {
        Content::TooLarge => too_large(),
        Content::Unknown => unknown(),
        Content::Table(table, text) => {
            let mut found = of_table(&table, file.kind, rules, context);
            let taken_for = std::mem::take(&mut found.taken_for);
            found.findings.extend(layout::check(&text, &table));
            Findings::of(&taken_for, found.findings, found.tried)
        }
        Content::Json(document, text) => of_json(&document, &text, file.kind, rules, context),
        Content::Picture(picture) => {
            let (rows, mut findings) = behind(file, rules, context);
            findings.extend(picture::check(&picture, rows, context));
            let seen: Vec<Scrap<'_>> = picture.seen().map(Scrap::anywhere).collect();
            let unseen: Vec<Scrap<'_>> = picture.unseen().map(Scrap::anywhere).collect();
            for scraps in [&seen, &unseen] {
                findings.extend(identifiers::scan(scraps));
            }
            findings.extend(payload::scan(&seen, false));
            findings.extend(payload::scan(&unseen, true));
            if !matches!(file.kind, Kind::Unknown | Kind::Figure { .. }) {
                findings.push(misdeclared(file.kind, "figure"));
            }
            Findings::of("figure", findings, PICTURE.to_vec())
        }
        Content::Text(text, tables) => of_text(&text, &tables, rules, context),
    }
}

/// The rules that a picture is held against.
const PICTURE: &[Rule] = &[
    Rule::ActiveContent,
    Rule::Disallowed,
    Rule::HiddenText,
    Rule::PointsInPicture,
    Rule::Untabled,
    Rule::Identifier,
    Rule::Payload,
    Rule::CopyOfColumn,
];
/// The rules that any text is held against.
const ANY_TEXT: &[Rule] = &[Rule::Identifier, Rule::ExactDate, Rule::Payload, Rule::HiddenText];

fn too_large() -> Findings {
    let why = Text::of(
        "Filen er større enn noe et menneske kan kontrollere.",
        "Filen er større end noget, et menneske kan kontrollere.",
        "The file is larger than anything a person can check.",
    );
    let finding = Finding::file(Rule::TooLarge, Weight::Refuse, why);
    Findings::of("too-large", vec![finding], Vec::new())
}

fn unknown() -> Findings {
    let why = Text::of(
        "Kontrollen kan ikke lese dette filformatet. Skriv resultatet som CSV, JSON, SVG eller ren tekst.",
        "Kontrollen kan ikke læse dette filformat. Skriv resultatet som CSV, JSON, SVG eller ren tekst.",
        "The check cannot read this format. Write the result as CSV, JSON, SVG or plain text.",
    );
    let finding = Finding::file(Rule::UnknownFormat, Weight::Review, why);
    Findings::of("unknown", vec![finding], Vec::new())
}

fn misdeclared(kind: &Kind, is: &str) -> Finding {
    let said = kind.as_str();
    Finding::file(
        Rule::Misdeclared,
        Weight::Review,
        Text::of(
            &format!("Filen er oppgitt som `{said}`, men er `{is}`."),
            &format!("Filen er oplyst som `{said}`, men er `{is}`."),
            &format!("The file is declared as `{said}`, but is `{is}`."),
        ),
    )
}

fn of_table(table: &Table, kind: &Kind, rules: &Rules, context: &Context) -> Findings {
    let look = Look::at(table, kind, rules, context);
    let (mut findings, mut tried) = checks::table(&look);
    let scraps = scrap::of_table(table);
    findings.extend(identifiers::scan(&scraps));
    findings.extend(identifiers::columns(table));
    findings.extend(payload::scan(&scraps, false));
    findings.extend(payload::words(table));
    findings.extend(spreadsheet::scan(&scraps));
    if let Kind::Figure { .. } = kind {
        findings.push(misdeclared(kind, look.understood.shape.as_str()));
    }
    tried.extend(ANY_TEXT);
    tried.push(Rule::Formula);
    Findings::of(look.understood.shape.as_str(), findings, tried)
}

fn of_text(text: &str, tables: &[Table], rules: &Rules, context: &Context) -> Findings {
    let mut findings = prose::check(text);
    let scraps = scrap::of_text(text);
    findings.extend(identifiers::scan(&scraps));
    findings.extend(payload::scan(&scraps, true));
    let fitted = prose::fitted(text);
    let kind =
        Kind::Model { n: fitted.n, parameters: fitted.parameters, residual_df: fitted.residual_df };
    let mut tried = ANY_TEXT.to_vec();
    tried.push(Rule::FreeText);
    for (at, table) in tables.iter().enumerate() {
        // A block of printed numbers is no declared anything, unless the text
        // around it is a model's summary.
        let model = fitted != freedom::Fitted::default();
        let kind = if model { &kind } else { &Kind::Unknown };
        let inner = inner(of_table(table, kind, rules, context), &format!("table {}", at + 1));
        tried.extend(inner.tried);
        findings.extend(inner.findings.into_iter().filter(|f| f.rule != Rule::Misdeclared));
    }
    Findings::of("text", findings, tried)
}

fn of_json(
    document: &json::Document,
    text: &str,
    kind: &Kind,
    rules: &Rules,
    context: &Context,
) -> Findings {
    let number = |names: &[&str]| document.value(names).and_then(|value| value.parse::<u64>().ok());
    let fitted = freedom::Fitted {
        n: number(&["events", "n_events", "nevent"])
            .or_else(|| number(&["n", "nobs", "n_obs", "observations"])),
        parameters: number(&["parameters", "n_parameters", "k", "df_model"]),
        residual_df: number(&["residual_df", "df_residual", "df_resid", "residual-df"]),
    };
    let stated =
        Kind::Model { n: fitted.n, parameters: fitted.parameters, residual_df: fitted.residual_df };
    let mut findings = Vec::new();
    let mut tried = ANY_TEXT.to_vec();
    let mut taken_for = "json".to_owned();
    for (path, table) in &document.tables {
        let modelled =
            crate::role::understand(table, &Kind::Unknown).shape == crate::role::Shape::Model;
        let declared = !matches!(kind, Kind::Unknown | Kind::Model { .. });
        let numbers_stated = fitted != freedom::Fitted::default();
        let kind = if modelled && !declared && numbers_stated { &stated } else { kind };
        let inner = inner(of_table(table, kind, rules, context), path);
        if document.tables.len() == 1 {
            taken_for.clone_from(&inner.taken_for);
        }
        tried.extend(inner.tried);
        // A spreadsheet opens no JSON, and the mend writes none.
        findings.extend(inner.findings.into_iter().filter(|f| f.rule != Rule::Formula));
    }
    for finding in &mut findings {
        finding.mend = None;
    }
    findings.extend(loose_values(document));
    if document.more {
        let why = Text::of(
            "Filen inneholder mer enn det som leses: et navn to ganger, eller mellomrom og sifre som ingen ser.",
            "Filen indeholder mere end det, der læses: et navn to gange, eller mellemrum og cifre, som ingen ser.",
            "The file holds more than what is read: a name twice, or blanks and digits that nobody sees.",
        );
        findings.push(Finding::file(Rule::Payload, Weight::Refuse, why));
    }
    let scraps: Vec<Scrap<'_>> = document
        .values
        .iter()
        .flat_map(|(path, v)| [Scrap::anywhere(path), Scrap::anywhere(v)])
        .chain(document.tables.iter().map(|(path, _)| Scrap::anywhere(path)))
        .collect();
    findings.extend(identifiers::scan(&scraps));
    findings.extend(payload::scan(&scraps, true));
    // What a parser passes over, such as a name given twice, is still there.
    findings.extend(identifiers::scan(&scrap::of_text(text)).into_iter().take(1));
    Findings::of(&taken_for, findings, tried)
}

/// Single values that no table holds: the few that describe a model are known.
fn loose_values(document: &json::Document) -> Vec<Finding> {
    const KNOWN: &[&str] = &[
        "n",
        "nobs",
        "n_obs",
        "observations",
        "events",
        "n_events",
        "nevent",
        "parameters",
        "n_parameters",
        "k",
        "df_model",
        "residual_df",
        "df_residual",
        "df_resid",
        "residual-df",
        "model",
        "formula",
        "title",
        "outcome",
        "method",
        "ties",
        "loglik",
        "log_likelihood",
        "aic",
        "bic",
        "concordance",
        "r_squared",
        "deviance",
        "null_deviance",
        "sigma",
        "family",
        "link",
        "version",
        "package",
        "software",
        "iterations",
        "converged",
        "score",
        "wald",
        "lrt",
        "p",
        "p_value",
        "df",
        "chisq",
    ];
    let unknown = document
        .values
        .keys()
        .filter(|path| {
            !KNOWN.contains(&path.rsplit('/').next().unwrap_or(path).to_lowercase().as_str())
        })
        .count();
    if unknown == 0 && document.values.len() <= 60 {
        return Vec::new();
    }
    if document.values.len() > 300 {
        let why = Text::of(
            "Filen har flere enkeltverdier enn et resultat har.",
            "Filen har flere enkeltværdier, end et resultat har.",
            "The file has more single values than a result has.",
        );
        return vec![Finding::file(Rule::RowData, Weight::Refuse, why)];
    }
    let why = Text::of(
        "Filen har verdier som ingen regel sier hva er.",
        "Filen har værdier, som ingen regel siger, hvad er.",
        "The file has values that no rule knows.",
    );
    vec![Finding::file(Rule::Unexplained, Weight::Review, why)]
}

/// The same findings, said to be within a part of the file.
fn inner(mut findings: Findings, within: &str) -> Findings {
    for finding in &mut findings.findings {
        finding.within = Some(crate::finding::shown(within));
        if finding.mend != Some(Remedy::Strip) {
            finding.mend = None;
        }
    }
    findings
}

/// The table that a figure is drawn from: how long it is, and whether it may
/// leave itself.
fn behind(file: &File<'_>, rules: &Rules, context: &Context) -> (Option<usize>, Vec<Finding>) {
    let Some(bytes) = file.table else { return (None, Vec::new()) };
    let Content::Table(table, _) = read("table.csv", bytes) else { return (None, Vec::new()) };
    let verdict = of_table(&table, &Kind::Unknown, rules, context).verdict;
    let weight = match verdict {
        Verdict::Pass => return (Some(table.rows()), Vec::new()),
        Verdict::Review => Weight::Review,
        Verdict::Refuse => Weight::Refuse,
    };
    let why = Text::of(
        "Tabellen som figuren er tegnet fra, kan ikke selv utleveres som den er.",
        "Tabellen, som figuren er tegnet fra, kan ikke selv udleveres, som den er.",
        "The table the figure is drawn from cannot itself leave as it is.",
    );
    (Some(table.rows()), vec![Finding::file(Rule::Untabled, weight, why)])
}
