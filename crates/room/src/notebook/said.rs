//! What a page says to a kernel, and when a kernel has answered (Jupyter's
//! messaging protocol 5.4, as JSON over a web socket).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Denied;
use crate::{CellOutcome, Script};

/// A message from a page, read and written anew.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// What is passed to the kernel.
    pub passed: String,
    /// The code in it that is to be executed: written down first.
    pub code: Option<Code>,
}

/// Code that is to be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The message's id: the answer names it.
    pub message: String,
    /// Every word of it.
    pub text: String,
}

/// That a kernel answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The id of the message that it answers.
    pub message: String,
    /// How it went.
    pub outcome: CellOutcome,
}

#[derive(Deserialize)]
struct Message {
    channel: String,
    header: Header,
    #[serde(default)]
    metadata: Metadata,
    content: Value,
    #[serde(default)]
    buffers: Vec<Value>,
}

/// What a page notes of a cell.
#[derive(Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    #[serde(skip_serializing_if = "String::is_empty")]
    cell_id: String,
    deleted_cells: Vec<String>,
    record_timing: bool,
    trusted: bool,
}

impl Metadata {
    /// How many cells may be said to be gone at once.
    const MOST: usize = 200;

    fn is_plain(&self) -> bool {
        is_plain(&self.cell_id)
            && self.deleted_cells.len() <= Self::MOST
            && self.deleted_cells.iter().all(|cell| is_plain(cell))
    }
}

/// Whether it is a name or an id and no place to hide code in.
fn is_plain(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:+".contains(&b))
}

#[derive(Deserialize, Serialize)]
struct Header {
    msg_id: String,
    msg_type: String,
    session: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    date: String,
    #[serde(default)]
    version: String,
}

#[derive(Deserialize)]
struct Execute {
    code: String,
    #[serde(default)]
    silent: bool,
    #[serde(default = "yes")]
    store_history: bool,
    #[serde(default)]
    user_expressions: serde_json::Map<String, Value>,
    #[serde(default = "yes")]
    stop_on_error: bool,
}

const fn yes() -> bool {
    true
}

/// What a page asks that is not code to be run: about a piece of code, or about
/// the kernel.
#[derive(Deserialize, Serialize)]
struct Question {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor_pos: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail_level: Option<u8>,
    /// Of the history: what was run last, all of which is in the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    hist_access_type: Option<Tail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<bool>,
}

/// The part of the history that pages ask for.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Tail {
    Tail,
}

impl Question {
    /// Messages on the shell channel that only ask.
    const KINDS: [&str; 6] = [
        "kernel_info_request",
        "complete_request",
        "inspect_request",
        "is_complete_request",
        "history_request",
        "comm_info_request",
    ];

    /// Whether to complete it would run something: `IPython` imports what a line
    /// that imports names, and asks magics and the shell.
    fn runs(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        code.lines().any(|line| {
            let line = line.trim_start();
            let word = line.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            matches!(word, "import" | "from") || line.starts_with(['%', '!'])
        })
    }
}

