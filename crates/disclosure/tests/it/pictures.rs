//! Ways to make a picture do something or hide something. All of them are
//! found; what R and svglite really draw is not.

use disclosure::{Context, File, Findings, Kind, Remedy, Rule, Rules, Verdict, check, mend};

const TABLE: &str = "time,n.risk,n.event,surv\n0,9348,0,1\n365,9062,77,0.9917\n730,8211,75,0.9832\n\
    1095,7246,64,0.9751\n1460,6282,62,0.9662\n1825,5453,56,0.9569\n2190,4697,49,0.9477\n";

fn checked(svg: &str) -> Findings {
    let kind = Kind::Figure { table: Some("km.csv".into()) };
    let file =
        File { name: "km.svg", bytes: svg.as_bytes(), kind: &kind, table: Some(TABLE.as_bytes()) };
    check(&file, &Rules::default(), &Context::default())
}

fn within(inside: &str) -> String {
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' \
         viewBox='0 0 100 100'>{inside}</svg>"
    )
}

/// A step curve as svglite draws it, with axes and words.
const CURVE: &str = "<defs><style type='text/css'><![CDATA[ .svglite line, .svglite polyline { fill: none; \
    stroke: #000000; stroke-linecap: round; } .svglite text { white-space: pre; } ]]></style></defs>\
    <rect width='100%' height='100%' style='stroke: none; fill: #FFFFFF;'/>\
    <defs><clipPath id='cpMC4wMHw1MDQuMDB8MC4wMHwzNjAuMDA='><rect x='0' y='0' width='504' height='360'/></clipPath></defs>\
    <g clip-path='url(#cpMC4wMHw1MDQuMDB8MC4wMHwzNjAuMDA=)'>\
    <polyline points='74.40,67.47 95.73,67.47 95.73,74.60 117.07,74.60 117.07,81.84 138.40,81.84' style='stroke-width: 0.75;'/>\
    <line x1='74.40' y1='286.56' x2='425.08' y2='286.56' style='stroke-width: 0.75;'/>\
    <text x='74.40' y='312.48' text-anchor='middle' style='font-size: 12.00px; font-family: \"Liberation Sans\";' \
    textLength='7.64px' lengthAdjust='spacingAndGlyphs'>0</text></g>";

#[test]
fn what_people_draw_passes_beside_its_table() {
    let findings = checked(&within(CURVE));
    assert_eq!(findings.verdict, Verdict::Pass, "{:#?}", findings.findings);
    assert_eq!(findings.taken_for, "figure");
}

