//! Addresses, read once and written anew: whoever reads them next reads the same.

use std::fmt::Write as _;

use super::Denied;

/// More parts than this have no address of a notebook.
const MOST_PARTS: usize = 16;

/// The parts of a path below the room's own, each decoded once (RFC 3986
/// section 2.1).
pub(super) fn parts(path: &str) -> Result<Vec<String>, Denied> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let parts: Vec<String> = path.split('/').map(part).collect::<Result<_, _>>()?;
    if parts.len() > MOST_PARTS { Err(Denied::Path) } else { Ok(parts) }
}

fn part(raw: &str) -> Result<String, Denied> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || {
            let digit = char::from(rest.next()?).to_digit(16)?;
            u8::try_from(digit).ok()
        };
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(Denied::Path) };
        bytes.push(high << 4 | low);
    }
    let text = String::from_utf8(bytes).map_err(|_| Denied::Path)?;
    if is_name(&text) { Ok(text) } else { Err(Denied::Path) }
}

/// Whether it can be the name of one thing in a folder.
pub(super) fn is_name(text: &str) -> bool {
    let refused = |character: char| character.is_control() || matches!(character, '/' | '\\');
    !text.is_empty() && text != "." && text != ".." && text.len() <= 255 && !text.contains(refused)
}

/// The parts as a path in which nothing is left to be read in two ways.
pub(super) fn written(parts: &[String]) -> String {
    let mut path = String::new();
    for part in parts {
        if !path.is_empty() {
            path.push('/');
        }
        for byte in part.bytes() {
            // RFC 3986 section 2.3: unreserved characters.
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                path.push(char::from(byte));
            } else {
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_could_lead_elsewhere_is_refused() {
        for bad in [
            "..",
            "api/../files",
            "api/%2e%2e/files",
            "api/%2E./files",
            "api//contents",
            "api/%2fetc",
            "api/a%5cb",
            "api/%00",
            "api/%0d%0a",
            "api/%zz",
            "api/%2",
            "api/%ff",
            ".",
            "",
        ] {
            assert_eq!(parts(bad), Err(Denied::Path), "`{bad}` was taken");
        }
        assert!(parts(&"a/".repeat(40)).is_err());
        assert!(parts(&"a".repeat(256)).is_err());
    }

    #[test]
    fn what_is_encoded_twice_stays_a_name() {
        let read = parts("api/contents/%252e%252e").unwrap();
        assert_eq!(read.last().unwrap(), "%2e%2e");
        assert_eq!(written(&read), "api/contents/%252e%252e");
    }

    #[test]
    fn names_of_people_s_files_pass_unchanged() {
        let read = parts("api/contents/min%20analyse%20%C3%A6.ipynb").unwrap();
        assert_eq!(read.last().unwrap(), "min analyse æ.ipynb");
        assert_eq!(written(&read), "api/contents/min%20analyse%20%C3%A6.ipynb");
    }
}
