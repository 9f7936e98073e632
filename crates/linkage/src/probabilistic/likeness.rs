//! How alike two short texts are: Jaro–Winkler and Damerau–Levenshtein, on letters
//! of sixteen bits. Fast for names: no allocation up to 64 letters, and a bound
//! from the sets of letters that answers most pairs without looking at them.

/// Longer texts take the slow way.
const SHORT: usize = 64;

/// A text as letters. What Unicode holds beyond sixteen bits is folded into them:
/// two rare letters may then count as one.
pub(super) fn letters(text: &str) -> Vec<u16> {
    text.chars()
        .map(|letter| {
            let letter = u32::from(letter);
            ((letter ^ (letter >> 16)) & 0xffff) as u16
        })
        .collect()
}

/// Which letters a text holds, in 64 classes.
pub(super) fn letter_set(text: &[u16]) -> u64 {
    text.iter().fold(0, |set, letter| set | 1 << (letter % 64))
}

/// How many letters of `a` have no partner in `b` at least.
fn unmatched(a: u64, b: u64) -> usize {
    (a & !b).count_ones() as usize
}

/// Whether Jaro–Winkler may reach `least`: false is certain, true is not.
pub(super) fn may_be_alike(
    (a, a_set): (&[u16], u64),
    (b, b_set): (&[u16], u64),
    least: f64,
) -> bool {
    let matched = (a.len() - unmatched(a_set, b_set)).min(b.len() - unmatched(b_set, a_set));
    if matched == 0 {
        return least <= 0.0 || (a.is_empty() && b.is_empty());
    }
    let matched = matched as f64;
    let jaro = (matched / a.len() as f64 + matched / b.len() as f64 + 1.0) / 3.0;
    boosted(a, b, jaro) + 1e-9 >= least
}

/// Jaro–Winkler's similarity, 0 to 1 (Winkler 1990): a common beginning of up to
/// four letters counts once the texts are alike at all.
pub(super) fn jaro_winkler(a: &[u16], b: &[u16]) -> f64 {
    boosted(a, b, jaro(a, b))
}

fn boosted(a: &[u16], b: &[u16], jaro: f64) -> f64 {
    if jaro <= 0.7 {
        return jaro;
    }
    let common = a.iter().zip(b).take(4).take_while(|(a, b)| a == b).count();
    (1.0 - jaro).mul_add(0.1 * common as f64, jaro)
}

fn jaro(a: &[u16], b: &[u16]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return if a.is_empty() && b.is_empty() { 1.0 } else { 0.0 };
    }
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let (matched, moved) = if a.len() <= SHORT && b.len() <= SHORT {
        matched_short(a, b, reach)
    } else {
        matched_long(a, b, reach)
    };
    if matched == 0 {
        return 0.0;
    }
    let m = matched as f64;
    (m / a.len() as f64 + m / b.len() as f64 + (m - (moved / 2) as f64) / m) / 3.0
}

/// How many letters match, and how many of them stand in another order.
fn matched_short(a: &[u16], b: &[u16], reach: usize) -> (usize, usize) {
    let (mut of_a, mut of_b) = (0_u64, 0_u64);
    for (i, letter) in a.iter().enumerate() {
        let (from, to) = (i.saturating_sub(reach), (i + reach + 1).min(b.len()));
        let free = |j: usize| of_b >> j & 1 == 0;
        let partner =
            b[from.min(to)..to].iter().zip(from..).find(|(b, j)| *b == letter && free(*j));
        if let Some((_, j)) = partner {
            of_a |= 1 << i;
            of_b |= 1 << j;
        }
    }
    let matched = of_a.count_ones() as usize;
    let mut moved = 0;
    while of_a != 0 {
        let (i, j) = (of_a.trailing_zeros() as usize, of_b.trailing_zeros() as usize);
        moved += usize::from(a[i] != b[j]);
        of_a &= of_a - 1;
        of_b &= of_b - 1;
    }
    (matched, moved)
}

