//! What stands between the portal and those who mean it ill.

use axum::http::StatusCode;
use jiff::SignedDuration;
use portal::Config;

use crate::browser::Browser;
use crate::site::{PASSWORD, Site};

/// Every address that changes something.
const CHANGES: &[&str] = &[
    "/sign-in",
    "/sign-in/demo",
    "/rooms/room-1/packages",
    "/packages/package-1/decision",
    "/pairs/pair-1/answer",
    "/permits/permit-1/reversals",
    "/reversals/reversal-1/decision",
    "/reversals/reversal-1/doing",
    "/sign-out",
    "/account/password",
    "/basket",
    "/applications/new",
    "/applications/application-1/edit",
    "/applications/application-1/draft",
    "/applications/application-1/review",
    "/applications/application-1/decision",
    "/applications/application-1/comments",
    "/applications/application-1/withdrawal",
    "/permits/permit-1/extracts",
    "/permits/permit-1/rooms",
    "/permits/permit-1/revocation",
    "/rooms/room-1/runs",
    "/rooms/room-1/stop",
    "/rooms/room-1/runs/run-1/stop",
    "/rooms/room-1/outputs",
    "/rooms/room-1/handed-over",
    "/rooms/room-1/ingresses",
    "/ingresses/ingress-1/decision",
    "/rooms/room-1/notebook",
    "/rooms/room-1/desktop",
    "/rooms/room-1/notebook/together",
    "/rooms/room-1/desktop/together",
    "/rooms/room-1/restorations",
    "/rooms/room-1/packing",
    "/rooms/room-1/closing",
    "/rooms/room-1/reopening",
    "/rooms/room-1/removal",
    "/outputs/output-1/decision",
    "/outputs/output-1/mend",
    "/releases/release-1/package",
    "/ledger/verification",
];

#[tokio::test]
async fn nothing_is_changed_without_the_form_token() {
    let site = Site::demo().await;
    let mut browser = Browser::as_role(&site.router, "researcher").await;
    let other = Browser::as_role(&site.router, "checker").await.get("/work").await.token();
    for path in CHANGES {
        for token in ["", "sample", &other] {
            let page = browser.post(path, &[("csrf", token)]).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{path} with `{token}`");
            assert!(page.body.contains("did not come from here"), "{path}: {}", page.body);
        }
    }
}

#[test]
fn the_list_of_addresses_that_change_something_is_whole() {
    let routes = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes.rs"),
    )
    .unwrap();
    assert_eq!(routes.matches("post(").count(), CHANGES.len());
}

