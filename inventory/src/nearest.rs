//! The known name that a wrong one was probably meant to be.

/// The known name that is most like the text, if any is like it at all.
pub(crate) fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text: String = text.chars().take(128).collect();
    let folded = fold(&text);
    let score = |name: &str| {
        if fold(name) == folded { 2.0 } else { strsim::normalized_damerau_levenshtein(&folded, &fold(name)) }
    };
    let scored = known.into_iter().map(|name| (score(name), name));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= 0.6).then_some(best.1)
}

/// ``did you mean `NAME`?``, or all the names when none is near.
pub(crate) fn hint<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(name) = nearest(text, known.iter().copied()) {
        return Some(format!("did you mean `{name}`?"));
    }
    if known.is_empty() {
        return None;
    }
    let mut names: Vec<String> = known.iter().take(24).map(|name| format!("`{name}`")).collect();
    if known.len() > names.len() {
        names.push(format!("and {} more", known.len() - names.len()));
    }
    Some(format!("known here: {}", names.join(", ")))
}

/// Case, hyphens and underscores are what people mix up: `known_hosts` for `knownHosts`.
fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::{hint, nearest};

    #[test]
    fn finds_what_was_meant() {
        assert_eq!(nearest("adress", ["name", "address"]), Some("address"));
        assert_eq!(nearest("known_hosts", ["knownHosts", "user"]), Some("knownHosts"));
        assert_eq!(nearest("banana", ["name", "address"]), None);
        assert_eq!(hint("banana", ["name"]).unwrap(), "known here: `name`");
        assert_eq!(hint("banana", []), None);
    }
}
