//! Pages that the story does not come by, as those meet them who need them.

use axum::http::StatusCode;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::browser::Browser;
use crate::site::Site;
use crate::story::{SAFE, application, id_in, output, room, wait_for};

const SMALL: &str = "sex,people\nwomen,3\nmen,97\nboth,3\nneither,197\nall,300\n";
const PICTURE: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\">\
     <!-- made by person 17 --><metadata>x</metadata><path d=\"M0 0L9 9\"/></svg>\n";

async fn room_with(site: &Site, researcher: &mut Browser, script: &str) -> String {
    let (_, room) = room(site, researcher).await;
    let here = format!("/rooms/{room}");
    let fields = [("language", "r"), ("script", script)];
    researcher.submit(&here, &format!("{here}/runs"), &fields).await;
    wait_for(researcher, &here, "Finished").await;
    here
}

#[tokio::test]
async fn a_picture_and_its_mend_are_two_files_whatever_the_case_of_the_ending() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let script = format!("# file curve.SVG\n{PICTURE}");
    let here = room_with(&site, &mut researcher, &script).await;
    let wish = [("file", "curve.SVG"), ("note", "figure 1")];
    let page = researcher.submit(&here, &format!("{here}/outputs"), &wish).await;
    let output = format!("/outputs/{}", id_in(&page));
    let mut checker = Browser::as_role(&site.router, "checker").await;
    let page = checker.get(&output).await;
    for address in ["file", "mended-file"] {
        assert!(page.body.contains(&format!("src=\"{output}/{address}\"")), "{}", page.body);
    }
    let original = checker.get(&format!("{output}/file")).await;
    let mended = checker.get(&format!("{output}/mended-file")).await;
    assert!(original.body.contains("person 17") && !mended.body.contains("person 17"));
    for picture in [original, mended] {
        assert_eq!(picture.header("content-type"), "image/svg+xml");
        assert!(picture.header("content-security-policy").contains("sandbox"));
    }
}

#[tokio::test]
async fn a_file_is_looked_at_inside_by_the_people_of_the_room_alone() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let rows: Vec<String> = (0..300).map(|i| format!("{i},<b>\n")).collect();
    let here = room_with(&site, &mut researcher, &format!("n,what\n{}", rows.concat())).await;
    let file = format!("{here}/file?name=result.csv");
    assert!(researcher.get(&here).await.body.contains(&file));
    let page = researcher.get(&file).await;
    assert!(page.body.contains("&#60;b&#62;") && !page.body.contains("<b>"), "{}", page.body);
    assert!(page.body.contains(">99</td>") && !page.body.contains(">100</td>"), "{}", page.body);
    assert!(page.body.contains("200 more rows"), "{}", page.body);
    let page = researcher.get(&format!("{here}/picture?name=result.csv")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND, "a table is no picture");
    for name in ["gone.csv", "../../etc/passwd", "%2Fetc%2Fpasswd"] {
        let page = researcher.get(&format!("{here}/file?name={name}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{name}");
    }
    for role in ["statistician", "checker", "operator", "auditor"] {
        let mut other = Browser::as_role(&site.router, role).await;
        let page = other.get(&file).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{role}: {}", page.body);
        assert_eq!(other.get(&format!("{here}/picture?name=a.svg")).await.status, 403, "{role}");
    }
}

#[tokio::test]
async fn a_picture_in_a_room_runs_nothing() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let script = format!("# file curve.svg\n{PICTURE}");
    let here = room_with(&site, &mut researcher, &script).await;
    let page = researcher.get(&format!("{here}/file?name=curve.svg")).await;
    assert!(page.body.contains("/picture?name=curve.svg\""), "{}", page.body);
    let picture = researcher.get(&format!("{here}/picture?name=curve.svg")).await;
    assert_eq!(picture.header("content-type"), "image/svg+xml");
    assert!(picture.header("content-security-policy").starts_with("default-src 'none'"));
    assert!(picture.header("content-security-policy").contains("sandbox"));
}

#[tokio::test]
async fn a_file_is_mended_held_and_refused() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let first = output(&mut researcher, &room, SMALL).await;
    let here = format!("/outputs/{first}");
    let mut checker = Browser::as_role(&site.router, "checker").await;
    let hold = [("do", "hold"), ("why", "merge the groups")];
    let page = checker.submit(&here, &format!("{here}/decision"), &hold).await;
    assert_eq!(page.location(), format!("{here}?done=held"), "{}", page.body);
    assert!(researcher.get("/work").await.body.contains(&here), "it waits for the researcher");
    let page = checker.submit(&here, &format!("{here}/mend"), &[]).await;
    assert!(page.location().ends_with("?done=mended"), "{}", page.body);
    let mended = id_in(&page);
    assert_ne!(mended, first);
    let page = checker.get(&format!("/outputs/{mended}")).await;
    assert!(page.body.contains(&first), "it says what it was made from");
    let refuse = [("do", "refuse"), ("why", "too few people")];
    let page = checker.submit(&here, &format!("{here}/decision"), &refuse).await;
    assert_eq!(page.location(), format!("{here}?done=kept-in"), "{}", page.body);
    assert!(researcher.get(&here).await.body.contains("too few people"));
}

