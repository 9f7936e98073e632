//! Where to go after something was done: a page of ours and nothing else.

/// The address, if it is a path of ours; else `otherwise`. What a browser might
/// take for another host, a scheme or a header is none.
pub(crate) fn own_path<'a>(next: &'a str, otherwise: &'a str) -> &'a str {
    let plain = next.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b'\\');
    if next.starts_with('/') && !next.starts_with("//") && plain && next.len() <= 2_000 {
        next
    } else {
        otherwise
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away() {
        for evil in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/x\r\nLocation: https://evil.example",
            " /work",
            "",
        ] {
            assert_eq!(own_path(evil, "/work"), "/work", "`{evil}`");
        }
        assert_eq!(own_path("/permits/permit-1?q=a%20b#x", "/work"), "/permits/permit-1?q=a%20b#x");
    }
}
