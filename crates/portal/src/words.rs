//! Words in the visitor's language: messages, dates, numbers.
//!
//! Messages are Fluent files in `locales/`, built into the program. A key that
//! is missing shows as the key itself; a test sees to it that none is.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use jiff::Zoned;
use jiff::tz::TimeZone;
use model::{Date, Lang, Text, Timestamp};
use permit::Inactive;

/// The thin space that does not break a line: between thousands and before units.
pub const THIN: char = '\u{202f}';

type Bundle = FluentBundle<FluentResource>;

macro_rules! sources {
    ($lang:literal) => {
        &[
            include_str!(concat!("../locales/", $lang, "/common.ftl")),
            include_str!(concat!("../locales/", $lang, "/acts.ftl")),
            include_str!(concat!("../locales/", $lang, "/access.ftl")),
            include_str!(concat!("../locales/", $lang, "/catalogue.ftl")),
            include_str!(concat!("../locales/", $lang, "/application.ftl")),
            include_str!(concat!("../locales/", $lang, "/permit.ftl")),
            include_str!(concat!("../locales/", $lang, "/room.ftl")),
            include_str!(concat!("../locales/", $lang, "/ingress.ftl")),
            include_str!(concat!("../locales/", $lang, "/packages.ftl")),
            include_str!(concat!("../locales/", $lang, "/pairs.ftl")),
            include_str!(concat!("../locales/", $lang, "/reversals.ftl")),
            include_str!(concat!("../locales/", $lang, "/journal.ftl")),
            include_str!(concat!("../locales/", $lang, "/output.ftl")),
            include_str!(concat!("../locales/", $lang, "/ledger.ftl")),
            include_str!(concat!("../locales/", $lang, "/centre.ftl")),
            include_str!(concat!("../locales/", $lang, "/problems.ftl")),
        ]
    };
}

const NB: &[&str] = sources!("nb");
const DA: &[&str] = sources!("da");
const EN: &[&str] = sources!("en");

/// The message files of a language, for the tests that compare them.
pub(crate) const fn sources(lang: Lang) -> &'static [&'static str] {
    match lang {
        Lang::Nb => NB,
        Lang::Da => DA,
        Lang::En => EN,
    }
}

fn bundle(lang: Lang) -> Bundle {
    let mut bundle = FluentBundle::new_concurrent(vec![match lang {
        Lang::Nb => unic_langid::langid!("nb"),
        Lang::Da => unic_langid::langid!("da"),
        Lang::En => unic_langid::langid!("en-GB"),
    }]);
    bundle.set_use_isolating(false);
    for source in sources(lang) {
        // What can be read of a faulty file is used; the tests refuse it whole.
        let resource = match FluentResource::try_new((*source).to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
    }
    bundle
}

fn bundle_of(lang: Lang) -> &'static Bundle {
    static BUNDLES: LazyLock<[Bundle; 3]> =
        LazyLock::new(|| [bundle(Lang::Nb), bundle(Lang::Da), bundle(Lang::En)]);
    let [nb, da, en] = &*BUNDLES;
    match lang {
        Lang::Nb => nb,
        Lang::Da => da,
        Lang::En => en,
    }
}

/// A number of things. Templates hand numbers over by reference.
pub trait Count {
    /// The number.
    fn count(&self) -> u64;
}

impl Count for u64 {
    fn count(&self) -> u64 {
        *self
    }
}

impl Count for u32 {
    fn count(&self) -> u64 {
        u64::from(*self)
    }
}

impl Count for usize {
    fn count(&self) -> u64 {
        u64::try_from(*self).unwrap_or(u64::MAX)
    }
}

impl<T: Count + ?Sized> Count for &T {
    fn count(&self) -> u64 {
        (**self).count()
    }
}

/// Speaks one language, in one time zone.
#[derive(Debug, Clone)]
pub struct Words {
    lang: Lang,
    zone: TimeZone,
}

impl Words {
    /// Words in `lang`, times as clocks show them in `zone`.
    pub const fn new(lang: Lang, zone: TimeZone) -> Self {
        Self { lang, zone }
    }

    /// Which language.
    pub const fn lang(&self) -> Lang {
        self.lang
    }

