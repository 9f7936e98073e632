//! What somebody is told when something cannot be done, and that nothing they
//! typed is lost by it.

use axum::http::StatusCode;

use crate::browser::{Browser, Page};
use crate::site::Site;
use crate::story::{SAFE, application, id_in, output, permit, room, wait_for};

/// Sentences of the layers below and of the English pages: what must not stand on
/// a page in another language.
const ENGLISH: &[&str] = &[
    " is empty",
    "does not fit",
    "cannot be",
    "there is no",
    "There is no",
    "nothing runs",
    "Nothing runs",
    "has no extract",
    "not answered",
    "is closed",
    "may leave",
    "at most",
    "Somebody else",
    "Something must",
    "Bad Request",
    "symbolic link",
    "too long",
    "reason is missing",
    "is hidden",
    "linking",
    "Failed",
];

fn assert_not_english(page: &Page, what: &str) {
    for sentence in ENGLISH {
        assert!(!page.body.contains(sentence), "{what}: `{sentence}` in {}", page.body);
    }
    // The choice of languages, and nothing that is said in English as a last resort.
    assert_eq!(page.body.matches(" lang=\"en\"").count(), 1, "{what}: {}", page.body);
}

#[tokio::test]
async fn a_script_is_kept_when_no_more_can_be_run_at_once() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let here = format!("/rooms/{room}");
    let runs = format!("{here}/runs");
    site.ends.shut();
    let first = [("language", "python"), ("script", "print(1)\n")];
    for _ in 0..room::Room::AT_ONCE {
        let page = researcher.submit(&here, &runs, &first).await;
        assert!(page.location().contains("done=run"), "{}", page.body);
    }
    let second = [("language", "r"), ("script", "summary(<x>)")];
    let page = researcher.submit(&here, &runs, &second).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.body.contains("summary(&#60;x&#62;)</textarea>"), "{}", page.body);
    assert!(
        page.body.contains("href=\"#script\">The room has as many runs as it can have at once"),
        "{}",
        page.body
    );
    assert!(page.body.contains("id=\"script-fault\""), "{}", page.body);
    assert!(page.body.contains("value=\"r\" checked"), "{}", page.body);
    site.ends.open();
    let page = wait_for(&mut researcher, &here, "Finished").await;
    assert!(page.body.contains("print(1)\n</textarea>"), "the last script is there to be changed");
    assert!(page.body.contains("value=\"python\" checked"), "{}", page.body);
}

#[tokio::test]
async fn the_last_script_is_shown_to_nobody_outside_the_room() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    output(&mut researcher, &room, SAFE).await;
    let mut operator = Browser::as_role(&site.router, "operator").await;
    let page = operator.get(&format!("/rooms/{room}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("women,160"), "{}", page.body);
}

#[tokio::test]
async fn a_script_that_is_too_long_comes_back_with_the_reason() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let here = format!("/rooms/{room}");
    let script = "#".repeat(300 * 1024);
    let fields = [("language", "r"), ("script", script.as_str())];
    let page = researcher.submit(&here, &format!("{here}/runs"), &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("The script is too long") && page.body.contains(&script));
}

#[tokio::test]
async fn an_answer_a_decision_a_remark_and_a_revocation_without_a_reason_keep_what_was_typed() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let id = application(&site, &mut researcher).await;
    let here = format!("/applications/{id}");
    let mut holder = Browser::as_role(&site.router, "holder").await;
    let answer = [("do", "approve"), ("why", " ")];
    let page = holder.submit(&here, &format!("{here}/review"), &answer).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("id=\"why-fault\""), "{}", page.body);
    assert!(page.body.contains("<a class=\"ds-link\" href=\"#why\">"), "{}", page.body);

    let mut caseworker = Browser::as_role(&site.router, "caseworker").await;
    let early = [("do", "grant"), ("why", "within the law, I think")];
    let page = caseworker.submit(&here, &format!("{here}/decision"), &early).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.body);
    assert!(page.body.contains("within the law, I think</textarea>"), "{}", page.body);
    let remark = [("field", "cohort"), ("text", "\n")];
    let page = caseworker.submit(&here, &format!("{here}/comments"), &remark).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("value=\"cohort\" selected"), "{}", page.body);
    assert!(page.body.contains("id=\"text-fault\""), "{}", page.body);
}

#[tokio::test]
async fn a_revocation_without_a_reason_says_so_beside_the_field() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let permit = permit(&site, &mut researcher).await;
    let here = format!("/permits/{permit}");
    let mut caseworker = Browser::as_role(&site.router, "caseworker").await;
    let page = caseworker.submit(&here, &format!("{here}/revocation"), &[("why", "")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("<details open>") && page.body.contains("id=\"why-fault\""));
    let page = researcher.submit(&here, &format!("{here}/rooms"), &[]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.body.contains("The permit has no data yet"), "{}", page.body);
}

