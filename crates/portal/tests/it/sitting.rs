//! The notebook and the desktop of a room, opened, seen and closed by programs.

use axum::http::{Method, StatusCode};
use serde_json::json;
use tokio::net::UnixListener;

use crate::api::program;
use crate::browser::Browser;
use crate::notebooks::config;
use crate::site::Site;
use crate::story::room_that;

#[tokio::test]
async fn a_program_opens_sees_and_closes_what_the_permit_is_for() {
    for (way, other) in [("desktop", "notebook"), ("notebook", "desktop")] {
        let image = tempfile::tempdir().unwrap();
        let site = Site::with(config(image.path().to_owned())).await;
        site.ends.shut();
        let mut researcher = Browser::as_role(&site.router, "researcher").await;
        let fields = [("room.way", way), ("people", "statistician")];
        let (_, room) = room_that(&site, &mut researcher, &fields).await;
        let mut program = program(&site).await;
        let here = format!("/api/v1/rooms/{room}/{way}");
        let shut = program.get(&here).await.json();
        assert_eq!((&shut["open"], &shut["run"]), (&json!(false), &json!(null)), "{shut}");
        let early = program.json(Method::DELETE, &here, &json!({})).await;
        assert_eq!(early.status, StatusCode::CONFLICT, "{}", early.body);
        let wrong = format!("/api/v1/rooms/{room}/{other}");
        let wrong = program.json(Method::POST, &wrong, &json!({})).await;
        assert_eq!(wrong.status, StatusCode::CONFLICT, "{}", wrong.body);

        let _listener = UnixListener::bind(site.notebook_socket()).unwrap();
        let opened = program.json(Method::POST, &here, &json!({ "together": true })).await.json();
        for (field, value) in [("open", true), ("answers", true), ("together", true)] {
            assert_eq!(opened[field], value, "{way} {field}: {opened}");
        }
        assert_eq!(opened["by"], "researcher");
        let again = program.json(Method::POST, &here, &json!({ "together": true })).await.json();
        assert_eq!(again["run"], opened["run"], "it is open already");
        // Its people see it, and nobody else.
        let mut statistician = Browser::as_role(&site.router, "statistician").await;
        assert_eq!(statistician.get(&here).await.json()["run"], opened["run"]);
        for role in ["auditor", "checker", "holder"] {
            let mut stranger = Browser::as_role(&site.router, role).await;
            assert_eq!(stranger.get(&here).await.status, StatusCode::FORBIDDEN, "{role}");
            let token = stranger.get("/account").await.token();
            stranger.headers.push(("x-csrf-token", token));
            for method in [Method::POST, Method::DELETE] {
                let refused = stranger.json(method, &here, &json!({})).await;
                assert_eq!(refused.status, StatusCode::FORBIDDEN, "{role}");
            }
        }

        // One's own, beside the common one, is where who opened it is from then on.
        let own = program.json(Method::POST, &here, &json!({})).await.json();
        assert_eq!((&own["together"], &own["answers"]), (&json!(false), &json!(true)), "{own}");
        assert_ne!(own["run"], opened["run"]);
        assert_eq!(program.get(&here).await.json()["run"], own["run"]);
        assert_eq!(statistician.get(&here).await.json()["run"], opened["run"]);
        let both = program.json(Method::POST, &here, &json!({ "together": true })).await;
        assert_eq!(both.status, StatusCode::CONFLICT, "{}", both.body);
        let any = format!("/api/v1/rooms/{room}/stop");
        let any = program.json(Method::POST, &any, &json!({})).await;
        assert_eq!(any.status, StatusCode::CONFLICT, "one of two was chosen: {}", any.body);
        let unknown = format!("/api/v1/rooms/{room}/runs/run-9z8y7x6w5v/stop");
        let unknown = program.json(Method::POST, &unknown, &json!({})).await;
        assert_eq!(unknown.status, StatusCode::CONFLICT, "{}", unknown.body);

        let closed = program.json(Method::DELETE, &here, &json!({})).await;
        assert_eq!(closed.status, StatusCode::NO_CONTENT, "{}", closed.body);
        site.ends.open();
        for _ in 0..200 {
            if program.get(&here).await.json()["open"] == false {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(program.get(&here).await.json()["open"], false);
    }
}
