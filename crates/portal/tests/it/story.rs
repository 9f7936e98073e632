//! From the catalogue to a released package, as people do it in browsers.

use axum::http::StatusCode;
use base64::Engine as _;

use crate::browser::{Browser, Page};
use crate::site::Site;

pub(crate) fn id_in(page: &Page) -> String {
    let path = page.location().split('?').next().unwrap();
    path.split('/').nth(2).unwrap_or_else(|| panic!("no id in `{path}`: {}", page.body)).to_owned()
}

pub(crate) async fn application(site: &Site, researcher: &mut Browser) -> String {
    application_that(site, researcher, &[]).await
}

/// The same with more fields.
async fn application_that(site: &Site, researcher: &mut Browser, more: &[(&str, &str)]) -> String {
    let picked = [("variable", "laboratory/value"), ("do", "add"), ("next", "/basket")];
    let page = researcher.submit("/catalogue", "/basket", &picked).await;
    assert_eq!(page.location(), "/basket");
    assert!(researcher.get("/basket").await.body.contains("Result"), "the basket shows it");
    let page = researcher.submit("/basket", "/applications/new", &[]).await;
    let id = id_in(&page);
    let edit = format!("/applications/{id}/edit");
    let fields = [
        ("title", "Mortality"),
        ("summary", "Do people live shorter lives?"),
        ("purpose", "research"),
        ("legal-basis", "GDPR 6(1)(e)"),
        ("people", "researcher"),
        ("column", "laboratory/value"),
        ("sources.laboratory.value.reason", "it is the outcome"),
        ("valid.from", "2026-03-01"),
        ("valid.until", "2027-03-01"),
        ("outputs.smallest-count", "5"),
        ("do", "submit"),
    ];
    let fields = [&fields[..], more].concat();
    let missing: Vec<_> = fields.iter().copied().filter(|(name, _)| *name != "summary").collect();
    let page = researcher.submit(&edit, &edit, &missing).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("What is to be found out: is missing"), "{}", page.body);
    assert!(page.body.contains("value=\"Mortality\""), "what was typed is kept");
    let page = researcher.submit(&edit, &edit, &fields).await;
    assert_eq!(page.location(), format!("/applications/{id}?done=submitted"), "{}", page.body);
    let _ = site;
    id
}

pub(crate) async fn permit(site: &Site, researcher: &mut Browser) -> String {
    permit_that(site, researcher, &[]).await
}

async fn permit_that(site: &Site, researcher: &mut Browser, more: &[(&str, &str)]) -> String {
    let application = application_that(site, researcher, more).await;
    let here = format!("/applications/{application}");
    let mut holder = Browser::as_role(&site.router, "holder").await;
    assert!(holder.get("/work").await.body.contains("Answer the application"));
    let answer = [("do", "approve"), ("why", "the data suit the purpose")];
    let page = holder.submit(&here, &format!("{here}/review"), &answer).await;
    assert_eq!(page.location(), format!("{here}?done=answered"), "{}", page.body);
    let mut caseworker = Browser::as_role(&site.router, "caseworker").await;
    let decision = [("do", "grant"), ("why", "within the law")];
    let page = caseworker.submit(&here, &format!("{here}/decision"), &decision).await;
    assert!(page.location().ends_with("?done=granted"), "{}", page.body);
    id_in(&page)
}

#[tokio::test]
async fn a_permit_is_asked_for_answered_decided_and_stands_in_the_register() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let permit = permit(&site, &mut researcher).await;
    let page = researcher.get(&format!("/permits/{permit}")).await;
    assert!(page.body.contains("it is the outcome"), "its people see the whole: {}", page.body);
    let mut visitor = Browser::new(&site.router);
    let page = visitor.get(&format!("/permits/{permit}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Do people live shorter lives?"));
    assert!(!page.body.contains("it is the outcome"), "others see the public part");
    let page = visitor.get("/register?format=csv").await;
    assert!(page.body.contains("Mortality,The university"), "{}", page.body);
}