impl Said {
    /// Reads what a page sent; `by` is who sent it.
    ///
    /// Passed are questions and code. Not passed: the debugger, which runs code
    /// that nobody wrote down; messages to objects in the kernel (`comm_msg`) and
    /// answers to `input()`, for the same reason.
    pub fn read(text: &str, by: &str) -> Result<Self, Denied> {
        let form = |error: serde_json::Error| Denied::Form(error.to_string());
        let message: Message = serde_json::from_str(text).map_err(form)?;
        let Message { channel, mut header, metadata, content, buffers } = message;
        if channel != "shell" || !buffers.is_empty() {
            return Err(Denied::Message(format!("{channel}/{}", header.msg_type)));
        }
        let ids = [&header.msg_id, &header.session, &header.date, &header.version];
        if !ids.into_iter().all(|id| is_plain(id)) || !metadata.is_plain() {
            return Err(Denied::Form("an id in it is none".to_owned()));
        }
        by.clone_into(&mut header.username);
        let (content, code) = match header.msg_type.as_str() {
            "execute_request" => {
                let execute: Execute = serde_json::from_value(content).map_err(form)?;
                if !execute.user_expressions.is_empty() {
                    return Err(Denied::Message("user_expressions".to_owned()));
                }
                if execute.code.len() > Script::LONGEST {
                    let bytes = execute.code.len();
                    return Err(Denied::TooLong { bytes, most: Script::LONGEST });
                }
                let passed = serde_json::json!({
                    "code": execute.code,
                    "silent": execute.silent,
                    "store_history": execute.store_history,
                    "user_expressions": {},
                    // What is typed as an answer would be code that is not kept.
                    "allow_stdin": false,
                    "stop_on_error": execute.stop_on_error,
                });
                let message = header.msg_id.clone();
                (passed, Some(Code { message, text: execute.code }))
            }
            kind if Question::KINDS.contains(&kind) => {
                let question: Question = serde_json::from_value(content).map_err(form)?;
                if kind == "complete_request" && question.runs() {
                    return Err(Denied::Message(format!("{kind} of an import")));
                }
                let long = question.code.as_ref().map_or(0, String::len);
                if long > Script::LONGEST {
                    return Err(Denied::TooLong { bytes: long, most: Script::LONGEST });
                }
                (serde_json::to_value(question).map_err(form)?, None)
            }
            other => return Err(Denied::Message(other.to_owned())),
        };
        let passed = serde_json::json!({
            "channel": "shell",
            "header": header,
            "parent_header": {},
            "metadata": metadata,
            "content": content,
            "buffers": [],
        });
        Ok(Self { passed: passed.to_string(), code })
    }
}

#[derive(Deserialize)]
struct Reply {
    header: ReplyHeader,
    parent_header: Parent,
    content: Status,
}

#[derive(Deserialize)]
struct ReplyHeader {
    msg_type: String,
}

#[derive(Deserialize)]
struct Parent {
    #[serde(default)]
    msg_id: String,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    status: String,
}

