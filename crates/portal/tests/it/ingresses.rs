//! Files that are brought into a room, from the form to the decision.

use axum::body::Body;
use axum::http::{Method, StatusCode};

use crate::browser::{Browser, Page};
use crate::site::Site;
use crate::story::{id_in, room};

const EDGE: &str = "edge7f3a";

/// A body as browsers make them (RFC 7578).
fn multipart(fields: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--{EDGE}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend([head.as_bytes(), value.as_bytes(), b"\r\n"].concat());
    }
    if let Some((name, bytes)) = file {
        let head = format!(
            "--{EDGE}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
    }
    body.extend(format!("--{EDGE}--\r\n").as_bytes());
    body
}

async fn send(browser: &mut Browser, path: &str, body: Vec<u8>) -> Page {
    let kind = format!("multipart/form-data; boundary={EDGE}");
    browser.send(Method::POST, path, Some(&kind), Body::from(body)).await
}

async fn bring(browser: &mut Browser, room: &str, name: &str, bytes: &[u8]) -> Page {
    let path = format!("/rooms/{room}/ingresses");
    let token = browser.get("/account").await.token();
    let fields = [
        ("csrf", token.as_str()),
        ("declared", "code"),
        ("origin", "our repository"),
        ("why", "the <b>analysis</b>"),
        ("link", ""),
    ];
    send(browser, &path, multipart(&fields, Some((name, bytes)))).await
}

#[tokio::test]
async fn a_file_is_sent_looked_at_by_a_checker_and_let_in() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let form = researcher.get(&format!("/rooms/{room}/ingresses")).await;
    assert!(form.body.contains("multipart/form-data"), "{}", form.body);
    let page = bring(&mut researcher, &room, "analysis.R", b"x <- \"<script>\"\n").await;
    assert!(page.location().ends_with("?done=brought"), "{}", page.body);
    let id = id_in(&page);
    let here = format!("/ingresses/{id}");

    let page = researcher.get(&here).await;
    assert!(page.body.contains("Waits for a checker"), "{}", page.body);
    assert!(page.body.contains("the &#60;b&#62;analysis"), "text is text: {}", page.body);
    assert!(!page.body.contains("id=\"decide\""), "nobody decides their own");
    let decision = [("do", "admit"), ("why", "I read it")];
    let own = researcher.submit(&here, &format!("{here}/decision"), &decision).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN);

    let mut checker = Browser::as_role(&site.router, "checker").await;
    assert!(checker.get("/work").await.body.contains(&format!("href=\"{here}\"")));
    let page = checker.get(&here).await;
    assert!(page.body.contains("x &#60;- &#34;&#60;script&#62;&#34;"), "{}", page.body);
    let to = format!("{here}/decision");
    let page = checker.submit(&here, &to, &[("do", "admit"), ("why", "")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = checker.submit(&here, &to, &decision).await;
    assert!(page.location().ends_with("?done=admitted"), "{}", page.body);
    let again = checker.post_again(&to, &decision).await;
    assert_eq!(again.status, StatusCode::CONFLICT);

    let page = researcher.get(&format!("/rooms/{room}")).await;
    assert!(page.body.contains("analysis.R") && page.body.contains("In the room"));
    let journal = researcher.get(&format!("/rooms/{room}/journal")).await;
    assert!(journal.body.contains("Asked to bring a file in"), "{}", journal.body);
    let mut holder = Browser::as_role(&site.router, "holder").await;
    assert_eq!(holder.get(&here).await.status, StatusCode::FORBIDDEN);
    assert_eq!(holder.get(&format!("/rooms/{room}/ingresses")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_keeps_a_file_out_stands_on_its_page() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let page = bring(&mut researcher, &room, "tool.py", b"\x7fELF\x02\x01\x01\0").await;
    let page = researcher.get(page.location().split('?').next().unwrap()).await;
    assert!(page.body.contains("Kept out") && page.body.contains("A program for a machine"));
}

#[tokio::test]
async fn a_form_that_is_not_whole_comes_back_with_what_was_typed() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let path = format!("/rooms/{room}/ingresses");
    let token = researcher.get(&path).await.token();
    let fields = [
        ("csrf", token.as_str()),
        ("declared", "people"),
        ("origin", "a survey"),
        ("why", "scores"),
        ("link", "nr"),
    ];
    // No file was chosen, as browsers send it.
    for file in [None, Some(("", &b""[..])), Some(("own.csv", b"id,x\n1,2\n".as_slice()))] {
        let page = send(&mut researcher, &path, multipart(&fields, file)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.body);
        assert!(page.body.contains("value=\"a survey\""), "{}", page.body);
        assert!(page.body.contains("<option value=\"people\" selected>"), "{}", page.body);
    }
    assert!(researcher.get(&path).await.body.contains("Nothing has been brought in"));
}

#[tokio::test]
async fn a_file_needs_the_token_and_a_bound() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let path = format!("/rooms/{room}/ingresses");
    for token in ["", "sample"] {
        let fields = [("csrf", token), ("declared", "code"), ("origin", "o"), ("why", "w")];
        let body = multipart(&fields, Some(("a.R", b"1\n")));
        let page = send(&mut researcher, &path, body).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.body);
    }
    // Larger than a form may be and no larger than a file may.
    let page = bring(&mut researcher, &room, "large.R", &b"# a line\n".repeat(1 << 18)).await;
    assert!(page.location().contains("done=brought"), "{} {}", page.status, page.body);
    let page = bring(&mut researcher, &room, "huge.R", &b"# a line\n".repeat(1 << 20)).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    // Whoever has not signed in sends no more than a form.
    let mut visitor = Browser::new(&site.router);
    let body = multipart(&[("csrf", "x")], Some(("a.R", &vec![b'#'; 3 << 20])));
    let page = send(&mut visitor, &path, body).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_program_brings_a_file_and_asks_what_became_of_it() {
    let site = Site::demo().await;
    let mut researcher = Browser::as_role(&site.router, "researcher").await;
    let (_, room) = room(&site, &mut researcher).await;
    let mut program = crate::api::program(&site).await;
    let fields =
        [("declared", "code"), ("origin", "ours"), ("why", "because"), ("name", "renamed.R")];
    let body = multipart(&fields, Some(("C:\\work\\a.R", b"x <- 1\n")));
    let page = send(&mut program, &format!("/api/v1/rooms/{room}/ingresses"), body).await;
    assert_eq!(page.status, StatusCode::CREATED, "{}", page.body);
    let id = page.json()["id"].as_str().unwrap().to_owned();
    let one = program.get(&format!("/api/v1/ingresses/{id}")).await.json();
    assert_eq!((&one["state"], &one["name"]), (&"inspected".into(), &"renamed.R".into()));
    let all = program.get(&format!("/api/v1/ingresses?room={room}")).await.json();
    assert_eq!(all.as_array().unwrap().len(), 1);
    let path = format!("/api/v1/ingresses/{id}/decision");
    let decision = serde_json::json!({ "verdict": "admitted", "why": "mine" });
    let own = program.json(Method::POST, &path, &decision).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN);
    let timeline = program.get(&format!("/api/v1/timelines/ingress/{id}")).await;
    assert_eq!(timeline.status, StatusCode::OK, "{}", timeline.body);
}
