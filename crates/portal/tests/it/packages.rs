//! Packages, from the form on a room's page to the operator's decision.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::browser::Browser;
use crate::site::Site;
use crate::story::room;

#[tokio::test]
async fn a_package_is_asked_for_on_a_rooms_page_and_approved() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let here = format!("/rooms/{room}/packages");
    let page = researcher.get(&format!("/rooms/{room}")).await;
    assert!(page.body.contains(&format!("href=\"{here}\"")), "{}", page.body);
    let wrong =
        [("language", "python"), ("package", "../x"), ("version", ""), ("why", "<b>cox</b>")];
    let page = researcher.submit(&here, &here, &wrong).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("&#60;b&#62;cox"), "what was typed stays: {}", page.body);
    let fields =
        [("language", "python"), ("package", "Cox_Fit"), ("version", "1.2"), ("why", "<b>cox</b>")];
    let page = researcher.submit(&here, &here, &fields).await;
    assert!(page.location().ends_with("?done=package-asked"), "{}", page.body);
    assert_eq!(researcher.post_again(&here, &fields).await.status, StatusCode::CONFLICT);
    let page = researcher.get("/packages").await;
    assert!(
        page.body.contains("Python: cox-fit (1.2)") && page.body.contains("Waits for an operator")
    );
    assert!(!page.body.contains("/decision\""), "nobody decides their own");
    let id = page.body.split("id=\"package-").nth(1).unwrap().split('"').next().unwrap();
    let id = format!("package-{id}");

    let mut operator = Browser::as_role(&site.router, "operator").await;
    assert!(operator.get("/work").await.body.contains(&id));
    let to = format!("/packages/{id}/decision");
    let approve = [("do", "approve"), ("why", "looked through")];
    let own = researcher.submit("/packages", &to, &approve).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN);
    let page = operator.submit("/packages", &to, &[("do", "approve"), ("why", " ")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = operator.submit("/packages", &to, &approve).await;
    assert!(page.location().ends_with("?done=package-approved"), "{}", page.body);
    assert_eq!(operator.post_again(&to, &approve).await.status, StatusCode::CONFLICT);
    let page = researcher.get(&here).await;
    assert!(page.body.contains("<code>cox-fit</code>") && page.body.contains("looked through"));

    let mut stranger = Browser::as_role(&site.router, "holder").await;
    assert_eq!(stranger.get(&here).await.status, StatusCode::FORBIDDEN);
    let page = stranger.get("/packages").await;
    assert!(page.body.contains("cox-fit") && !page.body.contains("looked through"));
    let visitor = Browser::new(&site.router).get("/packages").await;
    assert_ne!(visitor.status, StatusCode::OK);
}

#[tokio::test]
async fn programs_ask_and_decide_too() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let mut program = crate::api::program(&site).await;
    let to = format!("/api/v1/rooms/{room}/packages");
    let ask = json!({ "language": "r", "name": "cmprsk", "why": "risks" });
    let wrong = json!({ "language": "r", "name": "cmprsk/..", "why": "risks" });
    assert_eq!(
        program.json(Method::POST, &to, &wrong).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let made = program.json(Method::POST, &to, &ask).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let to = format!("/api/v1/packages/{id}/decision");
    let refuse = json!({ "verdict": "refused", "why": "survival has it" });
    assert_eq!(program.json(Method::POST, &to, &refuse).await.status, StatusCode::FORBIDDEN);
    let timeline = program.get(&format!("/api/v1/timelines/package/{id}")).await;
    assert_eq!(timeline.status, StatusCode::OK, "{}", timeline.body);
    let operator = site.centre.caller(&"operator".parse().unwrap()).await.unwrap();
    let request = id.parse().unwrap();
    site.centre.decide_package(&operator, &request, false, "no".to_owned()).await.unwrap();
    let shelf = program.get("/api/v1/packages").await.json();
    assert_eq!(shelf["requests"][0]["state"], "refused");
    assert_eq!(shelf["allowed"], json!([]));
}
