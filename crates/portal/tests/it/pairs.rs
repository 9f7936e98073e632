//! Pairs in doubt, from the list of what waits to the second clerk's answer.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::api::program_of;
use crate::browser::Browser;
use crate::fakes::IN_DOUBT;
use crate::site::Site;
use crate::story::room_that;

/// A centre with one pair in doubt.
async fn in_doubt() -> Site {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    room_that(&site, &mut researcher, &[("linkage.how", "likely")]).await;
    site
}

#[tokio::test]
async fn a_clerk_looks_and_answers_on_a_page() {
    let site = in_doubt().await;
    let mut clerk = Browser::as_role(&site.router, "clerk").await;
    assert!(clerk.get("/work").await.body.contains("href=\"/pairs\""));
    let here = format!("/pairs/{IN_DOUBT}");
    assert!(clerk.get("/pairs").await.body.contains(&format!("href=\"{here}\"")));
    let to = format!("{here}/answer");
    let page = clerk.submit("/pairs", &to, &[("answer", "same")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "answered without looking");
    let page = clerk.get(&here).await;
    assert!(page.body.contains("••••n") && !page.body.contains("Karin"), "{}", page.body);
    assert!(page.body.contains("<svg class=\"chart\"") && page.body.contains("+2.0"));
    for word in ["permit-", "extract-", "laboratory", "university"] {
        let main = page.body.split("<main").nth(1).unwrap();
        assert!(!main.contains(word), "{word} is told: {main}");
    }
    let page = clerk.get(&format!("{here}?whole=true")).await;
    assert!(page.body.contains("&#60;b&#62;Kari") && page.body.contains("Karin"));
    let page = clerk.submit(&here, &to, &[("answer", "perhaps")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    let page = clerk.submit("/pairs", &to, &[("answer", "same")]).await;
    assert!(page.location().ends_with("/pairs?done=pair-answered"), "{}", page.body);
    assert_eq!(clerk.get(&here).await.status, StatusCode::FORBIDDEN);
    assert_eq!(clerk.post_again(&to, &[("answer", "same")]).await.status, StatusCode::FORBIDDEN);

    for other in ["researcher", "holder", "checker", "operator", "auditor", "caseworker"] {
        let mut other = Browser::as_role(&site.router, other).await;
        assert_eq!(other.get("/pairs").await.status, StatusCode::FORBIDDEN);
        assert_eq!(other.get(&here).await.status, StatusCode::FORBIDDEN);
        assert!(!other.get("/work").await.body.contains("href=\"/pairs\""));
    }
    assert_ne!(Browser::new(&site.router).get(&here).await.status, StatusCode::OK);
}

#[tokio::test]
async fn programs_look_and_answer_too_and_clerks_read_no_timeline() {
    let site = in_doubt().await;
    let path = |rest: &str| format!("/api/v1/pairs/{IN_DOUBT}/{rest}");
    for (who, n) in [("clerk", 1), ("second-clerk", 2)] {
        let mut clerk = program_of(&site, who).await;
        let list = clerk.get("/api/v1/pairs").await.json();
        assert_eq!(list["waiting"][0]["id"], IN_DOUBT);
        let look = clerk.json(Method::POST, &path("look"), &json!({})).await;
        assert_eq!(look.json()["fields"][0]["agreement"], "differs");
        let timeline = clerk.get(&format!("/api/v1/timelines/pair/{IN_DOUBT}")).await;
        assert_eq!(timeline.status, StatusCode::FORBIDDEN, "the other's answer is in it");
        let answer = clerk.json(Method::POST, &path("answer"), &json!({ "answer": "same" })).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        let again = clerk.json(Method::POST, &path("answer"), &json!({ "answer": "same" })).await;
        assert_eq!(again.status, StatusCode::FORBIDDEN);
        let outcome = &clerk.get("/api/v1/pairs").await.json()["answered"][0]["outcome"];
        assert_eq!(outcome.as_str(), (n == 2).then_some("same"));
    }
}
