//! The journal of a room: what its people and the auditors read, and nobody else.

use axum::http::StatusCode;

use crate::browser::Browser;
use crate::site::Site;
use crate::story::{SAFE, output, room};

const SCRIPT: &str = "# file fit.csv\nfit <- coxph(Surv(time, died) ~ \"Diabetes\")";

#[tokio::test]
async fn a_journal_is_read_by_the_people_of_the_room_and_by_auditors() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (permit, room) = room(&site, &mut researcher).await;
    let here = format!("/rooms/{room}");
    output(&mut researcher, &room, SAFE).await;
    let run = [("language", "r"), ("script", SCRIPT)];
    let page = researcher.submit(&here, &format!("{here}/runs"), &run).await;
    assert!(page.location().contains("done=run"), "{}", page.body);
    crate::story::wait_for(&mut researcher, &here, "fit.csv").await;
    researcher.get(&format!("{here}/file?name=fit.csv")).await;

    let journal = format!("{here}/journal");
    assert!(researcher.get(&here).await.body.contains(&format!("href=\"{journal}\"")));
    let page = researcher.get(&journal).await;
    for done in ["Opened the room", "Ran a script", "Looked at a file", "Asked to take a file out"]
    {
        assert!(page.body.contains(done), "{done}: {}", page.body);
    }
    let one = page.body.split("/journal/").nth(1).unwrap().split('"').next().unwrap();
    let page = researcher.get(&format!("{journal}/{one}")).await;
    assert!(page.body.contains("fit &lt;- coxph") || page.body.contains("fit &#60;- coxph"));
    assert!(!page.body.contains("id=\"log\""), "what came of it is not in the journal");

    // Words are looked for in scripts, whatever their case, and in file names.
    let rows = async |browser: &mut Browser, query: &str| {
        let page = browser.get(&format!("{journal}?format=csv&{query}")).await;
        page.body.lines().count() - 1
    };
    let all = rows(&mut researcher, "").await;
    assert_eq!(rows(&mut researcher, "q=COXPH+diabetes").await, 1);
    assert_eq!(rows(&mut researcher, "q=coxph+nothing").await, 0);
    assert_eq!(rows(&mut researcher, "only=ran").await, 2);
    assert_eq!(rows(&mut researcher, "only=looked&q=fit.csv").await, 1);
    assert!(all >= 5, "{all} rows");

    let mut auditor = Browser::as_role(&site.router, "auditor").await;
    assert_eq!(rows(&mut auditor, "").await, all);
    assert_eq!(auditor.get(&format!("{journal}/{one}")).await.status, StatusCode::OK);
    let told = auditor.get(&format!("/api/v1{journal}")).await.json();
    assert!(told.as_array().unwrap().iter().any(|deed| deed["script"]["text"] == SCRIPT), "{told}");
    let found = auditor.get("/ledger?q=COXPH").await;
    assert!(found.body.contains(&format!("href=\"{here}\"")), "{}", found.body);
    assert!(!auditor.get("/ledger?q=coxph_").await.body.contains(&here), "no wildcard");

    for role in ["operator", "checker", "holder", "caseworker"] {
        let mut other = Browser::as_role(&site.router, role).await;
        for path in [journal.clone(), format!("{journal}/{one}"), format!("/api/v1{journal}")] {
            assert_eq!(other.get(&path).await.status, StatusCode::FORBIDDEN, "{role} {path}");
        }
    }
    let mut visitor = Browser::new(&site.router);
    assert_ne!(visitor.get(&journal).await.status, StatusCode::OK);
    for missing in ["run-aaaaaaaaaa", "nothing", "..%2Ffile"] {
        let page = researcher.get(&format!("{journal}/{missing}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{missing}");
    }

    // It is still theirs when the room is gone.
    let mut caseworker = Browser::as_role(&site.router, "caseworker").await;
    let of_permit = format!("/permits/{permit}");
    let why = [("why", "the study was stopped")];
    caseworker.submit(&of_permit, &format!("{of_permit}/revocation"), &why).await;
    assert_eq!(rows(&mut researcher, "").await, all + 1);
}