#[tokio::test]
async fn a_form_that_says_it_comes_from_elsewhere_is_not_listened_to() {
    let site = Site::demo().await;
    let mut browser = Browser::as_role(&site.router, "researcher").await;
    let token = browser.get("/basket").await.token();
    browser.headers.push(("origin", "https://evil.example".to_owned()));
    let fields = [("csrf", token.as_str()), ("variable", "laboratory/value")];
    assert_eq!(browser.post("/basket", &fields).await.status, StatusCode::FORBIDDEN);
    browser.headers.pop();
    browser.headers.push(("origin", "http://portal.test".to_owned()));
    assert_eq!(browser.post("/basket", &fields).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_are_told_the_same() {
    let site = Site::with(Config::default()).await;
    let mut answers = Vec::new();
    for account in ["researcher", "nobody-at-all", "Not An Account"] {
        let mut browser = Browser::new(&site.router);
        let fields = [("account", account), ("password", "wrong")];
        let page = browser.submit("/sign-in", "/sign-in", &fields).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        let token = page.token();
        let typed = account.to_lowercase();
        answers.push(page.body.replace(&token, "T").replace(&format!("value=\"{typed}\""), "V"));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[tokio::test]
async fn signing_in_gives_a_new_token_and_signing_out_ends_it() {
    let site = Site::with(Config::default()).await;
    let mut browser = Browser::new(&site.router);
    let fields = [("account", "researcher"), ("password", PASSWORD)];
    let before = browser.get("/sign-in").await.token();
    let known = browser.cookies.clone();
    let page =
        browser.post("/sign-in", &[&[("csrf", before.as_str())][..], &fields[..]].concat()).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/work"));
    assert_ne!(browser.cookies, known, "the token that was known before is not the session's");

    let stolen = browser.cookies.clone();
    let page = browser.submit("/work", "/sign-out", &[]).await;
    assert_eq!(page.location(), "/");
    browser.cookies = stolen;
    let page = browser.get("/work").await;
    assert_eq!(
        page.location(),
        "/sign-in?next=%2Fwork",
        "the session is gone, not only its cookie"
    );
}

#[tokio::test]
async fn too_many_attempts_are_told_to_wait() {
    let site = Site::with(Config::default()).await;
    let mut browser = Browser::new(&site.router);
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let fields = [("account", "researcher"), ("password", "wrong")];
        statuses.push(browser.submit("/sign-in", "/sign-in", &fields).await.status);
    }
    assert_eq!(statuses[4], StatusCode::UNAUTHORIZED);
    assert_eq!(statuses[5], StatusCode::TOO_MANY_REQUESTS);
    let fields = [("account", "researcher"), ("password", PASSWORD)];
    let page = browser.submit("/sign-in", "/sign-in", &fields).await;
    assert_eq!(
        page.status,
        StatusCode::TOO_MANY_REQUESTS,
        "the right password does not help either"
    );
}

#[tokio::test]
async fn a_session_ends_when_nothing_is_done_and_when_it_has_lasted_long_enough() {
    let site = Site::demo().await;
    let mut browser = Browser::as_role(&site.router, "researcher").await;
    // 24 times 29 minutes: never idle for 30, but longer than 11 hours.
    for _ in 0..24 {
        site.clock.advance(SignedDuration::from_mins(29));
        assert_eq!(browser.get("/work").await.status, StatusCode::OK);
    }
    site.clock.advance(SignedDuration::from_mins(29));
    assert_eq!(browser.get("/work").await.status, StatusCode::SEE_OTHER, "past twelve hours");

    let mut browser = Browser::as_role(&site.router, "researcher").await;
    site.clock.advance(SignedDuration::from_mins(31));
    assert_eq!(browser.get("/work").await.status, StatusCode::SEE_OTHER, "idle");
}

#[tokio::test]
async fn outside_of_a_demonstration_there_is_no_door_and_no_banner() {
    let site = Site::with(Config::default()).await;
    let mut browser = Browser::new(&site.router);
    let page = browser.get("/sign-in").await;
    assert!(!page.body.contains("/sign-in/demo") && !page.body.contains("class=\"demo\""));
    let page = browser.submit("/sign-in", "/sign-in/demo", &[("account", "researcher")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);

    let site = Site::demo().await;
    let mut browser = Browser::as_role(&site.router, "researcher").await;
    for path in ["/", "/work", "/catalogue", "/no-such-page"] {
        assert!(browser.get(path).await.body.contains("class=\"demo\""), "{path}");
    }
}

#[tokio::test]
async fn nobody_is_led_to_another_site_after_signing_in() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site.router);
    for next in ["https://evil.example", "//evil.example", "/\\evil.example"] {
        let fields = [("account", "researcher"), ("next", next)];
        let page = browser.submit("/sign-in", "/sign-in/demo", &fields).await;
        assert_eq!(page.location(), "/work");
        browser.cookies.clear();
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_and_its_request_id() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site.router);
    for path in ["/", "/no-such-page", "/api/v1/sources", "/api/v1/nothing", "/healthz"] {
        let page = browser.get(path).await;
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert!(!page.header("content-security-policy").contains("unsafe"), "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        assert_eq!(page.header("x-request-id").len(), 16, "{path}");
        assert_eq!(page.header("strict-transport-security"), "", "plain http promises nothing");
    }
    let site = Site::with(Config { https: true, ..Config::default() }).await;
    let mut browser = Browser::new(&site.router);
    let page = browser.get("/").await;
    assert!(page.header("strict-transport-security").starts_with("max-age=63072000"));
    assert!(page.header("set-cookie").starts_with("__Host-helserom="));
    assert!(page.header("set-cookie").ends_with("; Secure"));
}

#[tokio::test]
async fn pages_are_not_compressed_and_assets_are() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site.router);
    browser.headers.push(("accept-encoding", "gzip".to_owned()));
    let page = browser.get("/").await;
    assert_eq!(page.header("content-encoding"), "");
    let style = page.body.split("rel=\"stylesheet\" href=\"").nth(1).unwrap();
    let style = style.split('"').next().unwrap();
    let style = browser.get(style).await;
    assert_eq!(style.header("content-encoding"), "gzip");
    assert!(style.header("cache-control").contains("immutable"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_in_words() {
    let site = Site::with(Config { largest_body: 1_000, ..Config::default() }).await;
    let mut browser = Browser::new(&site.router);
    let long = "x".repeat(2_000);
    let page = browser.submit("/sign-in", "/sign-in", &[("password", &long)]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.body.contains("Too large"), "{}", page.body);
}

#[tokio::test]
async fn a_new_password_wants_the_old_one_and_ends_other_sessions() {
    let site = Site::demo().await;
    let mut elsewhere = Browser::as_role(&site.router, "researcher").await;
    let mut browser = Browser::as_role(&site.router, "researcher").await;
    let new = "another sentence, easy to remember";
    let change = |present| [("present", present), ("password", new)];
    let page = browser.submit("/account", "/account/password", &change("wrong")).await;
    assert!(page.body.contains("it is not this one"), "{}", page.body);
    let short = [("present", PASSWORD), ("password", "short")];
    let page = browser.submit("/account", "/account/password", &short).await;
    assert!(page.body.contains("at least 15"), "{}", page.body);
    let page = browser.submit("/account", "/account/password", &change(PASSWORD)).await;
    assert_eq!(page.location(), "/account?done=password");
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    assert_eq!(elsewhere.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_page_of_another_site_whose_name_points_here_is_not_answered() {
    let site = Site::demo().await;
    let mut rebound = Browser::new(&site.router);
    for host in ["evil.example", "evil.example:8080", "localhost.evil.example", ""] {
        rebound.headers[1].1 = host.to_owned();
        for path in ["/sign-in", "/", "/api/v1/sources"] {
            let page = rebound.get(path).await;
            assert_eq!(page.status, StatusCode::MISDIRECTED_REQUEST, "{host} {path}");
            assert!(!page.body.contains("action=\"/sign-in/demo\""), "{}", page.body);
        }
    }
    for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "portal.test", "Portal.Test:1"] {
        rebound.headers[1].1 = host.to_owned();
        assert_eq!(rebound.get("/sign-in").await.status, StatusCode::OK, "{host}");
    }
    let site = Site::with(Config::default()).await;
    let mut browser = Browser::new(&site.router);
    browser.headers[1].1 = "any.example".to_owned();
    assert_eq!(
        browser.get("/").await.status,
        StatusCode::OK,
        "without open doors any name will do"
    );
}

#[tokio::test]
async fn the_open_doors_of_a_demonstration_turn_slowly() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site.router);
    let token = browser.get("/sign-in").await.token();
    let fields = [("csrf", token.as_str()), ("account", "nobody-at-all")];
    let first = browser.post("/sign-in/demo", &fields).await.status;
    assert_eq!(first, StatusCode::NOT_FOUND);
    for _ in 0..500 {
        if browser.post("/sign-in/demo", &fields).await.status == StatusCode::TOO_MANY_REQUESTS {
            return;
        }
    }
    panic!("five hundred times in a row");
}

#[tokio::test]
async fn when_no_more_passwords_can_be_checked_the_next_is_told_to_come_again() {
    let site = Site::with(Config { password_checks: 0, ..Config::default() }).await;
    let mut browser = Browser::new(&site.router);
    let fields = [("account", "researcher"), ("password", PASSWORD)];
    let page = browser.submit("/sign-in", "/sign-in", &fields).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.body.contains("in some seconds"), "{}", page.body);
}
