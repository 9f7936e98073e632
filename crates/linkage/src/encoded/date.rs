//! Dates of the forms that `strptime` describes.

use jiff::ToSpan as _;
use jiff::civil::Date;
use regex::{Captures, Regex};

use super::field::Unfit;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A form of writing a date.
#[derive(Debug, Clone)]
pub(super) struct DateFormat {
    form: String,
    regex: Regex,
}

impl DateFormat {
    /// Reads a form such as `%d/%m/%Y`. What tells no part of a date but may stand
    /// beside one (hours, names of weekdays) is checked and passed over.
    pub(super) fn parse(form: &str) -> Result<Self, String> {
        let mut regex = String::from(r"(?i)\A");
        let mut known: Vec<char> = Vec::new();
        let mut letters = form.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter.is_whitespace() {
                while letters.next_if(|next| next.is_whitespace()).is_some() {}
                regex.push_str(r"\s+");
                continue;
            }
            if letter != '%' {
                regex.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4])));
                continue;
            }
            let directive = letters.next().ok_or("the form of the date ends with a lone `%`")?;
            if directive == '%' {
                regex.push('%');
                continue;
            }
            if known.contains(&directive) {
                return Err(format!("the form of the date says `%{directive}` twice"));
            }
            known.push(directive);
            regex.push_str(&part(directive)?);
        }
        if known.is_empty() {
            return Err(format!("the form `{form}` tells no part of a date"));
        }
        let regex = Regex::new(&regex).map_err(|error| error.to_string())?;
        Ok(Self { form: form.to_owned(), regex })
    }

    /// The date in `text` as year, month and day without anything between them.
    pub(super) fn digits(&self, text: &str) -> Result<String, Unfit> {
        let unfit = || Unfit::NotADate(self.form.clone());
        let found = self.regex.captures(text).ok_or_else(unfit)?;
        if found.get(0).is_none_or(|whole| whole.end() != text.len()) {
            return Err(unfit());
        }
        let date = date(&found).ok_or_else(unfit)?;
        Ok(format!("{}{:02}{:02}", date.year(), date.month(), date.day()))
    }
}

/// What one directive stands for. The alternatives are in the order in which
/// Python tries them: `%d%m` reads `112` as the 11th of February.
fn part(directive: char) -> Result<String, String> {
    let names = |short: bool| {
        let of = |name: &str| if short { name.chars().take(3).collect() } else { name.to_owned() };
        // The longest first, or `may` would stand for no other.
        let mut names: Vec<String> = MONTHS.iter().map(|name| of(name)).collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        names.join("|")
    };
    let expression = match directive {
        'Y' => "[0-9]{4}".to_owned(),
        'y' => "[0-9]{2}".to_owned(),
        'm' => "1[0-2]|0[1-9]|[1-9]".to_owned(),
        'd' => "3[0-1]|[1-2][0-9]|0[1-9]|[1-9]| [1-9]".to_owned(),
        'j' => "36[0-6]|3[0-5][0-9]|[1-2][0-9][0-9]|0[1-9][0-9]|00[1-9]|[1-9][0-9]|0[1-9]|[1-9]"
            .to_owned(),
        'B' => names(false),
        'b' => names(true),
        'H' => "2[0-3]|[0-1][0-9]|[0-9]".to_owned(),
        'I' => "1[0-2]|0[1-9]|[1-9]".to_owned(),
        'M' => "[0-5][0-9]|[0-9]".to_owned(),
        'S' => "6[0-1]|[0-5][0-9]|[0-9]".to_owned(),
        'f' => "[0-9]{1,6}".to_owned(),
        'p' => "am|pm".to_owned(),
        'A' => "wednesday|thursday|saturday|tuesday|monday|friday|sunday".to_owned(),
        'a' => "mon|tue|wed|thu|fri|sat|sun".to_owned(),
        other => {
            return Err(format!("the form of the date has `%{other}`, which is not supported"));
        }
    };
    Ok(format!("(?P<{directive}>{expression})"))
}

fn date(found: &Captures<'_>) -> Option<Date> {
    let text = |name: &str| found.name(name).map(|part| part.as_str().trim_start().to_lowercase());
    let number = |name: &str| text(name).and_then(|digits| digits.parse::<i16>().ok());
    let year = match (number("Y"), number("y")) {
        (Some(year), _) => year,
        // As POSIX has it: 69 to 99 are of the last century.
        (None, Some(short)) => short + if short < 69 { 2000 } else { 1900 },
        (None, None) => 1900,
    };
    let named = text("B").or_else(|| text("b"));
    let named = named
        .and_then(|name| MONTHS.iter().position(|month| month.starts_with(&name)))
        .and_then(|at| i8::try_from(at + 1).ok());
    let month = named.or_else(|| number("m").and_then(|month| i8::try_from(month).ok()));
    let day = number("d").and_then(|day| i8::try_from(day).ok());
    if year == 0 {
        return None;
    }
    match (number("j"), month, day) {
        (Some(of_year), None, None) => {
            let first = Date::new(year, 1, 1).ok()?;
            first.checked_add((i64::from(of_year) - 1).days()).ok()
        }
        (Some(_), ..) => None,
        (None, month, day) => Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(form: &str, text: &str, digits: &str) {
        assert_eq!(DateFormat::parse(form).unwrap().digits(text).as_deref(), Ok(digits));
    }

    #[test]
    fn dates_of_many_forms() {
        reads("%Y-%m-%d", "1996-12-19", "19961219");
        reads("%d/%m/%y", "1/2/68", "20680201");
        reads("%d/%m/%y", "1/2/69", "19690201");
        reads("%d %B %Y", "3 March 2001", "20010303");
        reads("%d.%b.%Y", "03.MAY.2001", "20010503");
        reads("%Y%j", "2000060", "20000229");
        reads("%d%m", "112", "19000211");
        reads("%Y%m%d", "09991231", "9991231");
        reads("%H:%M %Y-%m-%d", "23:59 2000-01-01", "20000101");
    }

    #[test]
    fn what_is_no_date() {
        let form = DateFormat::parse("%Y-%m-%d").unwrap();
        for text in ["2001-02-29", "2001-02-03 ", "2001-13-01", "0000-01-01", "", "2001-2-3-4"] {
            assert_eq!(form.digits(text), Err(Unfit::NotADate("%Y-%m-%d".to_owned())), "{text}");
        }
        assert!(DateFormat::parse("%Q").unwrap_err().contains("%Q"));
        assert!(DateFormat::parse("born").is_err());
    }
}