#[tokio::test]
async fn what_runs_is_stopped() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let here = format!("/rooms/{room}");
    site.ends.shut();
    let script = [("language", "r"), ("script", "1")];
    researcher.submit(&here, &format!("{here}/runs"), &script).await;
    let page = researcher.submit(&here, &format!("{here}/stop"), &[]).await;
    assert_eq!(page.location(), format!("{here}?done=stopped"), "{}", page.body);
    wait_for(&mut researcher, &here, "Finished").await;
}

#[tokio::test]
async fn a_draft_is_saved_as_it_is_written_and_only_when_it_changed() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let page = researcher.submit("/basket", "/applications/new", &[]).await;
    let here = format!("/applications/{}", id_in(&page));
    let (edit, draft) = (format!("{here}/edit"), format!("{here}/draft"));
    let fields = [("title", "Half a ti"), ("valid.from", "soon")];
    for _ in 0..3 {
        let page = researcher.submit(&edit, &draft, &fields).await;
        assert_eq!(page.status, StatusCode::NO_CONTENT, "{}", page.body);
    }
    let page = researcher.get(&edit).await;
    assert!(page.body.contains("value=\"Half a ti\""), "{}", page.body);
    let page = researcher.get(&here).await;
    assert_eq!(page.body.matches("The application was saved").count(), 1, "{}", page.body);
}

#[tokio::test]
async fn an_application_is_remarked_on_and_withdrawn() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let id = application(&site, &mut researcher).await;
    let here = format!("/applications/{id}");
    let mut caseworker = Browser::as_role(&site.router, "caseworker").await;
    let remark = [("field", "legal-basis"), ("text", "which law?")];
    let page = caseworker.submit(&here, &format!("{here}/comments"), &remark).await;
    assert_eq!(page.location(), format!("{here}?done=commented#comments"), "{}", page.body);
    let page = researcher.get(&here).await;
    assert!(page.body.contains("which law?") && page.body.contains("Legal basis"), "{}", page.body);
    let why = [("why", "the money is gone")];
    let page = researcher.submit(&here, &format!("{here}/withdrawal"), &why).await;
    assert_eq!(page.location(), format!("{here}?done=withdrawn"), "{}", page.body);
    let page = researcher.get(&here).await;
    assert!(page.body.contains("The applicant took it back"), "{}", page.body);
}

#[tokio::test]
async fn the_centre_is_shown_to_its_operator_alone() {
    let site = Site::demo().await;
    let mut operator = Browser::as_role(&site.router, "operator").await;
    let page = operator.get("/centre").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("memory") && page.body.contains("statistician"), "{}", page.body);
    for role in ["researcher", "holder", "checker"] {
        let mut other = Browser::as_role(&site.router, role).await;
        assert_eq!(other.get("/centre").await.status, StatusCode::FORBIDDEN, "{role}");
    }
}

#[tokio::test]
async fn a_machine_that_cannot_answer_says_so_to_its_keeper_and_not_why_to_the_world() {
    let site = Site::demo().await;
    let mut visitor = Browser::new(&site.router);
    assert_eq!(visitor.get("/readyz").await.status, StatusCode::OK);
    site.well.store(false, Ordering::SeqCst);
    let page = visitor.get("/readyz").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!page.body.contains("10.0.0.7"), "{}", page.body);
    let mut operator = Browser::as_role(&site.router, "operator").await;
    let page = operator.get("/centre").await;
    assert!(page.body.contains("Not ready") && page.body.contains("10.0.0.7"), "{}", page.body);
    assert_eq!(visitor.get("/healthz").await.status, StatusCode::OK, "the program runs");
}

#[tokio::test]
async fn a_proof_is_shown_with_whether_it_holds() {
    let site = Site::demo().await;
    let mut auditor = Browser::as_role(&site.router, "auditor").await;
    let page = auditor.get("/ledger/3").await;
    assert!(page.body.contains("No checkpoint covers"), "{}", page.body);
    site.signs.store(true, Ordering::SeqCst);
    for seq in [0, 3, 7] {
        let page = auditor.get(&format!("/ledger/{seq}")).await;
        assert!(page.body.contains(">holds</span>"), "{seq}: {}", page.body);
        let proof = auditor.get(&format!("/api/v1/ledger/{seq}/proof")).await;
        assert!(proof.body.contains("tlog-proof@v1"), "{seq}: {}", proof.body);
    }
}