/// Each trick, and the rule that must see it.
const TRICKS: &[(&str, Rule)] = &[
    // Something that runs.
    ("<script>alert(1)</script>", Rule::ActiveContent),
    ("<script href='x.js'/>", Rule::ActiveContent),
    ("<SCRIPT>alert(1)</SCRIPT>", Rule::ActiveContent),
    ("<s:script xmlns:s='http://www.w3.org/2000/svg'>alert(1)</s:script>", Rule::ActiveContent),
    ("<g onload='alert(1)'/>", Rule::ActiveContent),
    ("<g ONMOUSEOVER='alert(1)'/>", Rule::ActiveContent),
    ("<g on\u{77}heel='alert(1)'/>", Rule::ActiveContent),
    ("<rect width='1' height='1' onfocusin='alert(1)'/>", Rule::ActiveContent),
    ("<a xlink:href='javascript:alert(1)'><text>x</text></a>", Rule::ActiveContent),
    ("<a href='java&#9;script:alert(1)'><text>x</text></a>", Rule::ActiveContent),
    ("<a href='&#106;avascript:alert(1)'><text>x</text></a>", Rule::ActiveContent),
    ("<use href=' javascript:alert(1)'/>", Rule::ActiveContent),
    (
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'><b>x</b></body></foreignObject>",
        Rule::ActiveContent,
    ),
    ("<iframe src='http://example.org'/>", Rule::ActiveContent),
    ("<set attributeName='href' to='javascript:alert(1)'/>", Rule::ActiveContent),
    ("<animate attributeName='x' from='0' to='1' begin='0s'/>", Rule::ActiveContent),
    ("<animateTransform attributeName='transform' type='rotate'/>", Rule::ActiveContent),
    ("<handler type='application/ecmascript'>x</handler>", Rule::ActiveContent),
    // Each of them with nothing else about it.
    ("<foreignObject/>", Rule::ActiveContent),
    ("<iframe/>", Rule::ActiveContent),
    ("<embed/>", Rule::ActiveContent),
    ("<object/>", Rule::ActiveContent),
    ("<listener/>", Rule::ActiveContent),
    ("<animateMotion/>", Rule::ActiveContent),
    ("<animateColor/>", Rule::ActiveContent),
    ("<set/>", Rule::ActiveContent),
    ("<discard/>", Rule::ActiveContent),
    ("<audio/>", Rule::ActiveContent),
    ("<video/>", Rule::ActiveContent),
    // Where no link belongs, so that only what it says gives it away.
    ("<g fill='javascript:alert(1)'/>", Rule::ActiveContent),
    ("<g fill='java&#9;script:alert(1)'/>", Rule::ActiveContent),
    ("<g fill='vbscript:x'/>", Rule::ActiveContent),
    ("<g fill='&x;'/>", Rule::ActiveContent),
    ("<text>&x;</text>", Rule::ActiveContent),
    // Something from outside.
    ("<use href='http://example.org/a.svg#x'/>", Rule::ActiveContent),
    ("<use xlink:href='//example.org/a.svg#x'/>", Rule::ActiveContent),
    ("<use href='a.svg#x'/>", Rule::ActiveContent),
    ("<use href='data:image/svg+xml;base64,PHN2Zy8+#x'/>", Rule::ActiveContent),
    ("<image href='http://example.org/pixel.png' width='1' height='1'/>", Rule::ActiveContent),
    (
        "<image xlink:href='data:image/png;base64,iVBORw0KGgo=' width='1' height='1'/>",
        Rule::ActiveContent,
    ),
    ("<textPath href='file:///etc/passwd'>x</textPath>", Rule::ActiveContent),
    ("<linearGradient id='a' href='http://example.org/#b'/>", Rule::ActiveContent),
    ("<g href='#a'/>", Rule::ActiveContent),
    ("<g src='#a'/>", Rule::ActiveContent),
    ("<g xmlns='http://www.w3.org/1999/xhtml'/>", Rule::ActiveContent),
    ("<g xmlns:xlink='http://example.org/'/>", Rule::ActiveContent),
    ("<g xmlns:svg='http://example.org/'/>", Rule::ActiveContent),
    ("<g xmlns:ev='http://www.w3.org/2001/xml-events'/>", Rule::Disallowed),
    ("<?xml-stylesheet href='http://example.org/x.css'?>", Rule::ActiveContent),
    ("<style>@import url(http://example.org/x.css);</style>", Rule::Disallowed),
    ("<style>rect { fill: url(http://example.org/x.svg#a) }</style>", Rule::Disallowed),
    ("<style>@font-face { font-family: x; src: url(x.woff) }</style>", Rule::Disallowed),
    ("<style>rect { f\\69ll: u\\72l(x) }</style>", Rule::Disallowed),
    ("<rect style='fill:url(http://example.org/#a)' width='1' height='1'/>", Rule::Disallowed),
    (
        "<rect style='fill:url(&quot;//example.org/#a&quot;)' width='1' height='1'/>",
        Rule::Disallowed,
    ),
    ("<rect fill='url(http://example.org/#a)' width='1' height='1'/>", Rule::Disallowed),
    ("<rect style='width:expression(alert(1))' width='1' height='1'/>", Rule::Disallowed),
    ("<rect style='fill:image-set(\"x.png\" 1x)' width='1' height='1'/>", Rule::Disallowed),
    ("<filter id='f'><feImage href='http://example.org/x'/></filter>", Rule::Disallowed),
    ("<mask id='m'><rect width='1' height='1'/></mask>", Rule::Disallowed),
    ("<g mask='url(http://example.org/#m)'/>", Rule::Disallowed),
    ("<cursor href='http://example.org/x.png'/>", Rule::Disallowed),
    ("<font-face-uri href='http://example.org/x.woff'/>", Rule::Disallowed),
    ("<switch><g/></switch>", Rule::Disallowed),
    ("<unknown/>", Rule::Disallowed),
    ("<g mask='url(#m)'/>", Rule::Disallowed),
    ("<g fill='url(x)'/>", Rule::Disallowed),
    ("<g fill='a{b}'/>", Rule::Disallowed),
    ("<g font-family='javascript'/>", Rule::Disallowed),
    ("<g font-family='data:x'/>", Rule::Disallowed),
    ("<g font-family='http:x'/>", Rule::Disallowed),
    ("<g font-family='https:x'/>", Rule::Disallowed),
    ("<g font-family='file:x'/>", Rule::Disallowed),
    ("<g font-family='//x'/>", Rule::Disallowed),
    ("<g font-family='import x'/>", Rule::Disallowed),
    ("<path d='M 0 0 forty seven'/>", Rule::Disallowed),
    // Something that nobody sees.
    ("<!-- 47;51;38 -->", Rule::HiddenText),
    ("<metadata/>", Rule::HiddenText),
    ("<metadata><x>47;51;38</x></metadata>", Rule::HiddenText),
    ("<g><![CDATA[47;51;38]]></g>", Rule::HiddenText),
    ("<g>47;51;38</g>", Rule::HiddenText),
    ("<g data-rows='47;51;38'/>", Rule::Disallowed),
    ("<g inkscape:label='47'/>", Rule::Disallowed),
    ("<g class='x\u{200b}y'/>", Rule::Disallowed),
    ("<text>x\u{200b}\u{200c}\u{200b}</text>", Rule::HiddenText),
    ("<text>aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxk</text>", Rule::Payload),
    ("<text>010203-1234</text>", Rule::Identifier),
    ("<g font-family='aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxk'/>", Rule::Payload),
    ("<g font-family='born 010203-1234'/>", Rule::Identifier),
];