impl Answered {
    /// Whether what a kernel said is its answer to code.
    pub fn read(text: &str) -> Option<Self> {
        // Most of what kernels say is long and is not this.
        if !text.contains("execute_reply") {
            return None;
        }
        let reply: Reply = serde_json::from_str(text).ok()?;
        if reply.header.msg_type != "execute_reply" {
            return None;
        }
        let outcome = match reply.content.status.as_str() {
            "ok" => CellOutcome::Ok,
            "aborted" => CellOutcome::Aborted,
            _ => CellOutcome::Error,
        };
        Some(Self { message: reply.parent_header.msg_id, outcome })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(channel: &str, kind: &str, content: &str) -> String {
        format!(
            r#"{{"channel":"{channel}","header":{{"msg_id":"m1","msg_type":"{kind}","session":"s",
                "username":"somebody-else","date":"","version":"5.4"}},"parent_header":{{}},
                "metadata":{{"cellId":"c"}},"content":{content},"buffers":[]}}"#
        )
    }

    #[test]
    fn code_is_read_before_it_is_passed_and_bears_the_name_of_who_sent_it() {
        let text = message("shell", "execute_request", r#"{"code":"1 + 1","allow_stdin":true}"#);
        let said = Said::read(&text, "researcher").unwrap();
        assert_eq!(said.code, Some(Code { message: "m1".into(), text: "1 + 1".into() }));
        let passed: Value = serde_json::from_str(&said.passed).unwrap();
        assert_eq!(passed["header"]["username"], "researcher");
        assert_eq!(passed["content"]["allow_stdin"], false);
        assert_eq!(passed["metadata"]["cellId"], "c");
    }

    #[test]
    fn code_that_would_not_be_written_down_is_not_passed() {
        for (channel, kind, content) in [
            ("control", "debug_request", r#"{"command":"evaluate"}"#),
            ("shell", "debug_request", "{}"),
            ("shell", "comm_msg", r#"{"comm_id":"x","data":{}}"#),
            ("shell", "comm_open", r#"{"comm_id":"x","target_name":"y","data":{}}"#),
            ("stdin", "input_reply", r#"{"value":"import os"}"#),
            ("iopub", "execute_request", r#"{"code":"1"}"#),
            ("control", "execute_request", r#"{"code":"1"}"#),
            ("shell", "execute_request", r#"{"code":"1","user_expressions":{"a":"b"}}"#),
            ("shell", "complete_request", r#"{"code":"from evil import ","cursor_pos":17}"#),
            ("shell", "complete_request", r#"{"code":"x = 1\n  import evil.","cursor_pos":10}"#),
            ("shell", "complete_request", r#"{"code":"%run evil","cursor_pos":9}"#),
            ("shell", "history_request", r#"{"hist_access_type":"search","pattern":"x"}"#),
            ("shell", "usage_request", "{}"),
            ("shell", "create_subshell_request", "{}"),
        ] {
            assert!(Said::read(&message(channel, kind, content), "a").is_err(), "{channel}/{kind}");
        }
        for bad in ["", "[]", "{}", "null", "\u{0}"] {
            assert!(Said::read(bad, "a").is_err());
        }
    }

    #[test]
    fn nothing_travels_beside_the_code() {
        let text = message("shell", "execute_request", r#"{"code":"1","more":"hidden"}"#);
        let beside = text.replace(r#""cellId":"c""#, r#""cellId":"c","hidden":"hidden""#);
        let passed = Said::read(&beside, "a").unwrap().passed;
        assert!(!passed.contains("hidden") && passed.contains("cellId"), "{passed}");
        for (from, to) in [
            (r#""cellId":"c""#, r#""cellId":"import os""#),
            (r#""session":"s""#, r#""session":"import os""#),
            (r#""msg_id":"m1""#, r#""msg_id":"import os""#),
            (r#""date":"""#, r#""date":"import os""#),
        ] {
            assert!(Said::read(&text.replace(from, to), "a").is_err(), "{to}");
        }
        assert!(
            Said::read(&text.replace(r#""buffers":[]"#, r#""buffers":["aGlkZGVu"]"#), "a").is_err()
        );
        let asked = message("shell", "inspect_request", r#"{"code":"x","hidden":"y"}"#);
        assert!(!Said::read(&asked, "a").unwrap().passed.contains("hidden"));
    }

    #[test]
    fn code_said_twice_in_one_message_is_written_down_as_it_is_passed() {
        let text = message("shell", "execute_request", r#"{"code":"1","code":"2"}"#);
        // Either is good, both are not.
        if let Ok(said) = Said::read(&text, "a") {
            let passed: Value = serde_json::from_str(&said.passed).unwrap();
            assert_eq!(passed["content"]["code"], said.code.unwrap().text.as_str());
        }
    }

    #[test]
    fn questions_pass_and_code_too_long_for_the_ledger_does_not() {
        let asked = message("shell", "complete_request", r#"{"code":"pri","cursor_pos":3}"#);
        assert_eq!(Said::read(&asked, "a").unwrap().code, None);
        let long = "#".repeat(Script::LONGEST + 1);
        let text = message("shell", "execute_request", &format!(r#"{{"code":"{long}"}}"#));
        assert!(matches!(Said::read(&text, "a"), Err(Denied::TooLong { .. })));
        let text = message("shell", "inspect_request", &format!(r#"{{"code":"{long}"}}"#));
        assert!(matches!(Said::read(&text, "a"), Err(Denied::TooLong { .. })));
    }

    #[test]
    fn the_answer_to_code_is_told_from_what_only_speaks_of_it() {
        let reply = |kind: &str, status: &str| {
            format!(
                r#"{{"header":{{"msg_type":"{kind}"}},"parent_header":{{"msg_id":"m1"}},
                    "content":{{"status":"{status}","text":"execute_reply"}}}}"#
            )
        };
        let answered = |outcome| Some(Answered { message: "m1".into(), outcome });
        assert_eq!(Answered::read(&reply("execute_reply", "ok")), answered(CellOutcome::Ok));
        assert_eq!(Answered::read(&reply("execute_reply", "error")), answered(CellOutcome::Error));
        assert_eq!(
            Answered::read(&reply("execute_reply", "aborted")),
            answered(CellOutcome::Aborted)
        );
        assert_eq!(Answered::read(&reply("stream", "ok")), None);
        assert_eq!(Answered::read("execute_reply"), None);
    }
}
