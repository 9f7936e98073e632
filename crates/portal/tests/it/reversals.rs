//! Reversal, from the form that asks to the page that tells the holder.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use centre::ports::Unwatched;
use serde_json::json;

use crate::api::{program, program_of};
use crate::browser::Browser;
use crate::fakes::NUMBER;
use crate::site::Site;
use crate::story::room_that;

/// A centre to whose laboratory something was delivered.
async fn delivered() -> Site {
    let site = Site::demo().await;
    let holder = site.centre.caller(&"holder".parse().unwrap()).await.unwrap();
    let (source, files) = ("laboratory".parse().unwrap(), vec!["good.csv".into()]);
    site.centre.import(&holder, &source, files, Arc::new(Unwatched)).await.unwrap();
    site
}

#[tokio::test]
async fn a_finding_is_reported_agreed_to_and_shown_to_the_holder_once() {
    let site = delivered().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (permit, _) = room_that(&site, &mut researcher, &[]).await;
    let here = format!("/permits/{permit}/reversals");
    let page = researcher.get(&format!("/permits/{permit}")).await;
    assert!(page.body.contains(&format!("href=\"{here}\"")), "{}", page.body);
    let fields = |persons, why| [("source", "laboratory"), ("persons", persons), ("finding", why)];
    for (persons, why) in [("seven", "x"), ("0", "x"), ("7", "born 010180 12345"), ("", "x")] {
        let page = researcher.submit(&here, &here, &fields(persons, why)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{persons} {why}");
        assert!(page.body.contains("class=\"fault\""), "{}", page.body);
    }
    let page = researcher.submit(&here, &here, &fields("7, 12", "<b>calls</b> for a doctor")).await;
    assert!(page.location().ends_with("?done=reversal-asked"), "{}", page.body);
    let one = page.location().split('?').next().unwrap().to_owned();
    let page = researcher.get(&one).await;
    assert!(page.body.contains("&#60;b&#62;calls") && page.body.contains("7, 12"), "{}", page.body);
    assert!(!page.body.contains("/decision\"") && !page.body.contains("/doing\""));
    let (decision, doing) = (format!("{one}/decision"), format!("{one}/doing"));
    let yes = [("do", "agree"), ("why", "it matters")];
    assert_eq!(researcher.submit(&one, &decision, &yes).await.status, StatusCode::FORBIDDEN);

    let mut holder = Browser::as_role(&site.router, "holder").await;
    assert_eq!(holder.submit(&one, &doing, &[]).await.status, StatusCode::FORBIDDEN);
    let mut caseworker = Browser::as_role(&site.router, "caseworker").await;
    assert!(caseworker.get("/work").await.body.contains(&format!("href=\"{one}\"")));
    let page = caseworker.submit(&one, &decision, &[("do", "agree"), ("why", " ")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = caseworker.submit(&one, &decision, &yes).await;
    assert!(page.location().ends_with("?done=reversal-agreed"), "{}", page.body);
    assert_eq!(caseworker.post_again(&decision, &yes).await.status, StatusCode::FORBIDDEN);
    assert!(!caseworker.get(&one).await.body.contains("/doing\""));
    assert_eq!(caseworker.post_again(&doing, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(researcher.post_again(&doing, &[]).await.status, StatusCode::FORBIDDEN);

    assert!(holder.get("/work").await.body.contains(&format!("href=\"{one}\"")));
    let page = holder.submit(&one, &doing, &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(NUMBER), "{}", page.body);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(!holder.get(&one).await.body.contains(NUMBER), "shown again");
    assert_eq!(holder.post_again(&doing, &[]).await.status, StatusCode::FORBIDDEN);
    for other in ["researcher", "caseworker", "auditor"] {
        let page = Browser::as_role(&site.router, other).await.get(&one).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains(NUMBER), "{other} reads it");
    }
    for other in ["checker", "operator", "clerk"] {
        let page = Browser::as_role(&site.router, other).await.get(&one).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{other}");
    }
}

#[tokio::test]
async fn programs_ask_decide_and_are_told() {
    let site = delivered().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (permit, _) = room_that(&site, &mut researcher, &[]).await;
    let mut asks = program(&site).await;
    let to = format!("/api/v1/permits/{permit}/reversals");
    let wish = json!({ "source": "laboratory", "persons": [7], "finding": "calls for a doctor" });
    let made = asks.json(Method::POST, &to, &wish).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let one = format!("/api/v1/reversals/{}", made.json()["id"].as_str().unwrap());
    let mut decides = program_of(&site, "caseworker").await;
    let no = json!({ "verdict": "perhaps", "why": "x" });
    let status = decides.json(Method::POST, &format!("{one}/decision"), &no).await.status;
    assert!(status.is_client_error(), "{status}");
    let yes = json!({ "verdict": "agreed", "why": "it matters" });
    let page = decides.json(Method::POST, &format!("{one}/decision"), &yes).await;
    assert_eq!(page.status, StatusCode::NO_CONTENT, "{}", page.body);
    let mut holder = program_of(&site, "holder").await;
    let told = holder.json(Method::POST, &format!("{one}/doing"), &json!(null)).await.json();
    assert_eq!(told, json!([{ "person": 7, "national-id": NUMBER, "own-number": null }]));
    let listed = asks.get("/api/v1/reversals").await.json();
    assert_eq!(listed[0]["state"], "done");
    assert!(!listed.to_string().contains(NUMBER));
    assert_eq!(asks.get(&one).await.json()["done"]["found"], 1);
    let id = one.rsplit('/').next().unwrap();
    let timeline = asks.get(&format!("/api/v1/timelines/reversal/{id}")).await;
    assert_eq!(timeline.status, StatusCode::OK, "{}", timeline.body);
    assert!(!timeline.body.contains(NUMBER));
}
