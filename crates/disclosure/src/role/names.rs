//! What columns are called, by researchers and by the programs they use, in
//! English, bokmål and Danish. A name is only a hint: [`super`] holds it
//! against what stands in the column.

use super::Role;

/// Lower case, everything that is no letter or digit an underscore.
pub(crate) fn plain(name: &str) -> String {
    let mut out = String::new();
    for c in name.trim().to_lowercase().chars().take(80) {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('_') && !out.is_empty() {
            out.push('_');
        }
    }
    out.trim_end_matches('_').to_owned()
}

const COUNT: &[&str] = &[
    "n",
    "count",
    "counts",
    "freq",
    "frequency",
    "frekvens",
    "antall",
    "antal",
    "number",
    "num",
    "total",
    "totalt",
    "ialt",
    "i_alt",
    "all",
    "alle",
    "persons",
    "people",
    "personer",
    "patients",
    "pasienter",
    "patienter",
    "participants",
    "deltakere",
    "deltagere",
    "individuals",
    "individer",
    "subjects",
    "cases",
    "tilfeller",
    "tilfælde",
    "nobs",
    "obs",
    "observations",
    "observasjoner",
    "observationer",
    "hyppighet",
    "hyppighed",
    "deaths",
    "dødsfall",
    "dødsfald",
    "døde",
    "denominator",
    "numerator",
    "nevner",
    "teller",
    "nævner",
    "tæller",
];
const SHARE: &[&str] = &[
    "pct",
    "percent",
    "percentage",
    "prosent",
    "procent",
    "share",
    "andel",
    "proportion",
    "prop",
    "fraction",
    "prevalence",
    "prevalens",
    "prævalens",
    "rate",
    "risk",
];
const MEAN: &[&str] = &[
    "mean",
    "avg",
    "average",
    "gjennomsnitt",
    "gjsnitt",
    "gj_snitt",
    "snitt",
    "gennemsnit",
    "middelverdi",
    "middelværdi",
];
const SUM: &[&str] = &["sum", "total_value", "totalsum"];
const SPREAD: &[&str] = &[
    "sd",
    "std",
    "stddev",
    "std_dev",
    "se",
    "stderr",
    "std_err",
    "std_error",
    "variance",
    "var",
    "iqr",
    "cv",
    "lower",
    "upper",
    "lcl",
    "ucl",
    "ci_low",
    "ci_high",
    "ci_lower",
    "ci_upper",
    "conf_low",
    "conf_high",
    "lower_95",
    "upper_95",
    "lower95",
    "upper95",
    "lower_ci",
    "upper_ci",
    "nedre",
    "øvre",
    "standardavvik",
    "standardafvigelse",
    "standardfeil",
    "standardfejl",
    "se_coef",
    "robust_se",
    "se_log_hr",
    "2_5",
    "97_5",
    "lower_0_95",
    "upper_0_95",
    "coef_lower_95",
    "coef_upper_95",
    "exp_coef_lower_95",
    "exp_coef_upper_95",
    "lo",
    "hi",
    "low",
    "high",
];
const EXTREME: &[&str] = &[
    "min", "max", "minimum", "maximum", "range", "smallest", "largest", "lowest", "highest",
    "laveste", "høyeste", "højeste", "minste", "mindste", "største", "minst", "størst", "maks",
];
const TIME: &[&str] = &[
    "time",
    "tid",
    "t",
    "days",
    "dager",
    "dage",
    "months",
    "måneder",
    "years",
    "weeks",
    "uker",
    "uger",
    "followup",
    "follow_up",
    "futime",
    "timeline",
    "time_days",
    "time_years",
];
const AT_RISK: &[&str] = &[
    "n_risk",
    "nrisk",
    "at_risk",
    "atrisk",
    "n_at_risk",
    "number_at_risk",
    "num_at_risk",
    "under_risiko",
    "i_risiko",
    "risikogruppe",
    "under_observasjon",
];
const EVENTS: &[&str] = &[
    "n_event",
    "n_events",
    "nevent",
    "event",
    "events",
    "observed",
    "num_events",
    "hendelser",
    "hændelser",
    "n_hendelser",
    "d",
];
const CENSORED: &[&str] =
    &["n_censor", "n_censored", "ncensor", "censored", "censor", "sensurert", "censureret"];
