//! A table that sorts, filters and pages by address, and downloads as CSV.

use std::cmp::Ordering;
use std::fmt::Write as _;

use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Tag;
use crate::words::{Shown, Words};

/// How many rows a page of a list has.
pub const PER_PAGE: usize = 50;

/// What the address says about a list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    /// The words to look for.
    pub q: String,
    /// The value of the list's own filter.
    pub only: String,
    /// The column to sort by, with a minus before it when downwards.
    pub sort: String,
    /// Which page, from 1.
    pub page: usize,
    /// `csv` for the whole list as a file.
    pub format: String,
}

impl ListQuery {
    /// Whether the list is wanted as a file.
    pub fn is_csv(&self) -> bool {
        self.format == "csv"
    }

    fn address(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let page = self.page.to_string();
        let fields = [
            ("q", self.q.as_str()),
            ("only", self.only.as_str()),
            ("sort", self.sort.as_str()),
            ("page", if self.page > 1 { page.as_str() } else { "" }),
            ("format", ""),
        ];
        let mut address = path.to_owned();
        let mut mark = '?';
        for (name, value) in fields {
            let value =
                changes.iter().find(|(changed, _)| *changed == name).map_or(value, |(_, v)| *v);
            if !value.is_empty() {
                address.push(mark);
                address.push_str(name);
                address.push('=');
                address.push_str(&percent(value));
                mark = '&';
            }
        }
        address
    }
}

/// A value for a query, percent-encoded (RFC 3986): all but unreserved characters.
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// One field of a row.
#[derive(Debug, Clone)]
pub enum Cell {
    /// Words.
    Words(String),
    /// Words that lead somewhere.
    Link(String, String),
    /// A number as it is shown, and as a machine reads it.
    Number(String, String),
    /// A day or an instant.
    Time(Shown),
    /// A state.
    Tag(Tag),
    /// Something a machine wrote: a hash, a code.
    Code(String),
    /// A share from 0 to 1, shown as a bar with its number.
    Share(f64, String),
    /// Nothing.
    None,
}

impl Cell {
    /// A whole number.
    pub fn whole(words: &Words, number: u64) -> Self {
        Self::Number(words.whole(number), number.to_string())
    }

    /// A share from 0 to 1.
    pub fn share(words: &Words, share: f64) -> Self {
        Self::Share(share, words.percent(share))
    }

    /// A number of people, or that they are fewer than may be told.
    pub fn few(words: &Words, count: Option<u64>, smallest: u32) -> Self {
        match count {
            Some(count) => Self::whole(words, count),
            None => Self::Number(format!("<{smallest}"), format!("<{smallest}")),
        }
    }

    /// What a machine reads: in the file, and where words are looked for.
    pub(crate) fn plain(&self) -> &str {
        match self {
            Self::Words(text) | Self::Link(text, _) | Self::Code(text) => text,
            Self::Number(_, raw) | Self::Share(_, raw) => raw,
            Self::Time(shown) => &shown.iso,
            Self::Tag(tag) => &tag.word,
            Self::None => "",
        }
    }
}

/// One column of a list of `T`.
pub struct Column<T> {
    /// Its name in addresses.
    pub name: &'static str,
    /// The key of its heading.
    pub key: &'static str,
    /// What stands in it.
    pub cell: fn(&T, &Words) -> Cell,
    /// How it sorts, if it does.
    pub order: Option<fn(&T, &T) -> Ordering>,
    /// Whether it holds numbers.
    pub numeric: bool,
}

/// A column heading as shown.
#[derive(Debug, Clone)]
pub struct Head {
    /// The word.
    pub word: String,
    /// Where a click on it leads, if the column sorts.
    pub href: String,
    /// `ascending`, `descending` or `none`.
    pub sorted: &'static str,
    /// Whether it holds numbers.
    pub numeric: bool,
}

/// One choice of the list's own filter.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The value in the address.
    pub value: String,
    /// The word.
    pub word: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// A list as shown.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/listing.html")]
pub struct Listing {
    words: Words,
    /// What it lists.
    pub caption: String,
    /// The address of the list.
    pub path: String,
    /// What was looked for.
    pub query: ListQuery,
    /// The choices of the list's own filter, with its label; empty: it has none.
    pub choices: (String, Vec<Choice>),
    /// Whether there is a field for words to look for.
    pub searchable: bool,
    /// The columns.
    pub heads: Vec<Head>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// How many rows there are on all pages.
    pub total: usize,
    /// How many there would be without words to look for and filter.
    pub unfiltered: usize,
    /// What stands there when there is nothing to list at all.
    pub empty: String,
    /// Whether rows can be walked with `j` and `k`.
    pub keys: bool,
}

