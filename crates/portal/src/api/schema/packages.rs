//! Packages in rooms.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What rooms have, may fetch, and what was asked for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ShelfBody {
    /// Whether rooms have a mirror to fetch from.
    mirror: bool,
    /// What every room has.
    installed: Vec<InstalledBody>,
    /// What the mirror gives out.
    allowed: Vec<AllowedBody>,
    /// The requests that I may see, newest first.
    requests: Vec<PackageRequestBody>,
}

/// A package that every room has.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct InstalledBody {
    /// `python` or `r`.
    language: String,
    /// What it is called.
    name: String,
    /// Which version.
    version: String,
    /// Its licence, in its own words.
    licence: String,
}

/// A package that rooms may fetch.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct AllowedBody {
    /// `python` or `r`.
    language: String,
    /// What it is called.
    name: String,
    /// The only version; any when not said.
    version: Option<String>,
}

/// A request for a package.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PackageRequestBody {
    /// Its id.
    id: String,
    /// `asked`, `approved` or `refused`.
    state: String,
    /// In which room it is wanted.
    room: String,
    /// On which permit.
    permit: String,
    /// `python` or `r`.
    language: String,
    /// What it is called.
    name: String,
    /// The only version; any when not said.
    version: Option<String>,
    /// What it is for.
    why: String,
    /// Who asked.
    asked_by: String,
    /// When.
    #[schema(format = DateTime)]
    asked_at: String,
    /// What was decided last.
    decision: Option<PackageDecidedBody>,
}

/// What was decided on a request.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PackageDecidedBody {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// By whom.
    by: String,
    /// Why.
    why: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_described_as_it_is() {
        let json = serde_json::to_value(crate::pages::packages::sample_request()).unwrap();
        let described: PackageRequestBody = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(described).unwrap(), json);
    }
}