#[tokio::test]
async fn a_decision_on_a_file_that_was_not_accepted_keeps_its_reason() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let small = "sex,people\nwomen,3\nmen,297\nall,300\n";
    let id = output(&mut researcher, &room, small).await;
    let here = format!("/outputs/{id}");
    let mut checker = Browser::as_role(&site.router, "checker").await;
    let release = [("do", "release"), ("why", "three women are many")];
    let page = checker.submit(&here, &format!("{here}/decision"), &release).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.body);
    assert!(page.body.contains("value=\"three women are many\""), "{}", page.body);
    let refuse = [("do", "refuse"), ("why", "they are few")];
    checker.submit(&here, &format!("{here}/decision"), &refuse).await;
    let page = checker.submit(&here, &format!("{here}/decision"), &refuse).await;
    assert!(page.body.contains("they are few</pre>") || page.status == StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_was_said_of_files_is_kept_when_it_is_not_enough() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    output(&mut researcher, &room, SAFE).await;
    let here = format!("/rooms/{room}");
    let path = format!("{here}/outputs");
    let page = researcher.get(&format!("{path}?file=result.csv&file=gone.csv")).await;
    assert!(page.body.contains("name=\"kind:result.csv\""), "{}", page.body);
    assert!(!page.body.contains("kind:gone.csv"), "only of files that are there: {}", page.body);
    let page = researcher.get(&path).await;
    assert!(page.body.contains("value=\"result.csv\"") && !page.body.contains("name=\"kind:"));
    let wish = [
        ("file", "result.csv"),
        ("kind:result.csv", "frequency-table"),
        ("dimensions:result.csv", "sex"),
        ("note", "table 1 again"),
    ];
    let page = researcher.submit(&here, &path, &wish).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for kept in [
        "table 1 again</textarea>",
        "value=\"sex\"",
        "value=\"result.csv\" checked",
        "href=\"#asked-files\"",
    ] {
        assert!(page.body.contains(kept), "`{kept}`: {}", page.body);
    }
    let whole = [&wish[..], &[("counts:result.csv", "people")]].concat();
    let page = researcher.submit(&here, &path, &whole).await;
    assert!(page.location().ends_with("?done=asked"), "{}", page.body);
    let means = [
        ("file", "result.csv"),
        ("kind:result.csv", "magnitude-table"),
        ("dimensions:result.csv", "sex"),
        ("counts:result.csv", "people"),
        ("note", "means by sex"),
    ];
    let page = researcher.submit(&here, &path, &means).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "which column has the means?");
    let whole = [&means[..], &[("value:result.csv", "mean")]].concat();
    let page = researcher.submit(&here, &path, &whole).await;
    assert!(page.location().ends_with("?done=asked"), "{}", page.body);
    let page = researcher.submit(&here, &path, &[("note", "nothing chosen")]).await;
    assert!(page.body.contains("nothing chosen</textarea>"), "{}", page.body);
    let gone = [("file", "gone.csv"), ("note", "it was there")];
    let page = researcher.submit(&here, &path, &gone).await;
    assert!(page.body.contains("no longer in the work folder"), "{}", page.body);
}

#[tokio::test]
async fn refusals_speak_the_language_of_the_page() {
    for lang in ["nb", "da"] {
        let site = Site::demo().await;
        let mut researcher = Browser::as_role(&site.router, "researcher").await;
        let permit = permit(&site, &mut researcher).await;
        let mut caseworker = Browser::as_role(&site.router, "caseworker").await;
        let mut checker = Browser::as_role(&site.router, "checker").await;
        for browser in [&mut researcher, &mut caseworker, &mut checker] {
            browser.headers[0].1 = lang.to_owned();
        }
        let here = format!("/permits/{permit}");
        let page = researcher.submit(&here, &format!("{here}/rooms"), &[]).await;
        assert_not_english(&page, "a room without data");
        let page = caseworker.submit(&here, &format!("{here}/revocation"), &[]).await;
        assert_not_english(&page, "a revocation without a reason");
        researcher.submit(&here, &format!("{here}/extracts"), &[]).await;
        wait_for(&mut researcher, &here, &format!("action=\"{here}/rooms\"")).await;
        let page = researcher.submit(&here, &format!("{here}/rooms"), &[]).await;
        let room = id_in(&page);
        let here = format!("/rooms/{room}");
        let page = researcher.submit(&here, &format!("{here}/stop"), &[]).await;
        assert_not_english(&page, "stopping nothing");
        let page = researcher.submit(&here, &format!("{here}/outputs"), &[("note", "x")]).await;
        assert_not_english(&page, "asking for nothing");
        let wish = [("file", "gone.csv"), ("note", "x")];
        let page = researcher.submit(&here, &format!("{here}/outputs"), &wish).await;
        assert_not_english(&page, "asking for what is gone");
        let script = "#".repeat(300 * 1024);
        let long = [("language", "r"), ("script", script.as_str())];
        let page = researcher.submit(&here, &format!("{here}/runs"), &long).await;
        assert_not_english(&page, "a script that is too long");
        let page =
            researcher.submit(&here, &format!("{here}/runs"), &[("language", "cobol")]).await;
        assert_not_english(&page, "no language");
        for path in ["/catalogue?page=many", "/no/such/page", "/permits/permit-1"] {
            assert_not_english(&researcher.get(path).await, path);
        }
        let page = researcher.submit(&here, &format!("{here}/closing"), &[]).await;
        assert!(page.location().contains("done=room-closed"), "{}", page.body);
        for path in ["closing", "runs"] {
            let script = [("language", "r"), ("script", "1")];
            let page = researcher.post_again(&format!("{here}/{path}"), &script).await;
            assert_not_english(&page, path);
        }
    }
}

#[tokio::test]
async fn a_part_of_the_address_that_cannot_be_read_is_named() {
    let site = Site::demo().await;
    let mut visitor = Browser::new(&site.router);
    let page = visitor.get("/catalogue?page=many").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("`page` of the address cannot be read"), "{}", page.body);
    let page = visitor.get("/api/v1/variables?limit=x&q=y&page=z").await;
    assert!(!page.body.contains("400 Bad Request"), "{}", page.body);
}
