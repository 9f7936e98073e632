//! What a viewer says: its half of the greeting, and then keys, the pointer, what it
//! wants to see, and text to paste.

use super::encoding::{COPY, CURSOR, RAW, SIZE, ZRLE};
use super::greeting::{NONE, VERSION, pixels};
use super::{Broken, LONGEST_PASTE, PIXELS, Screen, i32_at, u16_at};

/// What is said to the room of how to write areas, the best first. The last asks for
/// more effort in compressing (`-256 + 6`): bytes that are shown are counted.
const ENCODINGS: [i32; 4] = [ZRLE, COPY, RAW, -250];

/// Of what is not drawn, what a viewer may ask for.
const EXTRAS: [i32; 2] = [CURSOR, SIZE];

/// A viewer names no more encodings.
const MOST_ENCODINGS: u16 = 256;

/// What becomes of what a viewer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// It gets this answer; the room hears nothing of it.
    Answer(Vec<u8>),
    /// The room gets this.
    Pass(Vec<u8>),
    /// The room gets this, and somebody did something: a key or the pointer.
    Act(Vec<u8>),
    /// The room gets this text, as [`Say::paste`] writes it, once it is written down.
    Paste(Vec<u8>),
}

impl Say {
    /// A text for the room's clipboard (`ClientCutText`).
    pub fn paste(text: &[u8]) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap_or_default();
        let mut said = vec![6, 0, 0, 0];
        said.extend(length.to_be_bytes());
        said.extend(text);
        said
    }
}

/// Follows what a viewer says. Made for one connection.
#[derive(Debug)]
pub struct Said {
    screen: Screen,
    step: Step,
    held: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Version,
    SigningIn,
    Shared,
    Messages,
}

impl Said {
    /// Of a viewer that is to see that screen.
    pub const fn new(screen: Screen) -> Self {
        Self { screen, step: Step::Version, held: Vec::new() }
    }

    /// What it is told first.
    pub const fn hello() -> &'static [u8] {
        VERSION
    }

    /// Reads what came. After an error nothing of what follows means anything.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Vec<Say>, Broken> {
        let mut held = std::mem::take(&mut self.held);
        held.extend(bytes);
        let mut says = Vec::new();
        let mut read = 0;
        while let Some((say, length)) = self.next(held.get(read..).unwrap_or_default())? {
            says.push(say);
            read += length;
        }
        held.drain(..read);
        self.held = held;
        Ok(says)
    }

    /// What is said at the beginning of `held`, and how long it is; `None`: not all
    /// of it is there.
    fn next(&mut self, held: &[u8]) -> Result<Option<(Say, usize)>, Broken> {
        let greeted = match self.step {
            Step::Messages => return message(held),
            Step::Version => held.get(..12).map(|version| {
                let fits = version == VERSION;
                (fits, 12, vec![1, NONE], Step::SigningIn)
            }),
            Step::SigningIn => {
                held.first().map(|way| (*way == NONE, 1, vec![0, 0, 0, 0], Step::Shared))
            }
            // Whether others stay connected is not the viewer's to say.
            Step::Shared => held.first().map(|_| (true, 1, self.screen.told(), Step::Messages)),
        };
        let Some((fits, length, answer, step)) = greeted else { return Ok(None) };
        if !fits {
            return Err(Broken::Viewer("another greeting"));
        }
        self.step = step;
        Ok(Some((Say::Answer(answer), length)))
    }
}

fn message(held: &[u8]) -> Result<Option<(Say, usize)>, Broken> {
    let whole = |length: usize| held.get(..length);
    let Some(kind) = held.first() else { return Ok(None) };
    Ok(match kind {
        0 => {
            let Some(said) = whole(20) else { return Ok(None) };
            // The last three bytes are free.
            if said.get(4..17) != PIXELS.get(..13) {
                return Err(Broken::Viewer("another pixel format"));
            }
            Some((Say::Pass(pixels().to_vec()), 20))
        }
        2 => {
            let Some(said) = whole(4) else { return Ok(None) };
            let count = u16_at(said, 2);
            if count > MOST_ENCODINGS {
                return Err(Broken::Viewer("too many encodings"));
            }
            let length = 4 + 4 * usize::from(count);
            let Some(said) = whole(length) else { return Ok(None) };
            Some((Say::Pass(encodings(said.get(4..).unwrap_or_default())), length))
        }
        3 => whole(10).map(|said| {
            let whether = said.get(1).map_or(0, |only_new| u8::from(*only_new != 0));
            let mut asked = vec![3, whether];
            asked.extend(said.iter().skip(2));
            (Say::Pass(asked), 10)
        }),
        4 => whole(8).map(|said| {
            let down = said.get(1).map_or(0, |down| u8::from(*down != 0));
            let mut key = vec![4, down, 0, 0];
            key.extend(said.iter().skip(4));
            (Say::Act(key), 8)
        }),
        5 => whole(6).map(|said| (Say::Act(said.to_vec()), 6)),
        6 => {
            let Some(said) = whole(8) else { return Ok(None) };
            let length = usize::try_from(i32_at(said, 4)).unwrap_or(usize::MAX);
            // Negative: the extended clipboard, which can ask for the room's.
            if length > LONGEST_PASTE {
                return Err(Broken::Viewer("a text that is too long"));
            }
            whole(8 + length)
                .map(|said| (Say::Paste(said.get(8..).unwrap_or_default().to_vec()), 8 + length))
        }
        _ => return Err(Broken::Viewer("a message of another kind")),
    })
}

