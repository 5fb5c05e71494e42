//! A sweep: `install` and `reset` stopped after the k-th event, for every k or a sample.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::ground::Ground;
use super::look::Looks;
use super::run::Run;
use super::verbs::{BACK, FIRST, Verb};
use crate::region::Failed;
use crate::suite::Suite;

/// Which moments of a run.
#[derive(Debug, Clone, Copy)]
pub enum Moments {
    /// So many, spread over it.
    Some(usize),
    /// As many as take so long, at most all.
    Within(Duration),
}

impl Moments {
    fn count(self, pair: Duration) -> usize {
        match self {
            Self::Some(count) => count,
            Self::Within(time) => usize::try_from(time.as_secs() / pair.as_secs().max(1)).unwrap_or(usize::MAX),
        }
    }
}

/// Moments of a run with so many events, from the first to the last.
fn spread(events: usize, count: usize) -> Vec<usize> {
    let count = count.clamp(1, events.max(1));
    let steps = (count - 1).max(1);
    let mut moments: Vec<_> = (0..count).map(|number| 1 + number * events.saturating_sub(1) / steps).collect();
    moments.dedup();
    moments
}

/// See the module. The region is fresh before and after.
pub fn sweep(suite: &mut Suite, ground: &mut Ground, moments: Moments) {
    let mut found = None;
    suite.step("sweep: undisturbed, a reset gives back what an install found", || {
        let (begun, fresh) = (Instant::now(), ground.look()?);
        let there = ground.undisturbed(&FIRST)?;
        let installed = ground.look()?;
        let back = ground.undisturbed(&BACK)?;
        let count = moments.count(begun.elapsed());
        ground.becomes(&fresh, "after an undisturbed reset")?;
        found = Some((fresh, installed, spread(there, count), spread(back, count)));
        Ok(())
    });
    let Some((fresh, installed, there, back)) = found else { return };
    let mut is_installed = false;
    for number in 0..there.len().max(back.len()) {
        for (verb, moments, wanted) in [(&FIRST, &there, &installed), (&BACK, &back, &fresh)] {
            let at = moments.get(number).copied();
            let mut ok = false;
            let name = match at {
                Some(at) => format!("sweep: `{}` stopped after event {at}", verb.name),
                None => format!("sweep: `{}` undisturbed in between", verb.name),
            };
            suite.step(name, || {
                let mut said = Vec::new();
                let passed = stopped(ground, verb, at, wanted, is_installed, &mut said);
                ok = passed.is_ok();
                passed.map_err(|error| format!("{error}\n{}\n{}", said.join("\n"), ground.journal()))
            });
            is_installed = ok && verb.leaves_installed();
            if !ok && let Err(error) = ground.anew() {
                suite.step("sweep: fresh servers after a failed step", || Err(error));
                return;
            }
        }
    }
}

fn stopped(
    ground: &Ground,
    verb: &Verb,
    at: Option<usize>,
    wanted: &Looks,
    installed: bool,
    said: &mut Vec<String>,
) -> Result<(), Failed> {
    if verb.on_installed && !installed {
        ground.undisturbed(&FIRST)?;
    }
    if let Some(at) = at {
        let mut run = Run::begin(&ground.region, verb.arguments, "stopped", None)?;
        run.reaches(at)?;
        run.signal(Signal::KILL)?;
        said.push(run.end()?.said);
    }
    ground.again(verb.arguments, said)?;
    ground.becomes(wanted, "after the stop")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_reach_from_the_first_event_to_the_last() {
        assert_eq!(spread(9, 3), [1, 5, 9]);
        assert_eq!(spread(3, 100), [1, 2, 3]);
        assert_eq!(spread(100, 1), [1]);
        assert_eq!(spread(0, 4), [1]);
    }
}
