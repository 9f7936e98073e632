//! What a desktop tells: updates of the screen pass, the clipboard is dropped, and
//! what is neither ends the connection.

use super::encoding::{COPY, CURSOR, RAW, SIZE, ZRLE};
use super::{Broken, Screen, i32_at, u16_at};

/// A pointer's shape has no longer side, pixels.
const LONGEST_CURSOR: u16 = 256;

/// What compressing may add to an area that does not get smaller by it.
const SPARE: u64 = 64 << 10;

/// A text on the clipboard that is longer ends the connection: what is dropped must
/// not keep one busy for ever.
const LONGEST_CUT: u64 = 16 << 20;

/// Follows what a desktop tells. Made for one connection.
#[derive(Debug)]
pub struct Told {
    screen: Screen,
    step: Step,
    /// The beginning of what is read next.
    held: Vec<u8>,
    /// Areas of this update that are still to come.
    areas: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Which message.
    Kind,
    /// How many areas an update has.
    Update,
    /// Where an area is, and how it is written.
    Area,
    /// Where an area is copied from.
    Source((u16, u16)),
    /// How long a compressed area is: at most so long.
    Compressed(u64),
    /// How long a text on the clipboard is.
    Cut,
    /// So many bytes of an area.
    Pass(u64),
    /// So many bytes of what is dropped.
    Drop(u64),
}

impl Step {
    /// How many bytes say it.
    const fn length(self) -> usize {
        match self {
            Self::Kind => 1,
            Self::Update => 3,
            Self::Area => 12,
            Self::Source(_) | Self::Compressed(_) => 4,
            Self::Cut => 7,
            Self::Pass(_) | Self::Drop(_) => 0,
        }
    }
}

impl Told {
    /// Of a desktop with that screen, right after its greeting.
    pub const fn new(screen: Screen) -> Self {
        Self { screen, step: Step::Kind, held: Vec::new(), areas: 0 }
    }

