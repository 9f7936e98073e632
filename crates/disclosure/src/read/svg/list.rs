//! What a figure needs. R's cairo device, svglite, ggplot2 and matplotlib draw
//! with these and nothing else.

/// The namespace of SVG.
pub(super) const SVG: &str = "http://www.w3.org/2000/svg";
/// The namespace of links in SVG 1.1.
pub(super) const XLINK: &str = "http://www.w3.org/1999/xlink";

/// Elements that draw, group or name.
pub(super) const ELEMENTS: &[&str] = &[
    "circle",
    "clipPath",
    "defs",
    "desc",
    "ellipse",
    "g",
    "line",
    "linearGradient",
    "marker",
    "path",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "stop",
    "style",
    "svg",
    "symbol",
    "text",
    "textPath",
    "title",
    "tspan",
    "use",
];

/// Elements that run something, bring another language in, or change themselves.
pub(super) const ACTIVE: &[&str] = &[
    "script",
    "foreignobject",
    "iframe",
    "embed",
    "object",
    "handler",
    "listener",
    "animate",
    "animatemotion",
    "animatetransform",
    "animatecolor",
    "set",
    "discard",
    "audio",
    "video",
];

/// Elements that nobody sees.
pub(super) const HIDDEN: &[&str] = &["metadata"];

/// Attributes that place, paint or name. `style`, links and namespaces are
/// judged on their own.
pub(super) const ATTRIBUTES: &[&str] = &[
    "alignment-baseline",
    "aria-label",
    "baseline-shift",
    "class",
    "clip-path",
    "clip-rule",
    "clipPathUnits",
    "color",
    "cx",
    "cy",
    "direction",
    "display",
    "dominant-baseline",
    "dx",
    "dy",
    "enable-background",
    "fill",
    "fill-opacity",
    "fill-rule",
    "font-family",
    "font-size",
    "font-stretch",
    "font-style",
    "font-variant",
    "font-weight",
    "fx",
    "fy",
    "gradientTransform",
    "gradientUnits",
    "height",
    "id",
    "lengthAdjust",
    "letter-spacing",
    "marker-end",
    "marker-mid",
    "marker-start",
    "markerHeight",
    "markerUnits",
    "markerWidth",
    "offset",
    "opacity",
    "orient",
    "overflow",
    "pathLength",
    "preserveAspectRatio",
    "r",
    "refX",
    "refY",
    "role",
    "rotate",
    "rx",
    "ry",
    "shape-rendering",
    "spreadMethod",
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
    "text-decoration",
    "text-rendering",
    "textLength",
    "transform",
    "type",
    "vector-effect",
    "version",
    "viewBox",
    "visibility",
    "width",
    "word-spacing",
    "writing-mode",
    "x",
    "x1",
    "x2",
    "xml:space",
    "y",
    "y1",
    "y2",
];

/// The document type that matplotlib and older programs write. It declares no
/// entities, and names only the W3C's own address.
pub(super) fn known_doctype(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    !text.contains('[') && words.join(" ").starts_with("svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\"")
}
