//! A file's bytes cut into blocks of whole records, in bounded memory.

use memchr::{memchr, memchr_iter, memrchr};

use super::fault::FileFault;
use super::record::{Dialect, End, MAX_RECORD};
use super::unpack::Unpacked;

/// About so many bytes make a block.
const BLOCK: usize = 1 << 20;

/// So much of a record that is too large is kept for whoever looks at it.
const SAMPLE: usize = 1 << 16;

/// Where plain bytes come from.
pub(crate) trait Plain {
    /// Fills as much of `buffer` as there is; less than all of it only at the end.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, FileFault>;
}

impl Plain for Unpacked {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, FileFault> {
        Self::fill(self, buffer)
    }
}

/// Whole records, one after another. No `Debug`: they hold names and numbers.
pub(crate) struct Block {
    pub(crate) bytes: Vec<u8>,
    pub(crate) shape: Shape,
    /// The line that the first record begins on; the first of the file is 1.
    pub(crate) line: u64,
}

/// How a block is cut into records.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// There is no quote: each line is a record.
    Lines,
    /// Records end at these places.
    Records(Vec<usize>),
    /// One record that is larger than a record may be, and only its beginning.
    TooLarge,
}

/// Cuts a file into blocks.
pub(crate) struct Splitter<P> {
    plain: P,
    dialect: Dialect,
    buffer: Vec<u8>,
    at_end: bool,
    /// Inside a line that was too large: everything up to its end is passed over.
    skipping: bool,
    line: u64,
}

impl<P: Plain> Splitter<P> {
    pub(crate) fn new(plain: P, dialect: Dialect) -> Self {
        Self { plain, dialect, buffer: Vec::new(), at_end: false, skipping: false, line: 1 }
    }

    /// Reads about a block more.
    fn more(&mut self) -> Result<(), FileFault> {
        let had = self.buffer.len();
        self.buffer.resize(had + BLOCK, 0);
        let count = self.plain.fill(self.buffer.get_mut(had..).unwrap_or_default())?;
        self.buffer.truncate(had + count);
        self.at_end = count < BLOCK;
        Ok(())
    }

    /// The first line with its byte order mark, if any, taken off.
    pub(crate) fn header(&mut self) -> Result<Vec<u8>, FileFault> {
        self.more()?;
        match self.buffer.as_slice() {
            [] => return Err(FileFault::Empty),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Err(FileFault::Utf16),
            _ => {}
        }
        let end = loop {
            match self.dialect.end(&self.buffer, self.at_end) {
                End::At(end) => break end,
                End::Beyond => self.more()?,
            }
        };
        let first = self.buffer.get(..end).unwrap_or_default();
        let line_end = first.ends_with(b"\n");
        if !line_end || end > MAX_RECORD {
            let start = first.get(..SAMPLE.min(end)).unwrap_or_default();
            if memchr(b'\r', start.trim_ascii_end()).is_some() {
                return Err(FileFault::CarriageReturns);
            }
            if !self.at_end || end > MAX_RECORD {
                return Err(FileFault::NoLines(MAX_RECORD));
            }
        }
        Ok(self.cut(end))
    }

    /// Takes the first `end` bytes off the buffer.
    fn cut(&mut self, end: usize) -> Vec<u8> {
        let rest = self.buffer.get(end..).unwrap_or_default();
        let mut next = Vec::with_capacity(rest.len() + BLOCK);
        next.extend_from_slice(rest);
        self.buffer.truncate(end);
        self.line += memchr_iter(b'\n', &self.buffer).count() as u64;
        std::mem::replace(&mut self.buffer, next)
    }

    /// The next block; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<Block>, FileFault> {
        loop {
            if self.skipping {
                if let Some(at) = memchr(b'\n', &self.buffer) {
                    self.cut(at + 1);
                    self.skipping = false;
                } else {
                    self.buffer.clear();
                }
            }
            if self.buffer.is_empty() && self.at_end {
                return Ok(None);
            }
            if self.buffer.len() < BLOCK && !self.at_end {
                self.more()?;
            }
            if self.skipping {
                continue;
            }
            let line = self.line;
            if memchr(b'"', &self.buffer).is_none() {
                let end = if self.at_end {
                    Some(self.buffer.len())
                } else {
                    memrchr(b'\n', &self.buffer).map(|at| at + 1)
                };
                match end {
                    Some(0) => return Ok(None),
                    Some(end) => {
                        let bytes = self.cut(end);
                        return Ok(Some(Block { bytes, shape: Shape::Lines, line }));
                    }
                    None if self.buffer.len() > MAX_RECORD => return Ok(Some(self.too_large())),
                    None => self.more()?,
                }
                continue;
            }
            let mut ends = Vec::new();
            let mut at = 0;
            while let Some(rest) = self.buffer.get(at..).filter(|rest| !rest.is_empty()) {
                match self.dialect.end(rest, self.at_end) {
                    End::Beyond => break,
                    // A line without an end: it is told as too large when it
                    // stands first in the buffer.
                    End::At(end) if !self.at_end && rest.get(end - 1) != Some(&b'\n') => break,
                    End::At(end) => {
                        at += end;
                        ends.push(at);
                    }
                }
            }
            if at > 0 {
                let bytes = self.cut(at);
                return Ok(Some(Block { bytes, shape: Shape::Records(ends), line }));
            }
            if self.buffer.len() > 2 * MAX_RECORD {
                return Ok(Some(self.too_large()));
            }
            self.more()?;
        }
    }

    fn too_large(&mut self) -> Block {
        let line = self.line;
        let mut bytes = std::mem::take(&mut self.buffer);
        self.skipping = true;
        bytes.truncate(SAMPLE);
        bytes.shrink_to_fit();
        Block { bytes, shape: Shape::TooLarge, line }
    }

    /// The source of the bytes, once all have been read.
    pub(crate) fn into_plain(self) -> P {
        self.plain
    }
}

