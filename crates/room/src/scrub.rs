//! What may be told of a log to people who do not see the data: enough to mend
//! the code, and next to nothing that the data decided.
//!
//! A run that ended well printed so many lines, and that is told. Of one that
//! failed the last lines are told, with every word left out that is neither in the
//! script nor one of the words R and Python complain with, and every number that
//! is not that of one of the script's lines. How many words are told is bounded,
//! and of the script's own words more tightly: a script could bring a dictionary
//! of its own to say things with.

use std::collections::HashSet;

/// What stands for what is left out.
pub const LEFT_OUT: &str = "▒▒";
/// How many of the last lines are told.
const LINES: usize = 8;
/// And how much of each, characters.
const LONGEST: usize = 160;
/// How many words of them all.
const WORDS: usize = 60;
/// And how many that are the script's alone.
const OWN_WORDS: usize = 24;

/// Words of R's and Python's messages. Numbers are not among them.
const COMPLAINTS: &str = "\
    a after all already ambiguous an and any are argument arguments array as assigned at attribute \
    axis be been before between bool boolean bounds by bytes call called calls can cannot char \
    character class code coerced coercion column columns conversion convert converge converged could \
    data date dataframe datetime defined deprecated did dimension dimensions dict differing does \
    double dtype duplicate during each element elements empty end error errors exceeded exception \
    execution exist exists expected expecting factor factors fail failed failure false few file \
    fit float for found frame from function future given got group had halted has have identical \
    if import in incompatible index indices inf infinite input insufficient int integer into \
    introduced invalid io is iterations its key keys keyword label last least length lengths level \
    levels line list logical longer many match matched matching matrix memory merge method missing \
    mode model module most multiple must na name named names nan negative no non none not null \
    number numeric object of off on only open operand operands operation operator or out output \
    parse parser path permission positional positive possible quit raise range read recent \
    recursion recycled removed replacement required result row rows same series shape shapes \
    singular size sizes specified string subscript such support supported syntax system table than \
    that the their there this time times to token too traceback true tuple type types unable \
    undefined unexpected unhashable unique unknown unsupported unused use used using value values \
    variable vector warning was were when which while with within without write wrong x y zero \
    Error Warning Traceback File Calls Execution Killed Exception ArithmeticError AssertionError \
    AttributeError EOFError FileNotFoundError FloatingPointError ImportError IndentationError \
    IndexError IsADirectoryError KeyError KeyboardInterrupt LinAlgError MemoryError \
    ModuleNotFoundError NameError NotImplementedError OSError OverflowError PermissionError \
    RecursionError RuntimeError StopIteration SyntaxError SystemExit TypeError UnboundLocalError \
    UnicodeDecodeError UnicodeEncodeError ValueError ZeroDivisionError ConvergenceError \
    InternalError_ OperationalError ProgrammingError";

/// What may be told of `log`, the log of a run of `script`. `failed` says whether
/// it ended otherwise than well.
pub fn scrub(log: &str, script: &str, failed: bool) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let count = format!("{} lines were printed.\n", lines.len());
    if !failed {
        return count;
    }
    let mut scrubber = Scrubber {
        complaints: COMPLAINTS.split_ascii_whitespace().collect(),
        own: words(script).filter(|word| word.starts_with(is_letter)).collect(),
        lines: script.lines().count(),
        words: WORDS,
        own_words: OWN_WORDS,
    };
    let mut told = count;
    for line in lines.iter().skip(lines.len().saturating_sub(LINES)) {
        // No more is read of a line than can be told.
        let line: String = line.chars().take(4 * LONGEST).collect();
        told.extend(scrubber.scrubbed(&line).trim_end().chars().take(LONGEST));
        told.push('\n');
    }
    told
}

/// What may be told, and how much of it is left.
struct Scrubber<'a> {
    complaints: HashSet<&'a str>,
    /// The words of the script.
    own: HashSet<&'a str>,
    /// How many lines the script has.
    lines: usize,
    words: usize,
    own_words: usize,
}