pub(crate) async fn wait_for(browser: &mut Browser, path: &str, words: &str) -> Page {
    for _ in 0..200 {
        let page = browser.get(path).await;
        if page.body.contains(words) {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("`{words}` never stood on {path}");
}

pub(crate) async fn room(site: &Site, researcher: &mut Browser) -> (String, String) {
    room_that(site, researcher, &[]).await
}

/// A room on a permit whose application had more fields.
pub(crate) async fn room_that(
    site: &Site,
    researcher: &mut Browser,
    more: &[(&str, &str)],
) -> (String, String) {
    let permit = permit_that(site, researcher, more).await;
    let here = format!("/permits/{permit}");
    let page = researcher.submit(&here, &format!("{here}/extracts"), &[]).await;
    assert_eq!(page.location(), here);
    wait_for(researcher, &here, "Open a room").await;
    let page = researcher.submit(&here, &format!("{here}/rooms"), &[]).await;
    assert!(page.location().ends_with("?done=room-opened"), "{}", page.body);
    (permit, id_in(&page))
}

pub(crate) async fn output(researcher: &mut Browser, room: &str, table: &str) -> String {
    let here = format!("/rooms/{room}");
    let script = [("language", "r"), ("script", table)];
    let page = researcher.submit(&here, &format!("{here}/runs"), &script).await;
    assert!(page.location().contains("done=run"), "{}", page.body);
    let page = wait_for(researcher, &here, "Finished").await;
    assert!(page.body.contains("ran &#60;script.R&#62;"), "the log is text: {}", page.body);
    let wish = [("file", "result.csv"), ("kind", "table"), ("note", "table 1")];
    let page = researcher.submit(&here, &format!("{here}/outputs"), &wish).await;
    assert!(page.location().ends_with("?done=asked"), "{}", page.body);
    id_in(&page)
}

pub(crate) const SAFE: &str = "sex,people\nwomen,160\nmen,140\nall,300\n";

#[tokio::test]
async fn a_file_is_run_for_asked_for_released_packed_and_fetched() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (permit, room) = room(&site, &mut researcher).await;
    let output = output(&mut researcher, &room, SAFE).await;
    let here = format!("/outputs/{output}");

    let page = researcher.get(&here).await;
    assert!(!page.body.contains("id=\"decide\""), "nobody decides their own: {}", page.body);
    assert!(!page.body.contains("women"), "what is in it is still inside: {}", page.body);
    assert_eq!(content(&mut researcher, &output).await, None);
    let decision = [("do", "release"), ("why", "nobody can be recognised")];
    let page = researcher.submit(&here, &format!("{here}/decision"), &decision).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("nobody-checks-own-output"), "the rule is named: {}", page.body);

    let mut checker = Browser::as_role(&site.router, "checker").await;
    let page = checker.get(&here).await;
    assert!(page.body.contains("women") && page.body.contains("id=\"decide\""), "{}", page.body);
    let page = checker.submit(&here, &format!("{here}/decision"), &decision).await;
    assert_eq!(page.location(), format!("{here}?done=released"), "{}", page.body);
    assert!(researcher.get(&here).await.body.contains("women"), "now it is outside");
    assert_eq!(content(&mut researcher, &output).await.as_deref(), Some(SAFE.as_bytes()));
    let packing = format!("/rooms/{room}/packing");
    assert!(checker.get("/work").await.body.contains(&packing));
    let page = checker.submit(&packing, &packing, &[]).await;
    assert!(page.location().ends_with("?done=packaged"), "{}", page.body);
    let release = id_in(&page);

    let here = format!("/releases/{release}");
    let page = researcher.submit(&here, &format!("{here}/package"), &[]).await;
    assert_eq!(page.header("content-type"), "application/x-tar");
    assert!(page.header("content-disposition").contains(&format!("{release}.tar")));
    let page = researcher.get(&here).await;
    assert!(page.body.contains("The package was fetched"), "{}", page.body);

    let mut visitor = Browser::new(&site.router);
    assert!(visitor.get("/results").await.body.contains(&release));
    let page = visitor.get(&here).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("result.csv"), "others see that it left, not what: {}", page.body);
    assert!(visitor.get("/").await.body.contains(&permit) || page.body.contains(&permit));
}

/// The bytes of an output as the API gives them.
async fn content(browser: &mut Browser, output: &str) -> Option<Vec<u8>> {
    let shown = browser.get(&format!("/api/v1/outputs/{output}")).await.json();
    let content = shown["content"].as_str()?;
    Some(base64::engine::general_purpose::STANDARD.decode(content).unwrap())
}

#[tokio::test]
async fn a_picture_is_shown_to_the_checker_alone_until_it_is_released() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let here = format!("/rooms/{room}");
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"></svg>";
    output(&mut researcher, &room, SAFE).await;
    let script = format!("# file picture.svg\n{svg}");
    let drawn = [("language", "r"), ("script", script.as_str())];
    let page = researcher.submit(&here, &format!("{here}/runs"), &drawn).await;
    assert!(page.location().contains("done=run"), "{}", page.body);
    wait_for(&mut researcher, &here, "picture.svg").await;
    let wish = [
        ("file", "picture.svg"),
        ("kind:picture.svg", "figure"),
        ("table:picture.svg", "result.csv"),
        ("note", "n"),
    ];
    let page = researcher.submit(&here, &format!("{here}/outputs"), &wish).await;
    let picture = format!("/outputs/{}/file", id_in(&page));
    assert_eq!(researcher.get(&picture).await.status, StatusCode::NOT_FOUND);
    let mut auditor = Browser::as_role(&site.router, "auditor").await;
    assert_eq!(auditor.get(&picture).await.status, StatusCode::NOT_FOUND);
    let mut checker = Browser::as_role(&site.router, "checker").await;
    assert_eq!(checker.get(&picture).await.header("content-type"), "image/svg+xml");
}

