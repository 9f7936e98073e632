//! The commands that the README lists are those that there are.

use std::collections::BTreeSet;

use clap::CommandFactory as _;

use super::Cli;

const README: &str = include_str!("../../../../README.md");

/// The lines of the block under "The command line", without what is said of them.
fn listed() -> Vec<&'static str> {
    let block = README.split("## The command line").nth(1).unwrap().split("```").nth(1).unwrap();
    let lines = block.lines().filter(|line| !line.is_empty());
    lines.map(|line| line.split("   ").next().unwrap().strip_prefix("helserom ").unwrap()).collect()
}

/// Each command with its options: `room restore` and `--version`.
fn commands(lines: &[&str]) -> Vec<(String, Vec<String>)> {
    let cli = Cli::command();
    let mut found = Vec::new();
    for line in lines {
        let (mut group, mut path, mut rest) = (&cli, String::new(), *line);
        // Into the group whose commands the line lists: `link`, or `link review`.
        while let Some((word, after)) = rest.split_once(' ')
            && let Some(inner) = group.find_subcommand(word)
            && inner.has_subcommands()
        {
            (group, rest) = (inner, after);
            path = format!("{path}{word} ");
        }
        for part in rest.split(" | ") {
            let (name, words) = part.split_once(' ').unwrap_or((part, ""));
            // What follows ` -- ` is another program's.
            let words = words.split(" -- ").next().unwrap();
            let options = words.split([' ', '[', ']']).filter(|word| word.starts_with("--"));
            found.push((format!("{path}{name}"), options.map(str::to_owned).collect()));
        }
    }
    found
}

/// Every command that can be given, below `command`.
fn all_below(command: &clap::Command, path: &str, found: &mut BTreeSet<String>) {
    for sub in command.get_subcommands() {
        let name = format!("{path}{}", sub.get_name());
        if sub.has_subcommands() {
            all_below(sub, &format!("{name} "), found);
        } else {
            found.insert(name);
        }
    }
}

#[test]
fn the_readme_lists_every_command_there_is_and_no_other() {
    let listed = commands(&listed());
    let named: Vec<&String> = listed.iter().map(|(name, _)| name).collect();
    let told: BTreeSet<String> = named.iter().map(|name| (*name).clone()).collect();
    assert_eq!(told.len(), named.len(), "one is listed twice: {named:?}");
    let mut there = BTreeSet::new();
    all_below(&Cli::command(), "", &mut there);
    let missing: Vec<_> = there.difference(&told).collect();
    let invented: Vec<_> = told.difference(&there).collect();
    assert!(missing.is_empty() && invented.is_empty(), "missing {missing:?}, no such {invented:?}");
}

#[test]
fn the_options_it_names_are_theirs_and_none_is_left_out_that_must_be_given() {
    let mut cli = Cli::command();
    cli.build();
    for (name, told) in commands(&listed()) {
        let command =
            name.split(' ').fold(&cli, |command, word| command.find_subcommand(word).unwrap());
        let option = |argument: &clap::Arg| argument.get_long().map(|long| format!("--{long}"));
        let there: Vec<String> = command.get_arguments().filter_map(option).collect();
        for word in &told {
            assert!(there.contains(word), "`helserom {name}` has no `{word}`: {there:?}");
        }
        let must = command.get_arguments().filter(|argument| argument.is_required_set());
        for word in must.filter_map(option) {
            assert!(told.contains(&word), "`helserom {name}` must be given `{word}`");
        }
    }
}