impl Block {
    /// Each record without its line end, with the line it begins on. Empty
    /// lines are no records.
    pub(crate) fn records(&self) -> Records<'_> {
        Records { block: self, at: 0, next: 0, line: self.line }
    }
}

/// See [`Block::records`].
pub(crate) struct Records<'a> {
    block: &'a Block,
    at: usize,
    next: usize,
    line: u64,
}

impl<'a> Iterator for Records<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.block.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
            let line = self.line;
            let whole = match &self.block.shape {
                Shape::Lines => {
                    self.line += 1;
                    let end = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
                    rest.get(..end)?
                }
                Shape::Records(ends) => {
                    let end = *ends.get(self.next)?;
                    self.next += 1;
                    let whole = self.block.bytes.get(self.at..end)?;
                    self.line += memchr_iter(b'\n', whole).count() as u64;
                    whole
                }
                Shape::TooLarge => rest,
            };
            self.at += whole.len();
            let record = super::record::without_line_end(whole);
            if !record.is_empty() {
                return Some((line, record));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out at most `step` bytes of `bytes` at a time… as a whole, as
    /// [`Plain::fill`] promises.
    struct Slice<'a>(&'a [u8]);

    impl Plain for Slice<'_> {
        fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, FileFault> {
            let count = buffer.len().min(self.0.len());
            let (now, later) = self.0.split_at(count);
            buffer[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn records(text: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let dialect = Dialect { delimiter: b',', fields: 3 };
        let mut splitter = Splitter::new(Slice(text), dialect);
        let mut all = Vec::new();
        while let Some(block) = splitter.next().unwrap() {
            assert!(block.bytes.len() <= 4 * MAX_RECORD);
            all.extend(block.records().map(|(line, record)| (line, record.to_vec())));
        }
        all
    }

    #[test]
    fn lines_are_numbered_and_empty_ones_passed_over() {
        let read = records(b"a,b,c\r\n\r\n1,\"x\ny\",3\n\n4,5,6");
        let expected: [(u64, &[u8]); 3] = [(1, b"a,b,c"), (3, b"1,\"x\ny\",3"), (6, b"4,5,6")];
        assert_eq!(read, expected.map(|(line, text)| (line, text.to_vec())));
    }

    #[test]
    fn a_line_of_any_length_is_cut_down_and_the_next_is_read() {
        for quote in [&b""[..], b"\""] {
            let mut text = b"1,2,3\n4,".to_vec();
            text.extend_from_slice(quote);
            text.resize(text.len() + 9 * MAX_RECORD, b'x');
            text.extend_from_slice(b"\n7,8,9\n");
            let read = records(&text);
            assert_eq!(read.len(), 3);
            assert_eq!(read[1].0, 2);
            assert_eq!(read[1].1.len(), SAMPLE);
            assert_eq!(read[2], (3, b"7,8,9".to_vec()));
        }
    }

    #[test]
    fn blocks_do_not_change_what_the_records_are() {
        let mut text = Vec::new();
        let mut expected = Vec::new();
        for row in 0..200_000_u64 {
            let record = if row % 7 == 0 {
                format!("{row},\"a \"\"b\"\"\nc\",x")
            } else {
                format!("{row},plain,x")
            };
            let line = 1 + row + row.div_ceil(7);
            expected.push((line, record.clone().into_bytes()));
            text.extend_from_slice(record.as_bytes());
            text.push(b'\n');
        }
        assert!(text.len() > 2 * BLOCK);
        assert_eq!(records(&text), expected);
    }

    proptest::proptest! {
        #[test]
        fn no_byte_is_lost_or_made_up(bytes in proptest::collection::vec(proptest::sample::select(b"\",\n\rab".to_vec()), 0..300)) {
            let kept: Vec<u8> = records(&bytes).into_iter().flat_map(|(_, record)| record).collect();
            let plain = |bytes: &[u8]| bytes.iter().copied().filter(|b| !b"\r\n".contains(b)).collect::<Vec<_>>();
            proptest::prop_assert_eq!(plain(&kept), plain(&bytes));
        }
    }
}
