//! What a file is, told from its bytes and not from its name.

use serde::{Deserialize, Serialize};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Text that is none of the next three.
    Text,
    /// Text that R, Python, SQL or a shell reads as a program, by its name.
    Code,
    /// A notebook of Jupyter.
    Notebook,
    /// Text in columns: CSV and its kin.
    Table,
    /// Columns in binary: Parquet, Arrow, R data, SPSS, Stata, SAS, HDF5.
    Data,
    /// A picture in pixels.
    Picture,
    /// A PDF.
    Pdf,
    /// A document or workbook of an office program, without macros.
    Office,
    /// A git bundle: the history of a piece of code.
    GitBundle,
    /// A zip or tar.
    Archive,
    /// One file, compressed: gzip or zstd.
    Compressed,
    /// Compressed in a way that is not looked into.
    Sealed,
    /// A program for a machine: ELF, PE, Mach-O, Java, WebAssembly.
    Program,
    /// A file of an office program that may hold macros or foreign objects: OLE 2, and
    /// those that are text (RTF, Word 2003's XML, flat `OpenDocument`, MHTML).
    OldOffice,
    /// Objects of Python that run code when they are read (pickle).
    Pickle,
    /// Nothing that is known.
    Unknown,
}

impl Content {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Text,
        Self::Code,
        Self::Notebook,
        Self::Table,
        Self::Data,
        Self::Picture,
        Self::Pdf,
        Self::Office,
        Self::GitBundle,
        Self::Archive,
        Self::Compressed,
        Self::Sealed,
        Self::Program,
        Self::OldOffice,
        Self::Pickle,
        Self::Unknown,
    ];

    /// The same word as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Code => "code",
            Self::Notebook => "notebook",
            Self::Table => "table",
            Self::Data => "data",
            Self::Picture => "picture",
            Self::Pdf => "pdf",
            Self::Office => "office",
            Self::GitBundle => "git-bundle",
            Self::Archive => "archive",
            Self::Compressed => "compressed",
            Self::Sealed => "sealed",
            Self::Program => "program",
            Self::OldOffice => "old-office",
            Self::Pickle => "pickle",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it is text that a person can read line by line.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Code | Self::Notebook | Self::Table)
    }

    /// Whether it is code and nothing else: what a rule may admit.
    pub const fn is_code(self) -> bool {
        matches!(self, Self::Code | Self::Notebook)
    }
}

/// What a binary format begins with, and what it is.
const MAGIC: &[(&[u8], Content)] = &[
    (b"# v2 git bundle\n", Content::GitBundle),
    (b"# v3 git bundle\n", Content::GitBundle),
    (b"PK\x03\x04", Content::Archive),
    (b"PK\x05\x06", Content::Archive),
    (b"PK\x07\x08", Content::Archive),
    (b"\x1f\x8b", Content::Compressed),
    (b"\x28\xb5\x2f\xfd", Content::Compressed),
    (b"\xfd7zXZ\0", Content::Sealed),
    (b"BZh", Content::Sealed),
    (b"7z\xbc\xaf\x27\x1c", Content::Sealed),
    (b"Rar!\x1a\x07", Content::Sealed),
    (b"MSCF", Content::Sealed),
    (b"PAR1", Content::Data),
    (b"ARROW1", Content::Data),
    (b"RDX2\n", Content::Data),
    (b"RDX3\n", Content::Data),
    (b"X\n\0\0\0", Content::Data),
    (b"$FL2", Content::Data),
    (b"$FL3", Content::Data),
    (b"<stata_dta>", Content::Data),
    (b"HEADER RECORD*******", Content::Data),
    (b"\x89HDF\r\n\x1a\n", Content::Data),
    (b"%PDF-", Content::Pdf),
    (b"\x89PNG\r\n\x1a\n", Content::Picture),
    (b"\xff\xd8\xff", Content::Picture),
    (b"GIF87a", Content::Picture),
    (b"GIF89a", Content::Picture),
    (b"II*\0", Content::Picture),
    (b"MM\0*", Content::Picture),
    (b"\x7fELF", Content::Program),
    (b"MZ", Content::Program),
    (b"\xca\xfe\xba\xbe", Content::Program),
    (b"\xfe\xed\xfa\xce", Content::Program),
    (b"\xfe\xed\xfa\xcf", Content::Program),
    (b"\xce\xfa\xed\xfe", Content::Program),
    (b"\xcf\xfa\xed\xfe", Content::Program),
    (b"!<arch>\n", Content::Program),
    (b"\0asm", Content::Program),
    (b"dex\n", Content::Program),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Content::OldOffice),
    (b"\x80\x02", Content::Pickle),
    (b"\x80\x03", Content::Pickle),
    (b"\x80\x04", Content::Pickle),
    (b"\x80\x05", Content::Pickle),
];

/// Where a tar says what it is (POSIX.1-1988, `ustar`).
const TAR: (usize, &[u8]) = (257, b"ustar");

/// Where a data file of SAS says what it is.
const SAS: (usize, &[u8]) = (12, b"\xc2\xea\x81\x60\xb3\x14\x11\xcf");

/// How much of a file [`by_magic`] wants to see.
pub(crate) const HEAD: usize = 512;