/// The encodings that the room is asked for: ours, and of the viewer's those that
/// are not drawn and are on our list.
fn encodings(asked: &[u8]) -> Vec<u8> {
    let extras = EXTRAS
        .into_iter()
        .filter(|extra| asked.chunks_exact(4).any(|asked| i32_at(asked, 0) == *extra));
    let all: Vec<i32> = ENCODINGS.into_iter().chain(extras).collect();
    let mut said = vec![2, 0];
    said.extend(u16::try_from(all.len()).unwrap_or_default().to_be_bytes());
    said.extend(all.into_iter().flat_map(i32::to_be_bytes));
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeted() -> Said {
        let mut said = Said::new(Screen::of(64, 48).unwrap());
        let greeting = [VERSION.as_slice(), &[1], &[0]].concat();
        assert_eq!(said.read(&greeting).unwrap().len(), 3);
        said
    }

    /// What becomes of `bytes`, however they are cut.
    fn read(bytes: &[u8]) -> Result<Vec<Say>, Broken> {
        let whole = greeted().read(bytes);
        let mut said = greeted();
        let mut cut = Vec::new();
        for byte in bytes {
            match said.read(&[*byte]) {
                Ok(says) => cut.extend(says),
                Err(broken) => {
                    assert!(whole.is_err());
                    return Err(broken);
                }
            }
        }
        assert_eq!(whole.as_ref(), Ok(&cut));
        whole
    }

    #[test]
    fn a_viewer_is_greeted_without_the_room() {
        let mut said = Said::new(Screen::of(64, 48).unwrap());
        assert_eq!(Said::hello(), b"RFB 003.008\n");
        assert_eq!(said.read(b"RFB 003").unwrap(), []);
        assert_eq!(said.read(b".008\n").unwrap(), [Say::Answer(vec![1, 1])]);
        assert_eq!(said.read(&[1]).unwrap(), [Say::Answer(vec![0; 4])]);
        let [Say::Answer(init)] = &said.read(&[0]).unwrap()[..] else { panic!("no answer") };
        assert_eq!(init[..4], [0, 64, 0, 48]);
        for bad in [b"RFB 003.003\n".as_slice(), b"GET / HTTP/1.1\r\n", b"RFB 003.008\n\x02"] {
            assert!(Said::new(Screen::of(64, 48).unwrap()).read(bad).is_err());
        }
    }

    #[test]
    fn keys_the_pointer_and_what_is_to_be_seen_pass() {
        let asked = [3, 9, 0, 1, 0, 2, 0, 3, 0, 4];
        let key = [4, 7, 9, 9, 0, 0, 0, 97];
        let pointer = [5, 1, 0, 10, 0, 20];
        let says = read(&[asked.as_slice(), &key, &pointer].concat()).unwrap();
        // What a message leaves free is written anew.
        let wanted = [
            Say::Pass(vec![3, 1, 0, 1, 0, 2, 0, 3, 0, 4]),
            Say::Act(vec![4, 1, 0, 0, 0, 0, 0, 97]),
            Say::Act(pointer.to_vec()),
        ];
        assert_eq!(says, wanted);
        let ours = [[0; 4].as_slice(), &PIXELS].concat();
        assert_eq!(read(&ours).unwrap(), [Say::Pass(ours)]);
    }

    #[test]
    fn encodings_are_asked_for_by_the_centre() {
        // Tight, the extended clipboard, fences, the pointer's shape.
        let asked = [7, -1_063_131_698_i32, -312, -239].into_iter().flat_map(i32::to_be_bytes);
        let asked = [2, 9, 0, 4].into_iter().chain(asked).collect::<Vec<_>>();
        let [Say::Pass(said)] = &read(&asked).unwrap()[..] else { panic!("not passed") };
        let said: Vec<i32> = said[4..].chunks(4).map(|four| i32_at(four, 0)).collect();
        assert_eq!(said, [ZRLE, COPY, RAW, -250, CURSOR]);
    }

    #[test]
    fn text_goes_in_and_is_bounded() {
        assert_eq!(read(&Say::paste(b"select 1")).unwrap(), [Say::Paste(b"select 1".to_vec())]);
        assert_eq!(read(&Say::paste(b"")).unwrap(), [Say::Paste(Vec::new())]);
        let longest = i32::try_from(LONGEST_PASTE).unwrap();
        for length in [longest + 1, i32::MAX, -1, -12, i32::MIN] {
            let said = [[6, 0, 0, 0], length.to_be_bytes()].concat();
            assert!(read(&said).is_err(), "{length}");
        }
    }

    #[test]
    fn nothing_else_passes() {
        for kind in [1, 7, 150, 248, 250, 251, 255] {
            assert!(read(&[kind, 0, 0, 0, 0, 0, 0, 0]).is_err(), "message {kind}");
        }
        let mut other = [[0; 4].as_slice(), &PIXELS].concat();
        other[4] = 16;
        assert!(read(&other).is_err(), "another pixel format");
        assert!(read(&[2, 0, 1, 1]).is_err(), "257 encodings");
    }
}
