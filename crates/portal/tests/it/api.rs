//! The API as a program meets it.

use crate::browser::Browser;
use crate::site::{PASSWORD, Site};
use axum::http::{Method, StatusCode};
use portal::Config;
use serde_json::json;

pub(crate) async fn program(site: &Site) -> Browser {
    program_of(site, "researcher").await
}

/// A program that acts as somebody.
pub(crate) async fn program_of(site: &Site, account: &str) -> Browser {
    let id = account.parse().unwrap();
    let own = site.centre.caller(&id).await.unwrap();
    let password = model::Secret::new(PASSWORD.to_owned());
    site.centre.set_password(&own, &id, password).await.unwrap();
    let mut program = Browser::new(&site.router);
    let credentials = json!({ "account": account, "password": PASSWORD });
    let page = program.json(Method::POST, "/api/v1/sessions", &credentials).await;
    let token = page.json()["token"].as_str().unwrap().to_owned();
    program.headers.push(("authorization", format!("Bearer {token}")));
    program
}

#[tokio::test]
async fn a_program_signs_in_asks_and_signs_out_without_a_cookie() {
    let site = Site::demo().await;
    let mut program = program(&site).await;
    assert_eq!(program.get("/api/v1/me").await.json()["id"], "researcher");
    assert!(program.cookies.is_empty(), "a program is given no cookie");
    let page = program.json(Method::DELETE, "/api/v1/sessions/current", &json!({})).await;
    assert_eq!(page.status, StatusCode::NO_CONTENT);
    assert_eq!(program.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_program_that_guesses_passwords_is_told_to_wait() {
    let site = Site::with(Config::default()).await;
    let mut program = Browser::new(&site.router);
    let open = json!({ "account": "researcher", "password": "wrong" });
    for _ in 0..5 {
        let page = program.json(Method::POST, "/api/v1/sessions", &open).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{}", page.body);
    }
    for body in [open, json!({ "account": "researcher", "password": PASSWORD })] {
        let page = program.json(Method::POST, "/api/v1/sessions", &body).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "the right one helps nothing");
        assert_eq!(page.header("content-type"), "application/problem+json");
        assert_eq!(page.json()["status"], 429);
        assert!(page.header("retry-after").parse::<u64>().unwrap() > 0);
    }
}

#[tokio::test]
async fn a_problem_is_a_document_in_the_language_that_was_asked_for() {
    let site = Site::demo().await;
    let mut program = Browser::new(&site.router);
    let page = program.get("/api/v1/permits/permit-0000000000").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert_eq!(page.header("content-type"), "application/problem+json");
    let problem = page.json();
    assert_eq!(problem["type"], "/api/v1/docs#problem-absent");
    assert_eq!(
        (&problem["status"], &problem["title"]),
        (&json!(404), &json!("There is no such thing"))
    );
    program.headers[0].1 = "nb".to_owned();
    let page = program.get("/api/v1/nothing/here").await;
    assert_eq!(page.json()["title"], "Det finnes ikke");
    assert_eq!(page.header("content-language"), "nb");
    let page = program.get("/api/v1/me").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert_eq!(page.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn what_an_application_lacks_comes_back_field_by_field() {
    let site = Site::demo().await;
    let mut program = program(&site).await;
    let page = program.json(Method::POST, "/api/v1/applications", &json!({ "title": "x" })).await;
    let id = page.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/applications/{id}/submission");
    let page = program.json(Method::POST, &path, &json!({})).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let problem = page.json();
    let fields: Vec<_> = problem["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["field"].as_str().unwrap())
        .collect();
    assert!(fields.contains(&"summary") && fields.contains(&"purpose"), "{fields:?}");
}

#[tokio::test]
async fn a_refusal_names_its_rules() {
    let site = Site::demo().await;
    let mut program = program(&site).await;
    let page = program.get("/api/v1/ledger").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let problem = page.json();
    assert_eq!(problem["type"], "/api/v1/docs#problem-denied");
    assert!(!problem["rules"][0]["article"].as_str().unwrap().is_empty(), "{problem}");
    let page = program.get("/api/v1/rulings?action=read-ledger").await;
    assert_eq!(page.json()["allowed"], false);
}

#[tokio::test]
async fn a_page_that_rides_on_a_browsers_cookie_needs_the_token() {
    let site = Site::demo().await;
    let mut browser = Browser::as_role(&site.router, "researcher").await;
    let terms = json!({ "title": "x" });
    let page = browser.json(Method::POST, "/api/v1/applications", &terms).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(page.json()["type"], "/api/v1/docs#problem-forged");
    let token = browser.get("/basket").await.token();
    browser.headers.push(("x-csrf-token", token));
    let page = browser.json(Method::POST, "/api/v1/applications", &terms).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_says_where() {
    let site = Site::demo().await;
    let mut program = program(&site).await;
    let body = json!({ "language": 3 });
    let page = program.json(Method::POST, "/api/v1/rooms/room-1/runs", &body).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.json()["detail"].as_str().unwrap().contains("language"), "{}", page.body);
}

#[tokio::test]
async fn the_description_and_its_page_are_there_for_all() {
    let site = Site::demo().await;
    let mut visitor = Browser::new(&site.router);
    let page = visitor.get("/api/v1/openapi.json").await;
    assert_eq!(page.header("content-type"), "application/json");
    assert_eq!(page.json()["servers"][0]["url"], "/api/v1");
    let page = visitor.get("/api/v1/docs").await;
    assert!(page.body.contains("/api/v1/rooms/{room}/runs"), "{}", page.body);
}

#[tokio::test]
async fn everything_that_the_description_offers_is_there() {
    let site = Site::demo().await;
    let mut visitor = Browser::new(&site.router);
    let description = visitor.get("/api/v1/openapi.json").await.json();
    for (path, item) in description["paths"].as_object().unwrap() {
        let mut address = format!("/api/v1{path}");
        while let Some(start) = address.find('{') {
            let end = address.find('}').unwrap();
            address.replace_range(start..=end, "0");
        }
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let page = visitor.json(method.clone(), &address, &json!({})).await;
            assert_ne!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert!(!page.status.is_server_error(), "{method} {path}: {}", page.body);
        }
    }
}