impl Scrubber<'_> {
    /// A line with what is not told left out.
    fn scrubbed(&mut self, line: &str) -> String {
        let (mut told, mut before) = (String::new(), "");
        for word in words(line) {
            if !word.starts_with(is_part_of_word) {
                // What parts words says nothing by how much of it there is.
                let mark = mark(word);
                if !(mark == " " && told.ends_with(' ')) {
                    told.push_str(mark);
                }
                continue;
            }
            if self.tells(before, word) {
                told.push_str(word);
            } else if !told.trim_end().ends_with(LEFT_OUT) {
                told.push_str(LEFT_OUT);
            }
            before = word;
        }
        told
    }

    fn tells(&mut self, before: &str, word: &str) -> bool {
        let complaint = self.complaints.contains(word)
            || self.complaints.contains(word.to_ascii_lowercase().as_str())
            || (before == "line" && word.parse().is_ok_and(|line: usize| line <= self.lines));
        if self.words == 0 || !(complaint || self.own.contains(word)) {
            return false;
        }
        if !complaint {
            let Some(left) = self.own_words.checked_sub(1) else { return false };
            self.own_words = left;
        }
        self.words -= 1;
        true
    }
}

/// One mark for all that stands between two words.
fn mark(between: &str) -> &'static str {
    const MARKS: [(char, &str); 9] = [
        (':', ": "),
        ('(', " ("),
        (')', ") "),
        ('[', "["),
        (']', "] "),
        ('=', " = "),
        (',', ", "),
        ('.', "."),
        ('\'', " "),
    ];
    MARKS.iter().find(|(mark, _)| between.contains(*mark)).map_or(" ", |(_, told)| told)
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A text as words and what is between them, in turn.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let inside = is_part_of_word(first);
        let end = rest.find(|c: char| is_part_of_word(c) != inside).unwrap_or(rest.len());
        let (word, others) = rest.split_at(end);
        rest = others;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "import pandas as pd\nperson = pd.read_csv('/data/population.csv')\n\
                          print(person.age.mean())\nperson['bmi'] / person.height\n";

    #[test]
    fn of_a_run_that_ended_well_only_the_number_of_lines_is_told() {
        let log = "52.3\nOla Nordmann\n";
        assert_eq!(scrub(log, SCRIPT, false), "2 lines were printed.\n");
    }

    #[test]
    fn a_complaint_is_told_and_what_the_data_say_is_not() {
        let log = "52.317\nTraceback (most recent call last):\n  File \"/run/script/a.py\", line 4, in \
                   <module>\n    person['bmi'] / person.height\nKeyError: 'bmi'\nValueError: could not \
                   convert string to float: 'Kari Nordmann, 12 weeks'\n";
        let told = scrub(log, SCRIPT, true);
        for said in
            ["Traceback", "line 4", "person", "KeyError: bmi", "could not convert string to float"]
        {
            assert!(told.contains(said), "{said}: {told}");
        }
        for secret in ["52", "317", "Kari", "Nordmann", "12", "weeks"] {
            assert!(!told.contains(secret), "{secret}: {told}");
        }
    }

    #[test]
    fn no_number_is_told_but_that_of_a_line_of_the_script() {
        let script = "x = [4, 12345]\ny = 1\nz = 2\nw = 3\n";
        let told = scrub("line 4\nline 5\nline 99\n4\n12345 x\n", script, true);
        let (_, told) = told.split_once('\n').unwrap();
        let digits: String = told.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits, "4", "{told}");
    }

    #[test]
    fn what_is_told_is_short_however_much_is_printed() {
        let told = scrub(&"person error ".repeat(100_000), SCRIPT, true);
        assert!(told.len() < 300, "{}", told.len());
        let told = scrub(&"error\n".repeat(100_000), SCRIPT, true);
        assert_eq!(told.lines().count(), LINES + 1);
        // Nor is anything said by how much stands between words, or is left out.
        let one = scrub("error!!!!!!??!!!error secret secret secret-secret", SCRIPT, true);
        assert_eq!(one, scrub("error error secret", SCRIPT, true));
    }

    #[test]
    fn a_script_that_brings_a_dictionary_says_little_with_it() {
        let words: Vec<String> = (0..8_000).map(|n| format!("w{n}")).collect();
        let script = words.join(" ");
        let log: Vec<String> = words.chunks(20).map(|line| line.join(" ")).collect();
        let told = scrub(&log.join("\n"), &script, true);
        assert_eq!(told.matches('w').count(), OWN_WORDS + 1, "`were` and two dozen: {told}");
        let told = scrub(&"error in line\n".repeat(9), &script, true);
        assert!(told.split_whitespace().count() <= WORDS + 4);
    }
}
