//! The demo's files: real records, exported from R, as three registers send them.

use crate::repository::Repository;
use crate::run::{self, Done};

pub(crate) fn missing(repository: &Repository) -> Vec<String> {
    let made = repository.made(super::DEMO_FILES).join("manifest.json").exists();
    if made { Vec::new() } else { vec!["the demo's files, exported from R".to_owned()] }
}

pub(crate) fn install(repository: &Repository) -> Done {
    println!("Making target/{} from R's survival package", super::DEMO_FILES);
    let folder = repository.made(super::DEMO_FILES);
    run::run(
        repository
            .cargo()
            .args(["run", "--quiet", "--locked", "--package", "synthetic", "--", "demo"])
            .arg(folder),
    )
}
