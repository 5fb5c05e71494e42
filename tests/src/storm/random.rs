//! Random numbers that a seed repeats on every machine (SplitMix64).

/// See the module.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The numbers of this seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap_or_default()
    }

    /// One of them; nothing if there is none.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.below(of.len())) }
    }
}

/// Draws each of some things once before any comes again, so that few draws meet many of them.
#[derive(Debug)]
pub struct Bag<T: 'static> {
    all: &'static [T],
    left: Vec<&'static T>,
}

impl<T> Bag<T> {
    /// All of these.
    pub fn of(all: &'static [T]) -> Self {
        Self { all, left: Vec::new() }
    }

    /// One that fits; nothing if none does.
    pub fn draw(&mut self, random: &mut Random, fits: impl Fn(&T) -> bool) -> Option<&'static T> {
        if !self.left.iter().any(|one| fits(one)) {
            self.left.extend(self.all);
        }
        let fitting: Vec<_> = (0..self.left.len()).filter(|at| self.left.get(*at).is_some_and(|one| fits(one))).collect();
        random.one(&fitting).map(|at| self.left.swap_remove(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself_and_no_other() {
        let draw = |seed| {
            let mut random = Random::of(seed);
            (0..20).map(|_| random.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn everything_is_drawn_before_anything_comes_again() {
        static ALL: [u8; 5] = [1, 2, 3, 4, 5];
        let (mut random, mut bag) = (Random::of(7), Bag::of(&ALL));
        let mut drawn: Vec<_> = (0..5).filter_map(|_| bag.draw(&mut random, |_| true)).collect();
        drawn.sort();
        assert_eq!(drawn, [&1, &2, &3, &4, &5]);
        assert!(bag.draw(&mut random, |one| *one > 5).is_none());
    }
}
