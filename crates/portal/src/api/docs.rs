//! The description of the API, for people.

use askama::Template;
use axum::extract::State;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::{OpenApi, RefOr};

use crate::answer::{Answered, html};
use crate::chrome::Chrome;
use crate::failure::NAMES;
use crate::state::App;
use crate::visitor::Visitor;

/// The page.
#[derive(Debug, Template)]
#[template(path = "pages/api_docs.html")]
struct DocsPage<'a> {
    chrome: Chrome,
    endpoints: &'a str,
}

/// What the page says in every language, and to everybody: it is written once.
#[derive(Debug, Template)]
#[template(path = "parts/endpoints.html")]
struct Endpoints {
    sections: Vec<Section>,
    problems: [(&'static str, &'static str); 16],
}

/// What can be done with one kind of thing.
#[derive(Debug, Clone)]
struct Section {
    name: String,
    endpoints: Vec<Endpoint>,
}

/// One endpoint.
#[derive(Debug, Clone)]
struct Endpoint {
    method: &'static str,
    path: String,
    summary: String,
    description: String,
    body: String,
    answers: Vec<(String, String)>,
}

const fn method_name(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Delete => "DELETE",
        HttpMethod::Options => "OPTIONS",
        HttpMethod::Head => "HEAD",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Trace => "TRACE",
    }
}

/// What the body of a request is called in the description.
fn body_of(operation: &Operation) -> Option<String> {
    let RefOr::T(body) = operation.request_body.as_ref()? else { return None };
    let RefOr::T(content) = body.content.values().next()? else { return None };
    let schema = serde_json::to_value(&content.schema).ok()?;
    let name = schema.get("$ref")?.as_str()?.rsplit('/').next()?;
    Some(name.to_owned())
}

fn endpoint(method: &'static str, path: &str, operation: &Operation) -> Endpoint {
    let answers = operation
        .responses
        .responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'))
        .map(|(status, response)| {
            let what = match response {
                RefOr::T(response) => response.description.clone(),
                RefOr::Ref(_) => String::new(),
            };
            (status.clone(), what)
        })
        .collect();
    Endpoint {
        method,
        path: path.to_owned(),
        summary: operation.summary.clone().unwrap_or_default(),
        description: operation.description.clone().unwrap_or_default(),
        body: body_of(operation).unwrap_or_default(),
        answers,
    }
}

/// The endpoints, by the kind of thing they are about.
fn sections(description: &OpenApi) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (path, item) in &description.paths.paths {
        let operations = [
            (HttpMethod::Get, &item.get),
            (HttpMethod::Post, &item.post),
            (HttpMethod::Put, &item.put),
            (HttpMethod::Delete, &item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let tag = operation.tags.as_ref().and_then(|tags| tags.first());
            let tag = tag.cloned().unwrap_or_default();
            let line = endpoint(method_name(&method), path, operation);
            match sections.iter_mut().find(|section| section.name == tag) {
                Some(section) => section.endpoints.push(line),
                None => sections.push(Section { name: tag, endpoints: vec![line] }),
            }
        }
    }
    sections
}

/// The endpoints as the page shows them.
pub(crate) fn endpoints(description: &OpenApi) -> String {
    let endpoints = Endpoints { sections: sections(description), problems: NAMES };
    endpoints.render().unwrap_or_default()
}

/// `GET /api/v1/docs`
pub(crate) fn show(State(app): State<App>, visitor: Visitor, endpoints: &str) -> Answered {
    html(&DocsPage { chrome: visitor.chrome(&app), endpoints })
}
