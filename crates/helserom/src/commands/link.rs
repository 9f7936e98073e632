//! `helserom link`.

mod chart;
mod evaluate;
mod found;
mod rows;
mod spec;

use crate::answer::{Answer, Stop};
use crate::cli::LinkCommand;

pub(super) fn run(command: LinkCommand) -> Result<Answer, Stop> {
    match command {
        LinkCommand::Evaluate(arguments) => evaluate::run(&arguments),
    }
}
