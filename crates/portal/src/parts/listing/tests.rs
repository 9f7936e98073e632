use jiff::tz::TimeZone;
use model::Lang;

use super::*;

struct Fruit {
    name: String,
    weight: u64,
}

const COLUMNS: &[Column<Fruit>] = &[
    Column {
        name: "name",
        key: "list-name",
        cell: |fruit, _| Cell::Link(fruit.name.clone(), format!("/fruit/{}", fruit.name)),
        order: Some(|a, b| a.name.cmp(&b.name)),
        numeric: false,
    },
    Column {
        name: "weight",
        key: "list-count",
        cell: |fruit, words| Cell::whole(words, fruit.weight),
        order: Some(|a, b| a.weight.cmp(&b.weight)),
        numeric: true,
    },
];

fn show(items: Vec<Fruit>, query: &ListQuery) -> Listing {
    let words = Words::new(Lang::En, TimeZone::UTC);
    let heavy = |fruit: &Fruit, value: &str| value != "heavy" || fruit.weight >= 100;
    List {
        words: &words,
        caption: "list-name",
        path: "/fruit",
        columns: COLUMNS,
        filter: Some(Filter {
            label: "list-name",
            choices: vec![("heavy".into(), "Heavy".into())],
            passes: &heavy,
        }),
        empty: "list-empty",
    }
    .show(items, query)
}

fn fruit() -> Vec<Fruit> {
    [("plum", 30), ("=apple", 120), ("pear, \"green\"", 12_000)]
        .map(|(name, weight)| Fruit { name: name.into(), weight })
        .into()
}

fn names(listing: &Listing) -> Vec<&str> {
    listing.rows.iter().map(|row| row[0].plain()).collect()
}

#[test]
fn a_list_sorts_by_the_column_the_address_names() {
    let query = ListQuery { sort: "-weight".into(), ..ListQuery::default() };
    let listing = show(fruit(), &query);
    assert_eq!(names(&listing), ["pear, \"green\"", "=apple", "plum"]);
    assert_eq!(listing.heads[1].sorted, "descending");
    assert_eq!(listing.heads[1].href, "/fruit?sort=weight");
}

#[test]
fn a_list_is_narrowed_by_words_and_by_its_own_filter() {
    let query = ListQuery { q: "PLUM".into(), ..ListQuery::default() };
    assert_eq!(names(&show(fruit(), &query)), ["plum"]);
    let query = ListQuery { only: "heavy".into(), ..ListQuery::default() };
    let listing = show(fruit(), &query);
    assert_eq!(names(&listing), ["=apple", "pear, \"green\""]);
    assert_eq!((listing.total, listing.unfiltered), (2, 3));
}

#[test]
fn a_list_is_cut_into_pages_and_says_which_rows_these_are() {
    let many = (0..120).map(|i| Fruit { name: format!("f{i:03}"), weight: i }).collect();
    let query = ListQuery { page: 3, q: "f".into(), ..ListQuery::default() };
    let listing = show(many, &query);
    assert_eq!(listing.rows.len(), 20);
    assert_eq!(listing.range(), "101–120");
    assert_eq!(listing.pages(), 3);
    assert_eq!(listing.page_href(2), "/fruit?q=f&page=2");
    assert_eq!(listing.page_href(1), "/fruit?q=f");
}

#[test]
fn a_page_far_past_the_end_is_empty_and_does_not_fall_over() {
    let query = ListQuery { page: usize::MAX, ..ListQuery::default() };
    assert!(show(fruit(), &query).rows.is_empty());
}

#[test]
fn a_file_holds_every_row_quotes_what_needs_it_and_runs_no_formula() {
    let query = ListQuery { format: "csv".into(), sort: "weight".into(), ..ListQuery::default() };
    assert_eq!(
        show(fruit(), &query).csv(),
        "Name,Number\r\nplum,30\r\n\"'=apple\",120\r\n\"pear, \"\"green\"\"\",12000\r\n"
    );
}

#[test]
fn negative_numbers_are_no_formulas() {
    let mut line = String::new();
    csv_line(&mut line, ["-1.5", "-1+cmd", "@x"].into_iter());
    assert_eq!(line, "-1.5,\"'-1+cmd\",\"'@x\"\r\n");
}

#[test]
fn what_was_looked_for_is_kept_in_every_link_and_cannot_break_out_of_it() {
    let query = ListQuery { q: "a&b=\"c\"<d>".into(), ..ListQuery::default() };
    let listing = show(fruit(), &query);
    assert_eq!(listing.csv_href(), "/fruit?q=a%26b%3D%22c%22%3Cd%3E&format=csv");
    let html = listing.to_string();
    assert!(!html.contains("<d>"), "{html}");
}
