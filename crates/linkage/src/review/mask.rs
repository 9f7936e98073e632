//! As little of two values as tells how they differ.

/// Stands for what is the same, and for what is not shown.
const HIDDEN: char = '•';
/// Letters of a value that are compared at most.
const MOST: usize = 64;

/// Two texts with the letters hidden that they have in common, in order. Texts that
/// have less than half in common are shown by their first letters alone.
pub(super) fn texts(one: &str, other: &str) -> (String, String) {
    let letters = |text: &str| -> Vec<char> { text.trim().chars().take(MOST).collect() };
    let (a, b) = (letters(one), letters(other));
    let common = common(&a, &b);
    if common.len() * 2 < a.len().max(b.len()) {
        return (first(&a), first(&b));
    }
    let hidden = |letters: &[char], at: fn(&(usize, usize)) -> usize| -> String {
        let mut hidden = letters.to_vec();
        for place in common.iter().map(at) {
            if let Some(letter) = hidden.get_mut(place) {
                *letter = HIDDEN;
            }
        }
        hidden.into_iter().collect()
    };
    (hidden(&a, |pair| pair.0), hidden(&b, |pair| pair.1))
}

/// Two codes or numbers: what stands at the same place is hidden where it is the same.
pub(super) fn places(one: &str, other: &str) -> (String, String) {
    if one.chars().count() != other.chars().count() {
        return texts(one, other);
    }
    let pairs = || one.chars().zip(other.chars());
    let shown = |kept: char, same: bool| if same { HIDDEN } else { kept };
    (
        pairs().map(|(a, b)| shown(a, a == b)).collect(),
        pairs().map(|(a, b)| shown(b, a == b)).collect(),
    )
}

/// Two dates, `1980-05-17`: years, months and days that are the same are hidden.
pub(super) fn dates(one: &str, other: &str) -> (String, String) {
    let parts = |date: &str| -> Vec<String> { date.split('-').map(ToOwned::to_owned).collect() };
    let (mut a, mut b) = (parts(one), parts(other));
    for (a, b) in a.iter_mut().zip(&mut b) {
        if a == b {
            *a = a.chars().map(|_| HIDDEN).collect();
            b.clone_from(a);
        }
    }
    (a.join("-"), b.join("-"))
}

fn first(letters: &[char]) -> String {
    letters.first().map(|letter| format!("{letter}…")).unwrap_or_default()
}

/// The places of a longest common subsequence, letters' case aside.
fn common(a: &[char], b: &[char]) -> Vec<(usize, usize)> {
    let same = |x: char, y: char| x == y || x.to_lowercase().eq(y.to_lowercase());
    // lengths[i][j]: of what follows from i and j on.
    let mut lengths = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    let at = |lengths: &[Vec<usize>], i: usize, j: usize| {
        lengths.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0)
    };
    for (i, x) in a.iter().enumerate().rev() {
        for (j, y) in b.iter().enumerate().rev() {
            let length = if same(*x, *y) {
                at(&lengths, i + 1, j + 1) + 1
            } else {
                at(&lengths, i + 1, j).max(at(&lengths, i, j + 1))
            };
            if let Some(place) = lengths.get_mut(i).and_then(|row| row.get_mut(j)) {
                *place = length;
            }
        }
    }
    let (mut i, mut j, mut places) = (0, 0, Vec::new());
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        if same(*x, *y) {
            places.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if at(&lengths, i + 1, j) >= at(&lengths, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(a: &str, b: &str) -> (String, String) {
        (a.to_owned(), b.to_owned())
    }

    #[test]
    fn letters_that_names_share_are_hidden() {
        assert_eq!(texts("Kristian", "Christian"), pair("K•••••••", "Ch•••••••"));
        assert_eq!(texts("Hansen", "Hanssen"), pair("••••••", "••••s••"));
        assert_eq!(texts("ANNE", "anne marie"), pair("A…", "a…"));
        assert_eq!(texts("Berit", "Gunnhild"), pair("B…", "G…"));
        assert_eq!(texts("", ""), pair("", ""));
    }

    #[test]
    fn of_dates_and_codes_the_parts_are_shown_that_differ() {
        assert_eq!(dates("1980-05-17", "1980-05-11"), pair("••••-••-17", "••••-••-11"));
        assert_eq!(dates("1980-05-17", "1981-06-17"), pair("1980-05-••", "1981-06-••"));
        assert_eq!(places("0482", "0492"), pair("••8•", "••9•"));
        assert_eq!(places("482", "0482"), pair("•••", "0•••"));
    }
}