#[tokio::test]
async fn when_a_permit_is_revoked_its_room_closes() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (permit, room) = room(&site, &mut researcher).await;
    let mut caseworker = Browser::as_role(&site.router, "caseworker").await;
    let here = format!("/permits/{permit}");
    let why = [("why", "the study was stopped")];
    let page = caseworker.submit(&here, &format!("{here}/revocation"), &why).await;
    assert!(page.location().ends_with("?done=revoked"), "{}", page.body);
    let page = researcher.get(&format!("/rooms/{room}")).await;
    assert!(page.body.contains("closed when its permit was revoked"), "{}", page.body);
}

#[tokio::test]
async fn a_visitor_is_asked_to_sign_in_and_comes_back() {
    let site = Site::demo().await;
    let mut visitor = Browser::new(&site.router);
    let page = visitor.get("/work?x=1").await;
    assert_eq!(page.location(), "/sign-in?next=%2Fwork%3Fx%3D1");
    let page = visitor.get("/ledger").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("/sign-in?next=%2Fledger"), "{}", page.body);
}

#[tokio::test]
async fn the_page_speaks_the_language_that_was_chosen_until_another_is() {
    let site = Site::demo().await;
    let mut visitor = Browser::new(&site.router);
    assert!(visitor.get("/").await.body.contains("lang=\"en\""));
    assert!(visitor.get("/?lang=da").await.body.contains("<html lang=\"da\""));
    assert!(visitor.get("/catalogue").await.body.contains("<html lang=\"da\""));
    let page = visitor.get("/catalogue?theme=dark").await;
    assert!(page.body.contains("data-color-scheme=\"dark\""));
    assert!(visitor.get("/").await.body.contains("data-color-scheme=\"dark\""));
}

#[tokio::test]
async fn every_page_of_the_ledger_is_for_those_who_may_read_it() {
    let site = Site::demo().await;
    let mut auditor = Browser::as_role(&site.router, "auditor").await;
    for path in ["/ledger", "/ledger/0", "/ledger?q=researcher", "/ledger?only=account"] {
        assert_eq!(auditor.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(auditor.get("/ledger?q=2").await.location(), "/ledger/2");
    for path in ["/ledger/99999", "/ledger/none", "/api/v1/ledger/none", "/api/v1/ledger/-1/proof"]
    {
        assert_eq!(auditor.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let page = auditor.submit("/ledger", "/ledger/verification", &[]).await;
    assert!(page.body.contains("no fault"), "{}", page.body);
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    for path in ["/ledger", "/ledger/0", "/ledger/export", "/api/v1/ledger/0/proof"] {
        assert_eq!(researcher.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn the_centre_is_shown_to_its_operator_and_a_missing_page_is_missing() {
    let site = Site::demo().await;
    let mut browser = Browser::as_role(&site.router, "auditor").await;
    for path in
        ["/sources/nothing", "/sources/laboratory/nothing", "/permits/UPPER", "/rooms/x/y/z"]
    {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.body.contains("There is no such thing"), "{path}: {}", page.body);
    }
}

#[tokio::test]
async fn what_a_program_hands_over_is_asked_for_with_one_button() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let here = format!("/rooms/{room}");
    let run = async |researcher: &mut Browser, text: &str| {
        let script = [("language", "r"), ("script", text)];
        let page = researcher.submit(&here, &format!("{here}/runs"), &script).await;
        assert!(page.location().contains("done=run"), "{}", page.body);
        // Over when the next may begin.
        wait_for(researcher, &here, "Nothing runs.").await
    };
    run(&mut researcher, &format!("# file table.csv\n{SAFE}")).await;
    let list = r#"{"files": [{"name": "table.csv", "note": "by <program>", "declared":
        {"kind": "frequency-table", "dimensions": ["sex"], "counts": ["people"]}}]}"#;
    let page = run(&mut researcher, &format!("# file handed-over.json\n{list}")).await;
    assert!(page.body.contains("Handed over by programs"), "{}", page.body);
    assert!(page.body.contains("by &#60;program&#62;"), "{}", page.body);
    let page = researcher.submit(&here, &format!("{here}/handed-over"), &[]).await;
    assert!(page.location().ends_with("?done=asked"), "{}", page.body);
    let page = researcher.get(&here).await;
    assert!(page.body.contains("href=\"/outputs/output-"), "{}", page.body);
    run(&mut researcher, "# file handed-over.json\nnonsense").await;
    let page = researcher.get(&here).await;
    assert!(page.body.contains("cannot be read"), "{}", page.body);
    let page = researcher.submit(&here, &format!("{here}/handed-over"), &[]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
}