    /// The message `key`.
    pub fn say(&self, key: &str) -> Cow<'static, str> {
        let bundle = bundle_of(self.lang);
        match bundle.get_message(key).and_then(|message| message.value()) {
            Some(pattern) => bundle.format_pattern(pattern, None, &mut Vec::new()),
            None => Cow::Owned(key.to_owned()),
        }
    }

    /// Whether there is a message `key`.
    pub fn knows(&self, key: &str) -> bool {
        bundle_of(self.lang).has_message(key)
    }

    /// The message `key`, or else `otherwise`.
    pub fn say_or(&self, key: &str, otherwise: &str) -> String {
        if self.knows(key) { self.say(key).into_owned() } else { otherwise.to_owned() }
    }

    /// The message `key` with `$value` in it.
    pub fn say_with(&self, key: &str, value: impl fmt::Display) -> String {
        self.fill(key, &[("value", FluentValue::from(value.to_string()))])
    }

    /// The message `key` with `$first` and `$second` in it.
    pub fn say_both(
        &self,
        key: &str,
        first: impl fmt::Display,
        second: impl fmt::Display,
    ) -> String {
        self.fill(
            key,
            &[
                ("first", FluentValue::from(first.to_string())),
                ("second", FluentValue::from(second.to_string())),
            ],
        )
    }

    /// The message `key` about `count` things: `$n` chooses the form, `$count`
    /// is how the number is written.
    pub fn say_count(&self, key: &str, count: impl Count) -> String {
        let count = count.count();
        let exact = u32::try_from(count).unwrap_or(u32::MAX);
        self.fill(
            key,
            &[
                ("n", FluentValue::from(f64::from(exact))),
                ("count", FluentValue::from(self.whole(count))),
            ],
        )
    }

    fn fill(&self, key: &str, arguments: &[(&'static str, FluentValue<'_>)]) -> String {
        let bundle = bundle_of(self.lang);
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let args: FluentArgs<'_> = arguments.iter().cloned().collect();
        bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
    }

    /// The text in this language, else in English.
    pub fn text<'a>(&self, text: &'a Text) -> &'a str {
        text.get(self.lang)
    }

    /// A whole number, thousands apart by thin spaces: 17 549. Four digits stay
    /// together, as the Norwegian and Danish writing rules have it.
    #[expect(clippy::unused_self, reason = "in the three languages that there are it is the same")]
    pub fn whole(&self, number: impl Count) -> String {
        grouped(&number.count().to_string())
    }

    /// A number with `decimals` digits after the sign of the language.
    pub fn decimal(&self, number: f64, decimals: usize) -> String {
        if !number.is_finite() {
            return String::from("–");
        }
        let shown = format!("{:.decimals$}", number.abs());
        let (whole, fraction) = shown.split_once('.').unwrap_or((&shown, ""));
        let zero = shown.bytes().all(|b| matches!(b, b'0' | b'.'));
        let minus = if number < 0.0 && !zero { "\u{2212}" } else { "" };
        let sign = if self.lang == Lang::En { '.' } else { ',' };
        if fraction.is_empty() {
            format!("{minus}{}", grouped(whole))
        } else {
            format!("{minus}{}{sign}{fraction}", grouped(whole))
        }
    }

    /// A number as short as it can be said: no zeros at the end.
    pub fn number(&self, number: f64) -> String {
        let shown = self.decimal(number, 4);
        let sign = if self.lang == Lang::En { '.' } else { ',' };
        if shown.contains(sign) {
            shown.trim_end_matches('0').trim_end_matches(sign).to_owned()
        } else {
            shown
        }
    }

    /// A share from 0 to 1 in per cent. What is not whole is never shown as 0
    /// or 100 per cent.
    pub fn percent(&self, share: f64) -> String {
        let shown = match share * 100.0 {
            p if p > 0.0 && p < 0.1 => format!("<{THIN}{}", self.decimal(0.1, 1)),
            p if p < 100.0 && p > 99.9 => format!(">{THIN}{}", self.decimal(99.9, 1)),
            p if p.fract() == 0.0 => self.decimal(p, 0),
            p => self.decimal(p, 1),
        };
        match self.lang {
            Lang::En => format!("{shown}%"),
            Lang::Nb | Lang::Da => format!("{shown}\u{a0}%"),
        }
    }

    /// A size in bytes, in units of 1,024.
    #[expect(clippy::cast_precision_loss, reason = "three digits of it are shown")]
    pub fn bytes(&self, bytes: impl Count) -> String {
        let bytes = bytes.count();
        let mut size = bytes as f64;
        if size < 1024.0 {
            return format!("{}{THIN}B", self.whole(bytes));
        }
        let mut unit = "B";
        for next in ["KiB", "MiB", "GiB", "TiB"] {
            if size < 1024.0 {
                break;
            }
            size /= 1024.0;
            unit = next;
        }
        let decimals = usize::from(size < 10.0);
        format!("{}{THIN}{unit}", self.decimal(size, decimals))
    }

    /// A length of time in the two largest units that matter.
    pub fn duration(&self, seconds: u64) -> String {
        match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
            (0, 0, 0, s) => self.say_count("time-seconds", s),
            (0, 0, m, 0) => self.say_count("time-minutes", m),
            (0, 0, m, s) => self.two("time-minutes", m, "time-seconds", s),
            (0, h, 0, _) => self.say_count("time-hours", h),
            (0, h, m, _) => self.two("time-hours", h, "time-minutes", m),
            (d, 0, ..) => self.say_count("time-days", d),
            (d, h, ..) if d < 10 => self.two("time-days", d, "time-hours", h),
            (d, ..) => self.say_count("time-days", d),
        }
    }

    fn two(&self, large: &str, n: u64, small: &str, m: u64) -> String {
        format!("{} {}", self.say_count(large, n), self.say_count(small, m))
    }

    /// A day as people write it, with the ISO date beside it for machines.
    pub fn date(&self, date: Date) -> Shown {
        Shown { iso: date.to_string(), words: self.day(date) }
    }

    /// A day as people write it.
    pub fn day(&self, date: Date) -> String {
        let month = MONTHS.get(usize::from(date.month().unsigned_abs()).saturating_sub(1));
        let month = self.say(month.copied().unwrap_or("month-1"));
        match self.lang {
            Lang::En => format!("{} {month} {}", date.day(), date.year()),
            Lang::Nb | Lang::Da => format!("{}. {month} {}", date.day(), date.year()),
        }
    }

    /// Why a permit gives nothing now.
    pub(crate) fn inactive(&self, inactive: &Inactive) -> String {
        match inactive {
            Inactive::NotYet(_, day) => self.say_with("problem-permit-not-yet", self.day(*day)),
            Inactive::Expired(_, day) => self.say_with("problem-permit-expired", self.day(*day)),
            Inactive::Revoked(_, why) => self.say_with("permit-revoked-says", why),
            Inactive::Forged(_) => self.say("problem-permit-forged").into_owned(),
        }
    }

    /// An instant, to the minute.
    pub fn moment(&self, at: Timestamp) -> Shown {
        let zoned = at.to_zoned(self.zone.clone());
        let iso = to_the_second(&zoned);
        let (hour, minute) = (zoned.hour(), zoned.minute());
        let day = self.day(zoned.date());
        let words = match self.lang {
            Lang::En => format!("{day}, {hour:02}:{minute:02}"),
            Lang::Nb | Lang::Da => format!("{day} kl.\u{a0}{hour:02}.{minute:02}"),
        };
        Shown { iso, words }
    }

    /// An instant, as short as a table wants it.
    pub fn moment_short(&self, at: Timestamp) -> Shown {
        let zoned = at.to_zoned(self.zone.clone());
        let iso = to_the_second(&zoned);
        let (day, month, year) = (zoned.day(), zoned.month(), zoned.year());
        let (hour, minute) = (zoned.hour(), zoned.minute());
        let words = match self.lang {
            Lang::En => format!("{day:02}/{month:02}/{year} {hour:02}:{minute:02}"),
            Lang::Nb | Lang::Da => format!("{day:02}.{month:02}.{year} {hour:02}.{minute:02}"),
        };
        Shown { iso, words }
    }
}

/// An instant with its offset from UTC (RFC 3339), without parts of a second.
fn to_the_second(at: &Zoned) -> String {
    let second = Timestamp::from_second(at.timestamp().as_second()).unwrap_or_default();
    second.display_with_offset(at.offset()).to_string()
}

const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8",
    "month-9", "month-10", "month-11", "month-12",
];

fn grouped(digits: &str) -> String {
    if digits.len() <= 4 {
        return digits.to_owned();
    }
    let mut out = String::with_capacity(digits.len() + digits.len());
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(THIN);
        }
        out.push(digit);
    }
    out
}

/// A day or an instant: in words, and in ISO 8601 for machines and for whoever
/// rests on it. Prints itself as a `<time>` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// ISO 8601.
    pub iso: String,
    /// As people write it.
    pub words: String,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither part can hold a character that HTML gives a meaning.
        write!(f, "<time datetime=\"{0}\" title=\"{0}\">{1}</time>", self.iso, self.words)
    }
}

impl askama::filters::HtmlSafe for Shown {}

#[cfg(test)]
mod tests;