impl askama::filters::HtmlSafe for Listing {}

/// What stands below a list: how much of it is shown, the way to the rest, and
/// the file.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/pager.html")]
pub struct Pager {
    words: Words,
    says: String,
    csv: String,
    previous: Option<String>,
    next: Option<String>,
}

impl askama::filters::HtmlSafe for Pager {}

/// What a list is of and how it is shown, before the visitor's query is applied.
pub struct List<'a, T> {
    /// The page's language.
    pub words: &'a Words,
    /// The key of what it lists.
    pub caption: &'static str,
    /// The address of the list.
    pub path: &'a str,
    /// The columns.
    pub columns: &'a [Column<T>],
    /// The key of the filter's label, its choices (value and word), and how it chooses.
    pub filter: Option<Filter<'a, T>>,
    /// The key of what stands there when there is nothing.
    pub empty: &'static str,
}

/// The list's own filter.
pub struct Filter<'a, T> {
    /// The key of its label.
    pub label: &'static str,
    /// Value in the address, and word.
    pub choices: Vec<(String, String)>,
    /// Whether a row passes when that value is chosen.
    pub passes: &'a dyn Fn(&T, &str) -> bool,
}

impl<T> List<'_, T> {
    /// The rows that the query asks for, sorted, this page of them; all of them
    /// for a file.
    pub fn show(&self, mut items: Vec<T>, query: &ListQuery) -> Listing {
        let unfiltered = items.len();
        if let Some(filter) = &self.filter
            && !query.only.is_empty()
        {
            items.retain(|item| (filter.passes)(item, &query.only));
        }
        let wanted: Vec<String> =
            query.q.split_whitespace().map(str::to_lowercase).take(8).collect();
        if !wanted.is_empty() {
            items.retain(|item| {
                let row: String = self
                    .columns
                    .iter()
                    .flat_map(|column| [(column.cell)(item, self.words).plain().to_lowercase()])
                    .collect::<Vec<_>>()
                    .join(" ");
                wanted.iter().all(|word| row.contains(word.as_str()))
            });
        }
        self.show_found(items, unfiltered, query).1
    }

    /// The same for rows that were looked for already, `unfiltered` in all; with
    /// the rows of the page themselves, for pages that show them otherwise.
    pub fn show_found(
        &self,
        mut items: Vec<T>,
        unfiltered: usize,
        query: &ListQuery,
    ) -> (Vec<T>, Listing) {
        let (by, downwards) = match query.sort.strip_prefix('-') {
            Some(name) => (name, true),
            None => (query.sort.as_str(), false),
        };
        if let Some(order) =
            self.columns.iter().find(|c| c.name == by).and_then(|column| column.order)
        {
            items.sort_by(|a, b| if downwards { order(b, a) } else { order(a, b) });
        }
        let total = items.len();
        let (from, count) = if query.is_csv() {
            (0, total)
        } else {
            (query.page.saturating_sub(1).saturating_mul(PER_PAGE), PER_PAGE)
        };
        let shown: Vec<T> = items.into_iter().skip(from).take(count).collect();
        let rows = shown
            .iter()
            .map(|item| self.columns.iter().map(|c| (c.cell)(item, self.words)).collect())
            .collect();
        (shown, self.listing(rows, total, unfiltered, query))
    }

    /// A page that somebody else has filtered and cut: the rows are `items`, of
    /// `total` altogether. Such a list does not sort by column.
    pub fn show_page(&self, items: &[T], total: usize, query: &ListQuery) -> Listing {
        let rows = items
            .iter()
            .map(|item| self.columns.iter().map(|c| (c.cell)(item, self.words)).collect())
            .collect();
        let mut listing = self.listing(rows, total, total, query);
        for head in &mut listing.heads {
            head.href.clear();
        }
        listing
    }

    fn listing(
        &self,
        rows: Vec<Vec<Cell>>,
        total: usize,
        unfiltered: usize,
        query: &ListQuery,
    ) -> Listing {
        let heads = self
            .columns
            .iter()
            .map(|column| {
                let downwards = format!("-{}", column.name);
                let (sorted, next) = if query.sort == column.name {
                    ("ascending", downwards.as_str())
                } else if query.sort == downwards {
                    ("descending", column.name)
                } else {
                    ("none", column.name)
                };
                let href = match column.order {
                    Some(_) => query.address(self.path, &[("sort", next), ("page", "")]),
                    None => String::new(),
                };
                let word = self.words.say(column.key).into_owned();
                Head { word, href, sorted, numeric: column.numeric }
            })
            .collect();
        let choices = self.filter.as_ref().map_or_else(Default::default, |filter| {
            let choices = filter
                .choices
                .iter()
                .map(|(value, word)| Choice {
                    value: value.clone(),
                    word: word.clone(),
                    chosen: *value == query.only,
                })
                .collect();
            (self.words.say(filter.label).into_owned(), choices)
        });
        Listing {
            words: self.words.clone(),
            caption: self.words.say(self.caption).into_owned(),
            path: self.path.to_owned(),
            query: query.clone(),
            choices,
            searchable: true,
            heads,
            rows,
            total,
            unfiltered,
            empty: self.words.say(self.empty).into_owned(),
            keys: false,
        }
    }
}