    /// Reads what came, and puts what of it passes behind `passed`. After an error
    /// nothing of what follows means anything.
    pub fn read(&mut self, mut bytes: &[u8], passed: &mut Vec<u8>) -> Result<(), Broken> {
        while !bytes.is_empty() {
            let wanted = match self.step {
                Step::Pass(left) | Step::Drop(left) => left,
                step => (step.length() - self.held.len()) as u64,
            };
            let count = usize::try_from(wanted).unwrap_or(usize::MAX).min(bytes.len());
            let (now, rest) = bytes.split_at(count);
            bytes = rest;
            let left = wanted - count as u64;
            match self.step {
                Step::Pass(_) => {
                    passed.extend(now);
                    self.step = Step::Pass(left);
                    if left == 0 {
                        self.next_area();
                    }
                }
                Step::Drop(_) if left == 0 => self.step = Step::Kind,
                Step::Drop(_) => self.step = Step::Drop(left),
                step => {
                    self.held.extend(now);
                    if left == 0 {
                        let held = std::mem::take(&mut self.held);
                        self.step = self.follow(step, &held, passed)?;
                        if self.step == Step::Pass(0) {
                            self.next_area();
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn next_area(&mut self) {
        self.areas = self.areas.saturating_sub(1);
        self.step = if self.areas == 0 { Step::Kind } else { Step::Area };
    }

    /// What comes after `step`, of which `said` is the whole.
    fn follow(&mut self, step: Step, said: &[u8], passed: &mut Vec<u8>) -> Result<Step, Broken> {
        match step {
            Step::Kind => match said.first() {
                Some(0) => Ok(Step::Update),
                // A bell is no picture.
                Some(2) => Ok(Step::Kind),
                Some(3) => Ok(Step::Cut),
                // Colours of a palette (1) do not go with our pixels; all others
                // are of extensions that nobody asked for.
                _ => Err(Broken::Room("a message of a kind that it was not asked for")),
            },
            Step::Update => {
                self.areas = u16_at(said, 1);
                if self.areas == u16::MAX {
                    return Err(Broken::Room("an update without an end"));
                }
                passed.extend([0, 0]);
                passed.extend(self.areas.to_be_bytes());
                Ok(if self.areas == 0 { Step::Kind } else { Step::Area })
            }
            Step::Area => self.area(said, passed),
            Step::Source(size) => {
                if !self.screen.holds((u16_at(said, 0), u16_at(said, 2)), size) {
                    return Err(Broken::Room("an area is copied from beside its screen"));
                }
                passed.extend(said);
                Ok(Step::Pass(0))
            }
            Step::Compressed(most) => {
                let length = u64::from(i32_at(said, 0).cast_unsigned());
                if length > most {
                    return Err(Broken::Room("an area is longer than its pixels"));
                }
                passed.extend(said);
                Ok(Step::Pass(length))
            }
            Step::Cut => {
                // The extended clipboard says its length as a negative number.
                let length = u64::from(i32_at(said, 3).unsigned_abs());
                if length > LONGEST_CUT {
                    return Err(Broken::Room("a text on its clipboard is too long"));
                }
                Ok(if length == 0 { Step::Kind } else { Step::Drop(length) })
            }
            Step::Pass(_) | Step::Drop(_) => Ok(step),
        }
    }

    fn area(&mut self, said: &[u8], passed: &mut Vec<u8>) -> Result<Step, Broken> {
        let at = (u16_at(said, 0), u16_at(said, 2));
        let size = (u16_at(said, 4), u16_at(said, 6));
        let (width, height) = (u64::from(size.0), u64::from(size.1));
        let pixels = width * height * 4;
        let kind = i32_at(said, 8);
        if kind != CURSOR && kind != SIZE && !self.screen.holds(at, size) {
            return Err(Broken::Room("an area lies beside its screen"));
        }
        let next = match kind {
            RAW => Step::Pass(pixels),
            COPY => Step::Source(size),
            ZRLE => Step::Compressed(pixels + SPARE),
            CURSOR if size.0.max(size.1) <= LONGEST_CURSOR => {
                // Its pixels, and a bit for each that is there.
                Step::Pass(pixels + width.div_ceil(8) * height)
            }
            CURSOR => return Err(Broken::Room("its pointer is too large")),
            SIZE => {
                self.screen = Screen::of(size.0, size.1)?;
                Step::Pass(0)
            }
            _ => return Err(Broken::Room("an area is written in a way that it was not asked for")),
        };
        match kind {
            // Where the screen begins is nowhere.
            SIZE => passed.extend([0; 4]),
            _ => passed.extend(said.iter().take(4)),
        }
        passed.extend(said.iter().skip(4));
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen() -> Screen {
        Screen::of(64, 48).unwrap()
    }

    fn area(at: (u16, u16), size: (u16, u16), kind: i32, body: &[u8]) -> Vec<u8> {
        let mut area: Vec<u8> =
            [at.0, at.1, size.0, size.1].into_iter().flat_map(u16::to_be_bytes).collect();
        area.extend(kind.to_be_bytes());
        area.extend(body);
        area
    }

    fn update(areas: &[Vec<u8>]) -> Vec<u8> {
        let mut update = vec![0, 0];
        update.extend(u16::try_from(areas.len()).unwrap().to_be_bytes());
        update.extend(areas.concat());
        update
    }

    fn zrle(body: &[u8]) -> Vec<u8> {
        let mut zrle = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        zrle.extend(body);
        zrle
    }

    fn cut(length: i32, text: &[u8]) -> Vec<u8> {
        let mut cut = vec![3, 9, 9, 9];
        cut.extend(length.to_be_bytes());
        cut.extend(text);
        cut
    }

    /// What passes of `bytes`, however they are cut.
    fn passed(bytes: &[u8]) -> Result<Vec<u8>, Broken> {
        let whole = passed_by(bytes, bytes.len().max(1));
        for size in [1, 2, 3, 7, 64] {
            let cut = passed_by(bytes, size);
            assert_eq!(cut.is_ok(), whole.is_ok(), "by {size}");
            if whole.is_ok() {
                assert_eq!(cut, whole, "by {size}");
            }
        }
        whole
    }

    fn passed_by(bytes: &[u8], size: usize) -> Result<Vec<u8>, Broken> {
        let (mut told, mut passed) = (Told::new(screen()), Vec::new());
        for part in bytes.chunks(size) {
            told.read(part, &mut passed)?;
        }
        Ok(passed)
    }

    #[test]
    fn every_way_of_drawing_that_is_asked_for_passes_as_it_is() {
        let cursor = [vec![5; 9 * 3 * 4], vec![1; 2 * 3]].concat();
        let drawn = [
            update(&[area((1, 2), (3, 4), RAW, &[7; 48])]),
            update(&[area((0, 0), (8, 8), COPY, &[0, 1, 0, 1])]),
            update(&[area((0, 0), (64, 48), ZRLE, &zrle(b"zlib"))]),
            update(&[area((4, 1), (9, 3), CURSOR, &cursor), area((0, 0), (0, 0), RAW, &[])]),
            update(&[]),
            update(&[area((0, 0), (32, 24), SIZE, &[])]),
            update(&[area((0, 0), (32, 24), ZRLE, &zrle(b""))]),
        ]
        .concat();
        assert_eq!(passed(&drawn).unwrap(), drawn);
    }

    #[test]
    fn the_clipboard_and_the_bell_do_not_pass() {
        let before = update(&[area((0, 0), (1, 1), RAW, b"abcd")]);
        let all = [
            before.clone(),
            cut(14, b"person 1: 4711"),
            vec![2],
            cut(0, b""),
            // The extended clipboard: the length is negative.
            cut(-8, b"\0\0\0\x01data"),
            before.clone(),
        ];
        assert_eq!(passed(&all.concat()).unwrap(), [before.clone(), before].concat());
        assert!(passed(&cut(i32::MIN, b"")).is_err());
        assert!(passed(&cut(i32::MAX, b"")).is_err());
    }

    #[test]
    fn what_a_message_leaves_free_is_written_anew() {
        let mut hidden = update(&[area((6, 7), (32, 24), SIZE, &[])]);
        hidden[1] = 47;
        assert_eq!(passed(&hidden).unwrap(), update(&[area((0, 0), (32, 24), SIZE, &[])]));
    }

    #[test]
    fn what_was_not_asked_for_ends_the_connection() {
        for kind in [1, 4, 150, 173, 248, 250, 255] {
            assert!(passed(&[kind, 0, 0, 0]).is_err(), "message {kind}");
        }
        // RRE, Hextile, Tight, H.264, the desktop's name, a fence, the last of many.
        for kind in [2, 5, 7, 50, -307, -312, -224, -308, -258, i32::MAX] {
            assert!(passed(&update(&[area((0, 0), (8, 8), kind, &[0; 64])])).is_err(), "{kind}");
        }
        assert!(passed(&[0, 0, 255, 255]).is_err(), "an update without an end");
    }

    #[test]
    fn an_area_lies_on_the_screen_and_is_no_longer_than_its_pixels() {
        let all = u16::MAX;
        for (at, size, kind) in [
            ((0, 0), (65, 48), RAW),
            ((1, 0), (64, 48), RAW),
            ((all, all), (all, all), RAW),
            ((0, 1), (64, 48), ZRLE),
            ((64, 0), (1, 1), COPY),
            ((0, 0), (257, 1), CURSOR),
            ((0, 0), (all, all), CURSOR),
            ((0, 0), (0, 1), SIZE),
            ((0, 0), (all, 1), SIZE),
        ] {
            assert!(passed(&update(&[area(at, size, kind, &[])])).is_err(), "{at:?} {size:?}");
        }
        let copied = area((0, 0), (8, 8), COPY, &[0, 57, 0, 0]);
        assert!(passed(&update(&[copied])).is_err(), "from beside the screen");
        for length in [u32::MAX, 1 << 31, 4 + 65_537] {
            let long = area((0, 0), (1, 1), ZRLE, &length.to_be_bytes());
            assert!(passed(&update(&[long])).is_err(), "{length}");
        }
        // The screen that counts is the one that was told last.
        let smaller = update(&[area((0, 0), (8, 8), SIZE, &[]), area((0, 0), (9, 8), RAW, &[])]);
        assert!(passed(&smaller).is_err());
    }

    /// Whatever comes, no more passes than came and a header's worth of zeroes; and
    /// nothing panics.
    #[test]
    fn of_noise_no_more_passes_than_came() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for round in 0..2_000_u64 {
            let mut noise = Vec::new();
            for _ in 0..64 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                // Small numbers: those that begin messages and areas.
                let [.., byte] = state.to_be_bytes();
                noise.push(byte & if round % 2 == 0 { 3 } else { 0xff });
            }
            let (mut told, mut passed) = (Told::new(screen()), Vec::new());
            let _ = told.read(&noise, &mut passed);
            assert!(passed.len() <= noise.len());
        }
    }
}
