//! Words nobody else prints.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// A fresh word of 32 hexadecimal digits: unlikely to occur in anything, not a secret.
pub(crate) fn token() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // `RandomState` is seeded by the system once per thread and counted up, the counter sets two calls apart.
    format!("{:016x}{:016x}", RandomState::new().hash_one(count), RandomState::new().hash_one(count))
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_are_equal() {
        let all: std::collections::HashSet<_> = (0..1000).map(|_| super::token()).collect();
        assert_eq!(all.len(), 1000);
        assert!(all.iter().all(|t| t.len() == 32));
    }
}
