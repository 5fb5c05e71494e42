//! Numbers with their nouns, and shortened lists.

/// `1 host`, `3 hosts`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {}", plural(noun)) }
}

fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{noun}s"),
    }
}

/// The first `most` items joined with `, `, and how many more there are.
pub fn list<S: AsRef<str>>(items: &[S], most: usize) -> String {
    // Writing "1 more" takes as much room as the one.
    let most = if items.len() == most.saturating_add(1) { items.len() } else { most };
    let mut shown: Vec<_> = items.iter().take(most).map(|item| item.as_ref().to_owned()).collect();
    if items.len() > most {
        shown.push(format!("… {} more", items.len() - most));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_agree_and_lists_end() {
        assert_eq!([count(0, "host"), count(1, "host"), count(2, "entry")], ["0 hosts", "1 host", "2 entries"]);
        assert_eq!(list(&["a", "b", "c"], 2), "a, b, c");
        assert_eq!(list(&["a", "b", "c", "d"], 2), "a, b, … 2 more");
        assert_eq!(list::<&str>(&[], 2), "");
    }
}
