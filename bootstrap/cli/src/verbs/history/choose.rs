//! What servers say of one thing, and which of it is to be believed. Pure.
//!
//! A proof under the region's key decides. Without one those who agree do, if there are at least two of them and more than all
//! others together; or the only server that answered at all.

use std::collections::BTreeMap;

/// One answer, and who gave it.
#[derive(Debug)]
pub struct Said<T> {
    /// The answer.
    pub what: T,
    /// The servers, in order of name.
    pub by: Vec<String>,
}

/// What comes of the answers.
#[derive(Debug)]
pub enum Choice<T> {
    /// This one.
    Believed(Said<T>),
    /// A single server says so, and no other says anything.
    Alone(Said<T>),
    /// They contradict each other.
    Open(Vec<Said<T>>),
}

/// Groups what is the same and chooses. `key` tells what is the same, `is_proven` what only the region can have written;
/// `answered` is the number of servers that answered. There must be an answer, otherwise nothing is [`Choice::Open`].
pub fn choose<T, K: Ord>(
    answers: impl IntoIterator<Item = (String, T)>,
    key: impl Fn(&T) -> K,
    is_proven: impl Fn(&T) -> bool,
    answered: usize,
) -> Choice<T> {
    let mut groups: BTreeMap<K, Said<T>> = BTreeMap::new();
    for (host, what) in answers {
        groups.entry(key(&what)).or_insert_with(|| Said { what, by: Vec::new() }).by.push(host);
    }
    let (mut proven, mut said): (Vec<_>, Vec<_>) = groups.into_values().partition(|said| is_proven(&said.what));
    match proven.len() {
        0 => {}
        1 => return Choice::Believed(proven.swap_remove(0)),
        _ => return Choice::Open(proven),
    }
    said.sort_by_key(|said| std::cmp::Reverse(said.by.len()));
    let most = said.first().map_or(0, |said| said.by.len());
    let rest: usize = said.iter().skip(1).map(|said| said.by.len()).sum();
    match said.len() {
        1 if answered == 1 => Choice::Believed(said.swap_remove(0)),
        _ if most >= 2 && most > rest => Choice::Believed(said.swap_remove(0)),
        1 => Choice::Alone(said.swap_remove(0)),
        _ => Choice::Open(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a=1 b=1 c=2`, with what is believed, if anything is; `2!` is proven.
    fn chosen(answers: &str, answered: usize) -> String {
        let answers = answers.split(' ').map(|answer| answer.split_once('=').unwrap());
        let answers: Vec<_> = answers.map(|(host, what)| (host.to_owned(), what.to_owned())).collect();
        match choose(answers, String::clone, |what| what.ends_with('!'), answered) {
            Choice::Believed(said) => format!("{} by {}", said.what, said.by.concat()),
            Choice::Alone(said) => format!("alone {}", said.by.concat()),
            Choice::Open(said) => format!("open {}", said.len()),
        }
    }

    #[test]
    fn those_who_agree_are_believed_and_the_loudest_is_not() {
        assert_eq!(chosen("a=1 b=1 c=2", 3), "1 by ab");
        assert_eq!(chosen("a=1 b=1", 4), "1 by ab");
        assert_eq!(chosen("a=1", 1), "1 by a");
        assert_eq!(chosen("a=1", 3), "alone a");
        assert_eq!(chosen("a=1 b=2", 2), "open 2");
        assert_eq!(chosen("a=1 b=1 c=2 d=2", 4), "open 2");
        assert_eq!(chosen("a=1 b=2 c=3", 3), "open 3");
    }

    #[test]
    fn a_proof_decides() {
        assert_eq!(chosen("a=2! b=1 c=1", 3), "2! by a");
        assert_eq!(chosen("a=2! b=1! c=1", 3), "open 2");
    }
}