const SURVIVAL: &[&str] = &[
    "surv",
    "survival",
    "km",
    "km_estimate",
    "overlevelse",
    "overlevelsesandel",
    "s",
    "surv_prob",
    "survival_probability",
    "cumhaz",
    "cum_haz",
    "cuminc",
    "kaplan_meier",
];
const TERM: &[&str] = &[
    "term",
    "variable",
    "variabel",
    "covariate",
    "kovariat",
    "parameter",
    "predictor",
    "effect",
    "coefficient_name",
    "names",
    "",
    "x",
    "unnamed_0",
    "rowname",
    "row_names",
];
const ESTIMATE: &[&str] = &[
    "estimate",
    "estimat",
    "coef",
    "coefficient",
    "coefficients",
    "koeffisient",
    "koefficient",
    "beta",
    "b",
    "hr",
    "hazard_ratio",
    "or",
    "odds_ratio",
    "rr",
    "irr",
    "risk_ratio",
    "exp_coef",
    "exp_estimate",
    "log_hr",
    "loghr",
];
const STATISTIC: &[&str] = &[
    "p",
    "p_value",
    "pvalue",
    "p_val",
    "pr_z",
    "pr_t",
    "pr_chisq",
    "pr_chi",
    "p_verdi",
    "p_værdi",
    "z",
    "statistic",
    "wald",
    "z_value",
    "t_value",
    "chisq",
    "chi2",
    "loglik",
    "log_likelihood",
    "aic",
    "bic",
    "r2",
    "r_squared",
    "adj_r_squared",
    "concordance",
    "log2_p",
    "cmp_to",
    "deviance",
    "null_deviance",
    "f",
    "cmp",
];
const FREEDOM: &[&str] = &[
    "residual_df",
    "df_residual",
    "resid_df",
    "df_resid",
    "residual_degrees_of_freedom",
    "ddf",
    "frihetsgrader",
    "frihedsgrader",
];

/// The role that a column's name speaks of.
pub(super) fn spoken(name: &str) -> Option<Role> {
    let plain = plain(name);
    let is = |words: &[&str]| words.contains(&plain.as_str());
    if name.contains('%') && quantile(&plain, name).is_none() {
        return Some(Role::Share);
    }
    if let Some(rank) = contribution(&plain) {
        return Some(Role::Contribution(rank));
    }
    for (words, role) in [
        (AT_RISK, Role::AtRisk),
        (EVENTS, Role::Events),
        (CENSORED, Role::Censored),
        (SURVIVAL, Role::Survival),
        (TIME, Role::Time),
        (TERM, Role::Term),
        (ESTIMATE, Role::Estimate),
        (STATISTIC, Role::Statistic),
        (FREEDOM, Role::Freedom),
        (COUNT, Role::Count),
        (SHARE, Role::Share),
        (MEAN, Role::Mean),
        (SUM, Role::Sum),
        (SPREAD, Role::Spread),
        (EXTREME, Role::Extreme),
    ] {
        if is(words) {
            return Some(role);
        }
    }
    if let Some(share) = quantile(&plain, name) {
        let extreme = share <= 0.0 || share >= 1.0;
        return Some(if extreme { Role::Extreme } else { Role::Quantile(share) });
    }
    let words: Vec<&str> = plain.split('_').collect();
    let (first, last) = (*words.first()?, *words.last()?);
    let ends = |set: &[&str]| words.len() > 1 && (set.contains(&first) || set.contains(&last));
    if ends(SHARE) {
        return Some(Role::Share);
    }
    if ends(MEAN) {
        return Some(Role::Mean);
    }
    if ends(EXTREME) {
        return Some(Role::Extreme);
    }
    for word in [first, last] {
        if let Some(share) = quantile(word, word) {
            return Some(Role::Quantile(share));
        }
    }
    if ends(&["sd", "std", "se", "var", "iqr", "lower", "upper", "lcl", "ucl", "low", "high"]) {
        return Some(Role::Spread);
    }
    if ends(&["n", "count", "counts", "antall", "antal", "number", "num", "persons", "personer"]) {
        return Some(Role::Count);
    }
    if ends(&["sum"]) {
        return Some(Role::Sum);
    }
    None
}