fn matched_long(a: &[u16], b: &[u16], reach: usize) -> (usize, usize) {
    let mut taken = vec![false; b.len()];
    let mut of_a = Vec::new();
    for (i, letter) in a.iter().enumerate() {
        let (from, to) = (i.saturating_sub(reach), (i + reach + 1).min(b.len()));
        if let Some(j) = (from..to).find(|&j| b[j] == *letter && !taken[j]) {
            taken[j] = true;
            of_a.push(*letter);
        }
    }
    let of_b = b.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(letter, _)| letter);
    let moved = of_a.iter().zip(of_b).filter(|(a, b)| a != b).count();
    (of_a.len(), moved)
}

/// Damerau–Levenshtein's distance if it is at most `most`: how many letters are
/// put in, left out, changed or swapped with their neighbour (unrestricted).
pub(super) fn distance_within(
    (a, a_set): (&[u16], u64),
    (b, b_set): (&[u16], u64),
    most: usize,
) -> Option<usize> {
    let certain = unmatched(a_set, b_set).max(unmatched(b_set, a_set));
    if certain > most || a.len().abs_diff(b.len()) > most {
        return None;
    }
    if most <= 1 {
        return nearly_equal(a, b).filter(|distance| *distance <= most);
    }
    if a.len().max(b.len()) > SHORT / 2 {
        return banded(a, b, most);
    }
    Some(distance(a, b)).filter(|distance| *distance <= most)
}

/// The distance if it is at most `most`: of the table of [`distance`] only what is that
/// near its diagonal, so that long texts take no longer than they are long.
fn banded(a: &[u16], b: &[u16], most: usize) -> Option<usize> {
    let width = 2 * most + 1;
    let far = a.len() + b.len();
    let mut table = vec![far; (a.len() + 1) * width];
    // Where a cell stands; `None`: too far from the diagonal to be reached.
    let place = |i: usize, j: usize| {
        let from_diagonal = (j + most).checked_sub(i)?;
        (from_diagonal < width).then_some(i * width + from_diagonal)
    };
    let cell = |table: &[usize], i: usize, j: usize| place(i, j).map_or(far, |at| table[at]);
    for i in 0..=a.len() {
        for j in i.saturating_sub(most)..=(i + most).min(b.len()) {
            let Some(at) = place(i, j) else { continue };
            if i == 0 || j == 0 {
                table[at] = i + j;
                continue;
            }
            let same = a[i - 1] == b[j - 1];
            let mut least = cell(&table, i - 1, j - 1) + usize::from(!same);
            least = least.min(cell(&table, i - 1, j) + 1).min(cell(&table, i, j - 1) + 1);
            // The last row before this one with this column's letter, and the last column
            // before this one with this row's.
            let row = (1..i).rev().take(most + 1).find(|row| a[*row - 1] == b[j - 1]);
            let column = (1..j).rev().take(most + 1).find(|column| b[*column - 1] == a[i - 1]);
            if let (Some(row), Some(column)) = (row, column) {
                let between = (i - row - 1) + (j - column - 1) + 1;
                least = least.min(cell(&table, row - 1, column - 1) + between);
            }
            table[at] = least;
        }
    }
    Some(cell(&table, a.len(), b.len())).filter(|distance| *distance <= most)
}

/// The distance if it is 0 or 1.
fn nearly_equal(a: &[u16], b: &[u16]) -> Option<usize> {
    let (a, b) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let Some(first) = a.iter().zip(b).position(|(a, b)| a != b) else {
        return Some(b.len() - a.len()).filter(|more| *more <= 1);
    };
    let (a, b) = (&a[first..], &b[first..]);
    let is_one = if a.len() == b.len() {
        let is_swapped = || a.len() > 1 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..];
        a[1..] == b[1..] || is_swapped()
    } else {
        *a == b[1..]
    };
    is_one.then_some(1)
}

/// Lowrance and Wagner's algorithm (1975).
fn distance(a: &[u16], b: &[u16]) -> usize {
    let common = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[common..], &b[common..]);
    if a.is_empty() || b.is_empty() {
        return a.len() + b.len();
    }
    if a.len() < SHORT / 2 && b.len() < SHORT / 2 {
        filled(a, b, &mut [0_u16; (SHORT / 2 + 1) * (SHORT / 2 + 1)])
    } else {
        filled(a, b, &mut vec![0; (a.len() + 2) * (b.len() + 2)])
    }
}

