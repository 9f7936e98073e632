//! May they? Deny by default; the answer names the rule and the law behind it,
//! in words a caseworker understands (invariant 7).
//!
//! The rules are the files in `policies/`, in Cedar. They are compiled in: a
//! centre that changes a rule builds a program that says so in its version.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Effect, Entities, Entity, EntityId,
    EntityTypeName, EntityUid, Policy as CedarPolicy, PolicyId, PolicySet, Request,
    RestrictedExpression, Schema, ValidationMode, Validator,
};
use model::{Lang, Text};
use serde::Serialize;

use crate::{Account, Inactive};

pub use self::action::{Action, UnknownAction};
pub use self::thing::Thing;

mod action;
mod thing;

const SCHEMA: &str = include_str!("../../../policies/schema.cedarschema");
const POLICIES: &[(&str, &str)] = &[
    ("1-open.cedar", include_str!("../../../policies/1-open.cedar")),
    ("2-sources.cedar", include_str!("../../../policies/2-sources.cedar")),
    ("3-applications.cedar", include_str!("../../../policies/3-applications.cedar")),
    ("4-permits.cedar", include_str!("../../../policies/4-permits.cedar")),
    ("5-rooms.cedar", include_str!("../../../policies/5-rooms.cedar")),
    ("6-centre.cedar", include_str!("../../../policies/6-centre.cedar")),
    ("7-packages.cedar", include_str!("../../../policies/7-packages.cedar")),
    ("8-pairs.cedar", include_str!("../../../policies/8-pairs.cedar")),
    ("9-reversals.cedar", include_str!("../../../policies/9-reversals.cedar")),
];

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller<'a> {
    /// Somebody who has not signed in.
    Visitor,
    /// Somebody who has.
    Account(&'a Account),
}

/// One rule, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name in `policies/`.
    pub id: String,
    /// Whether it gives or takes.
    pub forbids: bool,
    /// The law behind it.
    pub article: String,
    /// What it says.
    pub text: Text,
}

/// The answer to "may they?".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ruling {
    /// Yes or no.
    pub allowed: bool,
    /// Yes: the rules that allow it. No: the rules that forbid it, or, when no
    /// rule speaks of the caller, the rules by which others may.
    pub rules: Vec<Rule>,
    /// Why the permit gives nothing now, where that alone is in the way: with an active
    /// permit the answer is yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inactive: Option<Inactive>,
}

impl Ruling {
    /// The rules' words, one sentence after another, with the articles.
    pub fn in_words(&self, lang: Lang) -> String {
        self.rules
            .iter()
            .map(|rule| format!("{} ({})", rule.text.get(lang), rule.article))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Why the rules in `policies/` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file does not parse.
    #[error("policy file `{file}`: {why}")]
    Unreadable {
        /// Which file.
        file: &'static str,
        /// What Cedar says.
        why: String,
    },
    /// A policy speaks of things the schema does not know.
    #[error("policies do not fit the schema: {0}")]
    Unfitting(String),
    /// A policy has no id, article or words.
    #[error("policy `{policy}` has no `@{annotation}`")]
    Unexplained {
        /// Which policy.
        policy: String,
        /// What it lacks.
        annotation: &'static str,
    },
}

/// The rules, ready to be asked.
pub struct Policy {
    /// By action, those that speak of it: no other can have a say in it, and
    /// asking them all takes most of the time of a question.
    about: HashMap<Action, PolicySet>,
    rules: HashMap<PolicyId, Rule>,
    schema: Schema,
    authorizer: Authorizer,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Policy({} rules)", self.rules.len())
    }
}

impl Policy {
    /// Reads the rules of this program and checks every one against the schema.
    pub fn load() -> Result<Self, PolicyError> {
        Self::parse(SCHEMA, POLICIES)
    }

