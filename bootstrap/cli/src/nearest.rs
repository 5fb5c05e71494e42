//! The nearest known name, for hints.

/// The candidate that `name` was probably meant to be.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let score = |candidate: &&str| strsim::jaro_winkler(name, candidate);
    let best = candidates.into_iter().max_by(|a, b| score(a).total_cmp(&score(b)))?;
    (score(&best) >= 0.75).then_some(best)
}

/// A hint for an unknown name: the nearest one, or all there are.
pub fn hint<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(name, candidates.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let all: Vec<_> = candidates.into_iter().map(|name| format!("`{name}`")).collect();
            format!("known are {}", crate::render::words::list(&all, 16))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_or_all() {
        assert_eq!(hint("storge-1", ["compute-1", "storage-1"]), "did you mean `storage-1`?");
        assert_eq!(hint("x", ["compute-1", "storage-1"]), "known are `compute-1`, `storage-1`");
    }
}