fn filled(a: &[u16], b: &[u16], table: &mut [u16]) -> usize {
    // Row and column 0 stand for "not yet": as far as anything can be.
    let width = b.len() + 2;
    let far = (a.len() + b.len()) as u16;
    for i in 0..=a.len() {
        table[(i + 1) * width] = far;
        table[(i + 1) * width + 1] = i as u16;
    }
    for j in 0..=b.len() {
        table[j + 1] = far;
        table[width + j + 1] = j as u16;
    }
    table[0] = far;
    for i in 1..=a.len() {
        let mut last_j = 0;
        for j in 1..=b.len() {
            // The last row before this one that holds this column's letter.
            let last_i = a[..i - 1].iter().rposition(|letter| *letter == b[j - 1]);
            let last_i = last_i.map_or(0, |at| at + 1);
            let same = a[i - 1] == b[j - 1];
            let changed = table[i * width + j] + u16::from(!same);
            let left_out = table[i * width + j + 1] + 1;
            let put_in = table[(i + 1) * width + j] + 1;
            let between = ((i - last_i - 1) + (j - last_j - 1) + 1) as u16;
            let swapped = table[last_i * width + last_j] + between;
            table[(i + 1) * width + j + 1] = changed.min(left_out).min(put_in).min(swapped);
            if same {
                last_j = j;
            }
        }
    }
    usize::from(table[(a.len() + 1) * width + b.len() + 1])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with_set(text: &[u16]) -> (&[u16], u64) {
        (text, letter_set(text))
    }

    proptest! {
        #[test]
        fn near_the_diagonal_the_distance_is_the_same(
            a in proptest::collection::vec(0_u16..4, 0..40),
            b in proptest::collection::vec(0_u16..4, 0..40),
            at in 0_usize..40, most in 2_usize..6,
        ) {
            // Often one text that was changed a little.
            let mut near = a.clone();
            if at + 1 < near.len() {
                near.swap(at, at + 1);
                near.remove(at / 2);
            }
            for other in [&b, &near] {
                let whole = Some(distance(&a, other)).filter(|distance| *distance <= most);
                let within = a.len().abs_diff(other.len()) <= most;
                let told = within.then(|| banded(&a, other, most)).flatten();
                prop_assert_eq!(told, whole);
            }
        }

        #[test]
        fn jaro_winkler_is_as_the_reference_has_it(
            a in "[abcdeøå ]{0,70}", b in "[abcdeøå ]{0,70}", c in "[a-d]{0,9}", d in "[a-d]{0,9}",
        ) {
            for (a, b) in [(&a, &b), (&c, &d), (&a, &c)] {
                let (ours, reference) =
                    (jaro_winkler(&letters(a), &letters(b)), strsim::jaro_winkler(a, b));
                prop_assert!((ours - reference).abs() < 1e-12, "{ours} {reference}");
                let (a, b) = (letters(a), letters(b));
                prop_assert!(may_be_alike(with_set(&a), with_set(&b), ours));
            }
        }

        #[test]
        fn damerau_levenshtein_is_as_the_reference_has_it(
            a in "[a-c]{0,9}", b in "[a-c]{0,9}", c in "[a-z]{28,36}", d in "[a-z]{28,36}",
        ) {
            for (a, b) in [(&a, &b), (&c, &d), (&a, &c)] {
                let reference = strsim::damerau_levenshtein(a, b);
                let (a, b) = (letters(a), letters(b));
                for most in 0..4 {
                    let ours = distance_within(with_set(&a), with_set(&b), most);
                    prop_assert_eq!(ours, Some(reference).filter(|d| *d <= most));
                }
                prop_assert_eq!(distance(&a, &b), reference);
            }
        }
    }

    #[test]
    fn known_pairs() {
        let jw = |a, b| format!("{:.3}", jaro_winkler(&letters(a), &letters(b)));
        assert_eq!(jw("martha", "marhta"), "0.961");
        assert_eq!(jw("dixon", "dicksonx"), "0.813");
        assert_eq!(distance(&letters("ca"), &letters("abc")), 2);
    }
}