/// `largest_1`, `top2`, `contribution_1`: the rank of a single contribution.
fn contribution(plain: &str) -> Option<u32> {
    let digits_at = plain.find(|c: char| c.is_ascii_digit())?;
    let (word, digits) = plain.split_at_checked(digits_at)?;
    let rank = digits.parse::<u32>().ok().filter(|rank| (1..=9).contains(rank))?;
    ["largest", "top", "max", "contribution", "contributor", "største", "bidrag"]
        .contains(&word.trim_end_matches('_'))
        .then_some(rank)
}

/// `p95`, `q1`, `95%`, `median`: which share of the values lies below.
fn quantile(plain: &str, name: &str) -> Option<f64> {
    if ["median", "medianen"].contains(&plain) {
        return Some(0.5);
    }
    match plain {
        "q1" => return Some(0.25),
        "q2" => return Some(0.5),
        "q3" => return Some(0.75),
        _ => {}
    }
    let digits = plain
        .strip_prefix('p')
        .or_else(|| plain.strip_prefix('q'))
        .or_else(|| name.trim().strip_suffix('%').map(|_| plain))?;
    let digits = digits.trim_start_matches('_').replace('_', ".");
    let percent: f64 = digits.parse().ok()?;
    (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
}

/// Words that name the sum over a dimension.
pub(crate) fn is_total(label: &str) -> bool {
    let plain = plain(label);
    label.trim() == "*"
        || [
            "total",
            "totals",
            "totalt",
            "all",
            "alle",
            "sum",
            "ialt",
            "i_alt",
            "samlet",
            "overall",
            "both",
            "begge",
            "begge_kjønn",
            "begge_køn",
            "both_sexes",
            "grand_total",
            "margin",
            "alle_aldre",
            "all_ages",
            "hele_landet",
            "subtotal",
            "everyone",
            "tot",
            "all_groups",
        ]
        .contains(&plain.as_str())
        || ["total_", "totalt_", "i_alt_", "alle_", "all_"].iter().any(|p| plain.starts_with(p))
        || plain.ends_with("_total")
}

/// Words that name everyone of whom other columns count some.
pub(crate) fn is_whole(name: &str) -> bool {
    is_total(name)
        || [
            "n",
            "antall",
            "antal",
            "persons",
            "people",
            "personer",
            "patients",
            "pasienter",
            "patienter",
            "participants",
            "deltakere",
            "deltagere",
            "individuals",
            "individer",
            "subjects",
            "n_total",
            "total_n",
            "denominator",
            "nevner",
            "nævner",
            "nobs",
            "population",
            "befolkning",
            "n_persons",
            "antall_personer",
            "antal_personer",
        ]
        .contains(&plain(name).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_understood() {
        for (name, role) in [
            ("n.risk", Role::AtRisk),
            ("n.event", Role::Events),
            ("Antall", Role::Count),
            ("n_diabetes", Role::Count),
            ("andel (%)", Role::Share),
            ("% døde", Role::Share),
            ("mean.hdl", Role::Mean),
            ("hdl_sd", Role::Spread),
            ("max_age", Role::Extreme),
            ("P95", Role::Quantile(0.95)),
            ("25%", Role::Quantile(0.25)),
            ("100%", Role::Extreme),
            ("median_bmi", Role::Quantile(0.5)),
            ("exp(coef)", Role::Estimate),
            ("Pr(>|z|)", Role::Statistic),
            ("largest_1", Role::Contribution(1)),
            ("top2", Role::Contribution(2)),
            ("", Role::Term),
        ] {
            assert_eq!(spoken(name), Some(role), "`{name}`");
        }
        for name in ["age", "sex", "kommune", "hdl", "diabetes", "person"] {
            assert_eq!(spoken(name), None, "`{name}`");
        }
        assert!(is_total("I alt") && is_total("*") && is_total("Begge kjønn"));
        assert!(!is_total("totally other") && !is_total("allergy"));
    }
}
