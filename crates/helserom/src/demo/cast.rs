//! Who plays in the story: organisations, and accounts named by role.

use std::collections::BTreeSet;

use centre::{Caller, Centre};
use model::{OrganisationId, Text};
use permit::Role;

use crate::answer::Stop;

/// An account of the demo.
struct Member {
    account: &'static str,
    organisation: &'static str,
    role: Role,
    /// Bokmål, Danish, English.
    name: [&'static str; 3],
}

const ORGANISATIONS: &[(&str, [&str; 3])] = &[
    (
        "access-body",
        [
            "Tilgangsorganet for helsedata",
            "Adgangsorganet for sundhedsdata",
            "Health data access body",
        ],
    ),
    (
        "population-register",
        ["Befolkningsregisteret", "Befolkningsregistret", "Population register"],
    ),
    (
        "hospital-laboratory",
        ["Sykehuslaboratoriet", "Hospitalslaboratoriet", "Hospital laboratory"],
    ),
    ("patient-register", ["Pasientregisteret", "Patientregistret", "Patient register"]),
    ("university", ["Universitetet", "Universitetet", "The university"]),
];

const MEMBERS: &[Member] = &[
    Member {
        account: "researcher",
        organisation: "university",
        role: Role::Researcher,
        name: ["Forsker", "Forsker", "Researcher"],
    },
    Member {
        account: "holder-population",
        organisation: "population-register",
        role: Role::Holder,
        name: ["Dataholder, befolkning", "Dataindehaver, befolkning", "Data holder, population"],
    },
    Member {
        account: "holder-laboratory",
        organisation: "hospital-laboratory",
        role: Role::Holder,
        name: [
            "Dataholder, laboratorium",
            "Dataindehaver, laboratorium",
            "Data holder, laboratory",
        ],
    },
    Member {
        account: "holder-patients",
        organisation: "patient-register",
        role: Role::Holder,
        name: ["Dataholder, pasienter", "Dataindehaver, patienter", "Data holder, patients"],
    },
    Member {
        account: "caseworker",
        organisation: "access-body",
        role: Role::Caseworker,
        name: ["Saksbehandler", "Sagsbehandler", "Caseworker"],
    },
    Member {
        account: "checker",
        organisation: "centre",
        role: Role::Checker,
        name: ["Resultatkontrollør", "Resultatkontrollør", "Output checker"],
    },
    Member {
        account: "auditor",
        organisation: "access-body",
        role: Role::Auditor,
        name: ["Revisor", "Revisor", "Auditor"],
    },
];

/// Every account of the demo.
pub(super) fn accounts() -> impl Iterator<Item = &'static str> {
    MEMBERS.iter().map(|member| member.account).chain(["operator"])
}

/// The account of whoever holds data for an organisation.
pub(super) fn holder_at(organisation: &OrganisationId) -> Result<&'static str, Stop> {
    MEMBERS
        .iter()
        .find(|member| member.role == Role::Holder && member.organisation == organisation.as_str())
        .map(|member| member.account)
        .ok_or_else(|| Stop::refused(format!("nobody holds data for `{organisation}`")))
}

/// Makes the organisations and accounts, as the operator.
pub(super) async fn assemble(centre: &Centre) -> Result<(), Stop> {
    let operator = act_as(centre, "operator").await?;
    for (id, [nb, da, en]) in ORGANISATIONS {
        let id = id.parse().map_err(|error: model::IdError| Stop::usage(error))?;
        centre.register_organisation(&operator, &id, Text::of(nb, da, en)).await?;
    }
    for member in MEMBERS {
        let [nb, da, en] = member.name;
        let id = member.account.parse().map_err(|error: model::IdError| Stop::usage(error))?;
        let organisation =
            member.organisation.parse().map_err(|error: model::IdError| Stop::usage(error))?;
        let roles = BTreeSet::from([member.role]);
        let name = Text::of(nb, da, en);
        centre.register_account(&operator, &id, name, organisation, roles).await?;
    }
    Ok(())
}

/// The caller behind one of the demo's accounts.
pub(super) async fn act_as(centre: &Centre, account: &str) -> Result<Caller, Stop> {
    let id = account.parse().map_err(|error: model::IdError| Stop::usage(error))?;
    Ok(centre.caller(&id).await?)
}