/// Whether the picture is refused, and by that rule among others.
fn refused_by(svg: &str, rule: Rule) -> bool {
    let findings = checked(svg);
    findings.verdict == Verdict::Refuse
        && findings.findings.iter().any(|finding| finding.rule == rule)
}

#[test]
fn every_trick_is_seen() {
    let unseen: Vec<&str> = TRICKS
        .iter()
        .filter(|(trick, rule)| !refused_by(&within(&format!("{CURVE}{trick}")), *rule))
        .map(|(trick, _)| *trick)
        .collect();
    assert!(unseen.is_empty(), "{unseen:#?}");
}

#[test]
fn values_that_are_longer_than_a_figure_needs_are_seen() {
    let style = format!("<rect width='1' height='1' style='{}'/>", "fill:none;".repeat(61));
    let value = format!("<g font-family='{}'/>", "Sans, ".repeat(70));
    for long in [style, value] {
        assert!(refused_by(&within(&format!("{CURVE}{long}")), Rule::Disallowed), "{long}");
    }
}

#[test]
fn tricks_with_the_document_itself_are_seen() {
    let bomb = "<!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>\
                <svg xmlns='http://www.w3.org/2000/svg'><text>&b;</text></svg>";
    let unused = "<!DOCTYPE svg [<!ENTITY a '47;51;38'>]><svg xmlns='http://www.w3.org/2000/svg'/>";
    let outside =
        "<!DOCTYPE svg SYSTEM 'http://example.org/x.dtd'><svg xmlns='http://www.w3.org/2000/svg'/>";
    let other = "<svg xmlns='http://www.w3.org/1999/xhtml'><path d='M 0 0'/></svg>";
    let page = "<html><body><svg/></body></html>";
    let unclosed = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)";
    let twice = "<svg xmlns='http://www.w3.org/2000/svg' width='1' width='2'/>";
    let tail = "<svg xmlns='http://www.w3.org/2000/svg'/><script>alert(1)</script>";
    for text in [bomb, unused, outside, other] {
        assert!(refused_by(text, Rule::ActiveContent), "{text}");
    }
    // No picture at all, whatever else is wrong with it.
    for text in [page, unclosed, twice, tail] {
        let findings = checked(text);
        assert_eq!(findings.verdict, Verdict::Refuse, "{text}");
        assert_eq!(findings.taken_for, "text", "{text}");
    }
}

#[test]
fn what_only_hides_is_stripped_and_what_runs_is_not() {
    let kind = Kind::Figure { table: Some("km.csv".into()) };
    let mended = |svg: &str| {
        let file = File {
            name: "km.svg",
            bytes: svg.as_bytes(),
            kind: &kind,
            table: Some(TABLE.as_bytes()),
        };
        mend(&file, &Rules::default(), &Context::default())
    };
    // As matplotlib writes it.
    let hidden = format!(
        "<?xml version='1.0' encoding='utf-8'?><!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \
         \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">{}",
        within(&format!(
            "<metadata><rdf:RDF><x>47</x></rdf:RDF></metadata><!-- 47 -->{CURVE}<g data-x='1'/>"
        ))
    );
    assert!(checked(&hidden).findings.iter().any(|f| f.mend == Some(Remedy::Strip)));
    let stripped = mended(&hidden).expect("a mend");
    assert_eq!(stripped.findings.verdict, Verdict::Pass, "{:#?}", stripped.findings);
    let text = String::from_utf8(stripped.bytes).unwrap();
    assert!(
        !text.contains("47;") && !text.contains("metadata") && !text.contains("data-x"),
        "{text}"
    );
    assert!(
        text.contains("polyline points='74.40") || text.contains("polyline points=\"74.40"),
        "{text}"
    );
    assert!(mended(&within("<script>alert(1)</script><!-- x -->")).is_err());
}
