//! Styles: only properties that paint, only values that are plain.

/// Properties a figure needs. None of them can load anything.
const PROPERTIES: &[&str] = &[
    "alignment-baseline",
    "baseline-shift",
    "clip-path",
    "clip-rule",
    "color",
    "direction",
    "display",
    "dominant-baseline",
    "fill",
    "fill-opacity",
    "fill-rule",
    "font",
    "font-family",
    "font-size",
    "font-stretch",
    "font-style",
    "font-variant",
    "font-weight",
    "isolation",
    "letter-spacing",
    "line-height",
    "marker",
    "marker-end",
    "marker-mid",
    "marker-start",
    "mix-blend-mode",
    "opacity",
    "overflow",
    "paint-order",
    "pointer-events",
    "shape-rendering",
    "stop-color",
    "stop-opacity",
    "stroke",
    "stroke-dasharray",
    "stroke-dashoffset",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "stroke-opacity",
    "stroke-width",
    "text-anchor",
    "text-align",
    "text-decoration",
    "text-rendering",
    "transform",
    "vector-effect",
    "visibility",
    "white-space",
    "word-spacing",
    "writing-mode",
];

/// Functions that a value may call, besides `url(#…)`.
const FUNCTIONS: &[&str] =
    &["", "hsl", "hsla", "matrix", "rgb", "rgba", "rotate", "scale", "skewx", "skewy", "translate"];

/// The longest style sheet a figure needs.
const LONGEST: usize = 8 << 10;

/// Whether `declarations` (`fill: none; stroke: #000`) are harmless.
pub(crate) fn harmless(declarations: &str) -> bool {
    declarations.len() <= LONGEST
        && declarations.split(';').map(str::trim).filter(|d| !d.is_empty()).all(|declaration| {
            let Some((property, value)) = declaration.split_once(':') else { return false };
            let property = property.trim().to_ascii_lowercase();
            PROPERTIES.contains(&property.as_str()) && plain(value)
        })
}

/// Whether a style sheet is harmless: selectors of names, harmless declarations.
pub(crate) fn harmless_sheet(sheet: &str) -> bool {
    if sheet.len() > LONGEST {
        return false;
    }
    let mut rest = sheet.trim();
    while !rest.is_empty() {
        let Some((selector, after)) = rest.split_once('{') else { return false };
        let Some((declarations, after)) = after.split_once('}') else { return false };
        let simple = |c: char| c.is_ascii_alphanumeric() || " .,#*>_-\n\r\t".contains(c);
        if !selector.chars().all(simple) || selector.trim().is_empty() || !harmless(declarations) {
            return false;
        }
        rest = after.trim();
    }
    true
}

/// Whether an attribute's or a property's value is plain: no way to load, run
/// or hide anything. `url(…)` may only point at something in the same file.
pub(crate) fn plain(value: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " #%.,()-+_;:'\"/=|\n\r\t".contains(c);
    // Names of fonts and things may have letters from any language.
    if value.len() > 400 || !value.chars().all(|c| allowed(c) || c.is_alphabetic()) {
        return false;
    }
    let lower = value.to_ascii_lowercase();
    let words = ["javascript", "data:", "http:", "https:", "file:", "//", "/*", "import"];
    if words.iter().any(|word| lower.contains(word)) {
        return false;
    }
    lower.match_indices('(').all(|(at, _)| {
        let (before, after) = lower.split_at_checked(at).unwrap_or(("", ""));
        let name_at = before.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let name = name_at.map_or(before, |i| before.get(i + 1..).unwrap_or_default());
        if name == "url" {
            let target = after.trim_start_matches('(').split(')').next().unwrap_or_default();
            return local(target.trim().trim_matches(['"', '\'']));
        }
        FUNCTIONS.contains(&name)
    })
}

/// Whether a link points into the same file: `#name`.
pub(crate) fn local(target: &str) -> bool {
    target.strip_prefix('#').is_some_and(|name| {
        !name.is_empty()
            && name.len() <= 120
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:=|+/".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_that_paint_are_harmless() {
        assert!(harmless("fill:none;stroke-width:0.75;stroke:rgb(87.4%,32.5%,41.9%);"));
        assert!(harmless("font-family: \"Liberation Sans\"; clip-path: url(#clip1)"));
        assert!(harmless_sheet(
            ".svglite line, .svglite text {\n fill: none;\n stroke: #000000; }"
        ));
        assert!(harmless_sheet("*{stroke-linejoin: round; stroke-linecap: butt}"));
    }

    #[test]
    fn styles_that_could_load_or_run_something_are_not() {
        for bad in [
            "background: url(http://example.org/x)",
            "fill: url(//example.org/#a)",
            "fill: url( 'data:image/svg+xml,x' )",
            "fill: u\\72l(#a)",
            "width: expression(alert(1))",
            "behavior: url(#x)",
            "-moz-binding: url(#x)",
            "fill: red /* hidden words */",
            "fill: image-set('x' 1x)",
            "fill",
        ] {
            assert!(!harmless(bad), "`{bad}`");
        }
        assert!(!harmless_sheet("@import 'x.css'; a { fill: red }"));
        assert!(!harmless_sheet("@font-face { font-family: x }"));
        assert!(!harmless_sheet("a { fill: red } b"));
        assert!(!harmless_sheet("a[href^='x'] { fill: red }"));
    }
}