/// What a file is by what it begins with; nothing when no binary format does.
pub(crate) fn by_magic(head: &[u8]) -> Option<Content> {
    if let Some((_, content)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        // Two letters are few: a text may begin with them.
        let is_text = *content == Content::Program && head.starts_with(b"MZ") && is_text(head);
        let is_text = is_text || (head.starts_with(b"BZh") && is_text_beyond(head, 4));
        return if is_text { None } else { Some(*content) };
    }
    if is_office_in_text(head) {
        return Some(Content::OldOffice);
    }
    for ((at, magic), content) in [(TAR, Content::Archive), (SAS, Content::Data)] {
        if head.get(at..).is_some_and(|rest| rest.starts_with(magic)) {
            return Some(content);
        }
    }
    None
}

/// Whether a text is a document of an office program that may have macros or objects in it.
fn is_office_in_text(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let says = |what: &[u8]| head.windows(what.len()).any(|part| part.eq_ignore_ascii_case(what));
    head.starts_with(b"{\\rtf")
        || (head.starts_with(b"<")
            && [&b"<?mso-application"[..], b"<office:document", b"<w:worddocument"]
                .iter()
                .any(|what| says(what)))
        || (says(b"mime-version:") && says(b"multipart/related"))
}

fn is_text_beyond(head: &[u8], at: usize) -> bool {
    head.get(at..).is_some_and(is_text)
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| is_of_text(*byte))
}

/// Whether a text may have this byte: everything but control characters other
/// than the tabulator, the ends of lines and pages, and escape.
pub(crate) const fn is_of_text(byte: u8) -> bool {
    !matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f)
}

/// What ends the name of a program in text.
const CODE: &[&str] = &[
    "r",
    "rmd",
    "rnw",
    "qmd",
    "py",
    "sql",
    "sh",
    "do",
    "sas",
    "sps",
    "jl",
    "stan",
    "bugs",
    "makefile",
    "dockerfile",
    "rproj",
];

/// What a text is, by its name and its first lines.
pub(crate) fn of_text(name: &str, head: &str) -> Content {
    let base = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let ending = base.rsplit('.').next().unwrap_or_default();
    if ending == "ipynb" && head.trim_start().starts_with('{') {
        Content::Notebook
    } else if matches!(ending, "csv" | "tsv" | "tab" | "psv") || has_columns(head) {
        // Before the name: a table is one by whatever name.
        Content::Table
    } else if CODE.contains(&ending) {
        Content::Code
    } else {
        Content::Text
    }
}

/// Whether the first whole lines have the same number of columns, by one of the
/// usual delimiters.
fn has_columns(head: &str) -> bool {
    let mut lines: Vec<&str> = head.lines().filter(|line| !line.is_empty()).take(12).collect();
    if !head.ends_with('\n') && lines.len() > 1 {
        lines.pop();
    }
    let (Some(first), true) = (lines.first(), lines.len() > 2) else { return false };
    [';', '\t', '|', ','].into_iter().any(|delimiter| {
        let columns = |line: &str| line.matches(delimiter).count();
        columns(first) > 0 && lines.iter().all(|line| columns(line) == columns(first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_the_same_word_in_json() {
        for content in Content::ALL {
            assert_eq!(serde_json::to_value(content).unwrap(), content.as_str());
        }
    }

    #[test]
    fn the_bytes_say_what_a_file_is_and_not_its_name() {
        assert_eq!(by_magic(b"\x7fELF\x02\x01\x01"), Some(Content::Program));
        assert_eq!(by_magic(b"PK\x03\x04\x14\0"), Some(Content::Archive));
        let mut tar = vec![0_u8; HEAD];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(by_magic(&tar), Some(Content::Archive));
        assert_eq!(by_magic(b"id;sex\n1;f\n"), None);
    }

    #[test]
    fn office_documents_that_are_text_are_no_text() {
        for head in [
            &b"{\\rtf1\\ansi {\\object\\objemb"[..],
            b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<?mso-application progid=\"Word.Document\"?>",
            b"<?xml version=\"1.0\"?>\n<office:document xmlns:office=\"urn:oasis\">",
            b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=\"x\"\n",
        ] {
            assert_eq!(by_magic(head), Some(Content::OldOffice), "{head:?}");
        }
        assert_eq!(by_magic(b"# how to read <office:document in R\n"), None);
        assert_eq!(by_magic(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), None);
    }

    #[test]
    fn a_text_that_begins_like_a_program_is_a_text() {
        assert_eq!(by_magic(b"MZ is the initial of somebody\n"), None);
        assert_eq!(by_magic(b"MZ\x90\0\x03\0"), Some(Content::Program));
        assert_eq!(by_magic(b"BZhang, 2019\n"), None);
        assert_eq!(by_magic(b"BZh91AY&SY\x01\x02\x03"), Some(Content::Sealed));
    }

    #[test]
    fn a_text_is_told_by_its_name_and_its_columns() {
        assert_eq!(of_text("analysis.R", "library(survival)\n"), Content::Code);
        assert_eq!(of_text("a/b/Makefile", "all:\n"), Content::Code);
        assert_eq!(of_text("x.ipynb", "{\"cells\": []}"), Content::Notebook);
        assert_eq!(of_text("x.ipynb", "hello"), Content::Text);
        for name in ["people.R", "people.py", "people.yaml"] {
            assert_eq!(of_text(name, "id;name\n1;a\n2;b\n3;c\n"), Content::Table, "{name}");
        }
        assert_eq!(of_text("config.toml", "a = 1\n"), Content::Text);
        assert_eq!(of_text("codes.txt", "code;name\na;b\nc;d\ne;f\n"), Content::Table);
        assert_eq!(
            of_text("read.txt", "First, a word.\nThen more.\nAnd more, still.\n"),
            Content::Text
        );
    }
}