#[tokio::test]
async fn the_catalogue_is_searched_and_a_source_says_what_it_covers() {
    let site = Site::demo().await;
    let mut visitor = Browser::new(&site.router);
    let page = visitor.get("/catalogue?q=result").await;
    assert!(page.body.contains("/sources/laboratory/value"), "{}", page.body);
    let page = visitor.get("/catalogue?q=zebra").await;
    assert!(page.body.contains("No variable has all of these words"), "{}", page.body);
    let page = visitor.get("/sources/laboratory").await;
    assert!(page.body.contains("Awaits data") && page.body.contains("Result"), "{}", page.body);
    assert!(!page.body.contains("id=\"deliveries\""), "{}", page.body);
    let page = visitor.get("/sources/laboratory?format=csv").await;
    assert!(page.header("content-type").starts_with("text/csv"), "{:?}", page.headers);
    assert!(page.body.contains("value,Result"), "{}", page.body);
}

#[tokio::test]
async fn what_is_ready_to_leave_is_told_to_those_who_may_decide_about_it() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let packing = format!("/rooms/{room}/packing");
    let mut stranger = Browser::as_role(&site.router, "statistician").await;
    let mut checker = Browser::as_role(&site.router, "checker").await;
    assert_eq!(stranger.get(&packing).await.status, StatusCode::FORBIDDEN);
    let page = stranger.submit("/account", &packing, &[]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.body);
    let missing = checker.get("/rooms/room-0000000000/packing").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND, "{}", missing.body);
    output(&mut researcher, &room, SAFE).await;
    let page = checker.get(&packing).await;
    assert!(page.body.contains("Nothing"), "{}", page.body);
    assert_eq!(stranger.get(&packing).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_release_shows_the_command_that_verifies_it() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let output = output(&mut researcher, &room, SAFE).await;
    let here = format!("/outputs/{output}");
    let mut checker = Browser::as_role(&site.router, "checker").await;
    let decision = [("do", "release"), ("why", "nobody can be recognised")];
    checker.submit(&here, &format!("{here}/decision"), &decision).await;
    let packing = format!("/rooms/{room}/packing");
    let page = checker.submit(&packing, &packing, &[]).await;
    let release = id_in(&page);
    let key = hex::encode(site.centre.release_key().as_bytes());
    let page = researcher.get(&format!("/releases/{release}")).await;
    let command = format!("helserom release verify {release}.tar --key {key}");
    assert!(page.body.contains(&command), "{}", page.body);
    let page = researcher.get("/api/v1/releases/key").await;
    assert_eq!(page.json()["hex"], key.as_str());
}

/// Delivers to the laboratory on the holder's behalf.
pub(crate) async fn deliver(site: &Site, file: &str) {
    let holder = site.centre.caller(&"holder".parse().unwrap()).await.unwrap();
    let files = vec![PathBuf::from(file)];
    let source = "laboratory".parse().unwrap();
    let progress = Arc::new(centre::ports::Unwatched);
    let _ = site.centre.import(&holder, &source, files, progress).await;
}

#[tokio::test]
async fn deliveries_are_shown_to_their_holder() {
    let site = Site::demo().await;
    deliver(&site, "good.csv").await;
    deliver(&site, "bad.csv").await;
    let mut holder = Browser::as_role(&site.router, "holder").await;
    let page = holder.get("/sources/laboratory").await;
    assert!(page.body.contains(">401</td>") && page.body.contains("lacks the column"));
    let aside =
        page.body.split("href=\"").find(|part| part.starts_with("/sources/laboratory/deliveries/"));
    let aside = aside.unwrap().split('"').next().unwrap().to_owned();
    let rows = holder.get(&aside).await;
    assert!(rows.body.contains("spoilt &#60;row&#62;") && rows.body.contains("value: no number"));
    let file = holder.get(&format!("{aside}?format=csv")).await;
    assert!(file.body.contains("good.csv,17,value: no number,spoilt <row>"), "{}", file.body);
    let mut operator = Browser::as_role(&site.router, "operator").await;
    let page = operator.get("/sources/laboratory").await;
    assert!(page.body.contains("no number: 1") && !page.body.contains(&aside), "{}", page.body);
    for role in ["operator", "researcher", "auditor"] {
        let mut other = Browser::as_role(&site.router, role).await;
        let rows = other.get(&aside).await;
        assert_eq!(rows.status, StatusCode::FORBIDDEN, "{role}");
        assert!(!rows.body.contains("spoilt"), "{role}");
    }
    let mut visitor = Browser::new(&site.router);
    let page = visitor.get("/sources/laboratory").await;
    assert!(!page.body.contains(">401</td>") && !page.body.contains("lacks the column"));
}