    fn parse(schema: &str, files: &[(&'static str, &str)]) -> Result<Self, PolicyError> {
        let unreadable = |file, why: &dyn std::fmt::Display| PolicyError::Unreadable {
            file,
            why: why.to_string(),
        };
        let (schema, _warnings) = Schema::from_cedarschema_str(schema)
            .map_err(|error| unreadable("schema.cedarschema", &error))?;
        let mut policies = PolicySet::new();
        for (file, text) in files {
            let parsed: PolicySet = text.parse().map_err(|error| unreadable(file, &error))?;
            for policy in parsed.policies() {
                let named = named(policy)?;
                policies.add(named).map_err(|error| unreadable(file, &error))?;
            }
        }
        let verdict = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        if !verdict.validation_passed() {
            let errors: Vec<_> = verdict.validation_errors().map(ToString::to_string).collect();
            return Err(PolicyError::Unfitting(errors.join("; ")));
        }
        if let Some(group) = schema.action_groups().next() {
            // A rule about a group would have a say in what it does not name.
            return Err(PolicyError::Unfitting(format!("`{group}` is a group of actions")));
        }
        let mut about = HashMap::new();
        for action in Action::ALL {
            let speaking = policies.policies().filter(|policy| speaks_of(policy, *action));
            let speaking = PolicySet::from_policies(speaking.cloned())
                .map_err(|error| PolicyError::Unfitting(error.to_string()))?;
            about.insert(*action, speaking);
        }
        let rules = policies.policies().map(|policy| (policy.id().clone(), rule(policy)));
        Ok(Self { about, rules: rules.collect(), schema, authorizer: Authorizer::new() })
    }

    /// May `caller` do `action` on `thing`? Whatever goes wrong on the way is a no.
    pub fn ask(&self, caller: Caller<'_>, action: Action, thing: &Thing) -> Ruling {
        let (allowed, rules) = match self.response(caller, action, thing) {
            Some((false, reasons)) if reasons.is_empty() => (false, self.who_may(action)),
            Some((allowed, reasons)) => (allowed, self.rules(reasons.iter())),
            None => (false, self.who_may(action)),
        };
        let inactive = if allowed { None } else { self.in_the_way(caller, action, thing) };
        Ruling { allowed, rules, inactive }
    }

    fn in_the_way(&self, caller: Caller<'_>, action: Action, thing: &Thing) -> Option<Inactive> {
        let (if_active, inactive) = thing.if_active()?;
        self.ask(caller, action, &if_active).allowed.then_some(inactive)
    }

    /// The rules by which anybody may do `action`, and those that forbid it.
    pub fn who_may(&self, action: Action) -> Vec<Rule> {
        let about = self.about.get(&action).into_iter().flat_map(PolicySet::policies);
        self.rules(about.map(CedarPolicy::id))
    }

    fn response(
        &self,
        caller: Caller<'_>,
        action: Action,
        thing: &Thing,
    ) -> Option<(bool, Vec<PolicyId>)> {
        let (principal, mut entities) = match caller {
            Caller::Visitor => {
                let uid = uid("Visitor", "visitor");
                (uid.clone(), vec![Entity::new_no_attrs(uid, HashSet::new())])
            }
            Caller::Account(account) if !account.open => return None,
            Caller::Account(account) => {
                let uid = uid("Account", account.id.as_str());
                let roles = account.roles.iter().map(|role| role.as_str().to_owned());
                let attributes = HashMap::from([
                    ("name".to_owned(), text(account.id.to_string())),
                    ("organisation".to_owned(), text(account.organisation.to_string())),
                    ("roles".to_owned(), set(roles)),
                ]);
                (uid.clone(), vec![Entity::new(uid, attributes, HashSet::new()).ok()?])
            }
        };
        let resource = uid(thing.kind(), thing.id());
        entities.push(Entity::new(resource.clone(), thing.attributes(), HashSet::new()).ok()?);
        let entities = Entities::from_entities(entities, Some(&self.schema)).ok()?;
        let request = Request::new(
            principal,
            uid("Action", action.as_str()),
            resource,
            Context::empty(),
            Some(&self.schema),
        )
        .ok()?;
        let about = self.about.get(&action)?;
        let response = self.authorizer.is_authorized(&request, about, &entities);
        // An error while a `forbid` was evaluated means it was skipped: no answer.
        if response.diagnostics().errors().next().is_some() {
            return None;
        }
        Some((
            response.decision() == Decision::Allow,
            response.diagnostics().reason().cloned().collect(),
        ))
    }

    fn rules<'a>(&self, ids: impl Iterator<Item = &'a PolicyId>) -> Vec<Rule> {
        let mut rules: Vec<_> = ids.filter_map(|id| self.rules.get(id)).cloned().collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        rules
    }
}

/// What a policy says in words.
fn rule(policy: &CedarPolicy) -> Rule {
    let word = |key| policy.annotation(key).unwrap_or_default();
    Rule {
        id: policy.id().to_string(),
        forbids: policy.effect() == Effect::Forbid,
        article: word("article").to_owned(),
        text: Text::of(word("nb"), word("da"), word("en")),
    }
}

/// Whether the policy's scope takes in the action.
fn speaks_of(policy: &CedarPolicy, action: Action) -> bool {
    let uid = uid("Action", action.as_str());
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::In(actions) => actions.contains(&uid),
        ActionConstraint::Eq(action) => action == uid,
    }
}

/// The policy under the name in its `@id`, once everything a rule must say is there.
fn named(policy: &CedarPolicy) -> Result<CedarPolicy, PolicyError> {
    for annotation in ["id", "article", "en", "nb", "da"] {
        if policy.annotation(annotation).is_none_or(|text| text.trim().is_empty()) {
            let policy = policy.annotation("id").unwrap_or(policy.id().as_ref()).to_owned();
            return Err(PolicyError::Unexplained { policy, annotation });
        }
    }
    Ok(policy.new_id(PolicyId::new(policy.annotation("id").unwrap_or_default())))
}

fn uid(kind: &str, id: &str) -> EntityUid {
    #[expect(clippy::expect_used, reason = "every kind is one of the words of the schema")]
    let kind: EntityTypeName = kind.parse().expect("a name of the schema");
    EntityUid::from_type_name_and_id(kind, EntityId::new(id))
}

fn text(value: String) -> RestrictedExpression {
    RestrictedExpression::new_string(value)
}

fn set(values: impl Iterator<Item = String>) -> RestrictedExpression {
    RestrictedExpression::new_set(values.map(RestrictedExpression::new_string))
}

#[cfg(test)]
mod tests;