impl Listing {
    /// The same list, walked with keys.
    #[must_use]
    pub fn with_keys(mut self) -> Self {
        self.keys = true;
        self
    }

    /// The same list, without a field for words to look for.
    #[must_use]
    pub fn unsearchable(mut self) -> Self {
        self.searchable = false;
        self
    }

    fn is_narrowed(&self) -> bool {
        !self.query.q.is_empty() || !self.query.only.is_empty()
    }

    fn has_controls(&self) -> bool {
        self.is_narrowed()
            || (self.unfiltered > 5 && (self.searchable || !self.choices.1.is_empty()))
    }

    fn page(&self) -> usize {
        self.query.page.max(1)
    }

    fn pages(&self) -> usize {
        self.total.div_ceil(PER_PAGE).max(1)
    }

    fn page_href(&self, page: usize) -> String {
        let page = page.to_string();
        let page = if page == "1" { "" } else { page.as_str() };
        self.query.address(&self.path, &[("page", page)])
    }

    fn csv_href(&self) -> String {
        self.query.address(&self.path, &[("page", ""), ("format", "csv")])
    }

    fn range(&self) -> String {
        let first = (self.page() - 1) * PER_PAGE + 1;
        let last = (first + self.rows.len()).saturating_sub(1);
        format!("{first}–{last}")
    }

    /// The headings that sort.
    pub fn sorts(&self) -> impl Iterator<Item = &Head> {
        self.heads.iter().filter(|head| !head.href.is_empty())
    }

    /// What stands below the rows.
    pub fn pager(&self) -> Pager {
        let words = &self.words;
        let (page, last) = (self.page(), self.pages());
        Pager {
            words: words.clone(),
            says: if self.pages() > 1 {
                words.say_both("list-range", self.range(), words.whole(self.total))
            } else {
                words.say_count("list-total", self.total)
            },
            csv: self.csv_href(),
            previous: (page > 1).then(|| self.page_href((page - 1).min(last))),
            next: (page < last).then(|| self.page_href(page + 1)),
        }
    }

    /// The list as a file (RFC 4180), the headings first.
    pub fn csv(&self) -> String {
        let mut out = String::new();
        let heads: Vec<&str> = self.heads.iter().map(|head| head.word.as_str()).collect();
        csv_line(&mut out, heads.into_iter());
        for row in &self.rows {
            csv_line(&mut out, row.iter().map(Cell::plain));
        }
        out
    }

    /// The list as a download named `name.csv`.
    pub fn csv_response(&self, name: &str) -> Response {
        let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\""))
            .unwrap_or(HeaderValue::from_static("attachment"));
        (
            [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
                (header::CONTENT_DISPOSITION, disposition),
            ],
            self.csv(),
        )
            .into_response()
    }
}

fn csv_line<'a>(out: &mut String, fields: impl Iterator<Item = &'a str>) {
    for (i, field) in fields.enumerate() {
        if i > 0 {
            out.push(',');
        }
        // A field that a spreadsheet would run as a formula is marked as text.
        let formula =
            field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field.parse::<f64>().is_err();
        let quoted = formula || field.contains([',', '"', '\n', '\r']);
        if quoted {
            out.push('"');
            if formula {
                out.push('\'');
            }
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(field);
        }
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests;
