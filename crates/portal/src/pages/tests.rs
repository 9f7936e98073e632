use std::collections::BTreeSet;

use super::*;

fn each(check: impl Fn(&str, &str)) {
    for lang in Lang::ALL {
        for (name, html) in samples(lang) {
            let html = html.unwrap_or_else(|error| panic!("{name} in {lang}: {error}"));
            check(&format!("{name} in {lang}"), &html);
        }
    }
}

#[test]
fn every_page_renders_in_every_language_as_a_whole_document() {
    each(|name, html| {
        assert!(html.starts_with("<!doctype html>"), "{name}");
        assert!(html.trim_end().ends_with("</html>"), "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}: one heading on top");
        assert_eq!(html.matches("<main").count(), 1, "{name}");
    });
}

#[test]
fn no_page_holds_anything_that_the_content_security_policy_keeps_out() {
    each(|name, html| {
        assert!(!html.contains("style=\""), "{name}: an inline style");
        assert!(!html.contains(" onclick") && !html.contains("javascript:"), "{name}");
        for script in html.split("<script").skip(1) {
            assert!(script.starts_with(" src=\"/assets/"), "{name}: an inline script");
        }
        assert!(!html.contains("<style"), "{name}: an inline style sheet");
        for address in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
            assert!(!html.contains(address), "{name}: `{address}`");
        }
    });
}

#[test]
fn every_form_that_changes_something_carries_the_token() {
    each(|name, html| {
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let opening = form.split('>').next().unwrap();
            // To the notebooks' address: the portal's token does not go there.
            if opening.contains("/enter\" target=\"notebook\"") {
                assert!(!form.contains("csrf") && form.contains("name=\"ticket\""), "{name}");
            } else if opening.contains("method=\"post\"") {
                assert!(form.contains("name=\"csrf\" value=\"sample\""), "{name}: {form}");
            }
        }
    });
}

#[test]
fn every_field_has_a_label_and_no_id_stands_twice() {
    each(|name, html| {
        let mut ids = BTreeSet::new();
        for part in html.split(" id=\"").skip(1) {
            let id = part.split('"').next().unwrap();
            assert!(ids.insert(id.to_owned()), "{name}: `{id}` stands twice");
        }
        for part in html.split(" for=\"").skip(1) {
            let id = part.split('"').next().unwrap();
            assert!(ids.contains(id), "{name}: a label for `{id}`, which is not there");
        }
        for kind in ["aria-labelledby=\"", "aria-describedby=\"", "href=\"#"] {
            for part in html.split(kind).skip(1) {
                for id in part.split('"').next().unwrap().split_whitespace() {
                    assert!(ids.contains(id), "{name}: {kind}{id}, which is not there");
                }
            }
        }
    });
}

#[test]
fn no_page_shows_the_name_of_a_message_instead_of_the_message() {
    each(|name, html| {
        let text: String = html
            .split('<')
            .filter_map(|part| part.split_once('>').map(|(_, text)| text))
            .collect::<Vec<_>>()
            .join("\n");
        for word in text.split_whitespace() {
            let known = crate::words::Words::new(Lang::En, jiff::tz::TimeZone::UTC).knows(word);
            assert!(!(known && word.contains('-')), "{name}: `{word}` is a key");
        }
    });
}

#[test]
fn every_page_has_a_title_of_its_own() {
    for lang in Lang::ALL {
        let mut titles = BTreeSet::new();
        for (name, html) in samples(lang) {
            let html = html.unwrap();
            let title = html.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
            assert!(titles.insert(title.to_owned()), "{name} in {lang}: `{title}` again");
        }
    }
}

#[test]
fn the_way_past_the_navigation_leads_to_the_content() {
    each(|name, html| {
        let first = html.split("<body>").nth(1).unwrap().trim_start();
        assert!(first.starts_with("<a class=\"ds-skip-link\" href=\"#content\">"), "{name}");
        assert!(html.contains("<main id=\"content\" tabindex=\"-1\">"), "{name}");
    });
}
