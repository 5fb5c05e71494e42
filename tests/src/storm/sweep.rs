//! A sweep: `install` and `reset` stopped after the k-th event, for every k or a sample.

use rustix::process::Signal;

use super::ground::{Ground, Packages};
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
    /// After each event.
    Every,
}

impl Moments {
    /// As the environment says in `ROUNDS`.
    ///
    /// # Errors
    /// It is no number.
    pub fn from_environment(usual: Self) -> Result<Self, Failed> {
        match std::env::var("ROUNDS") {
            Ok(text) if !text.is_empty() => text.parse().map(Self::Some).map_err(|error| format!("ROUNDS={text}: {error}")),
            _ => Ok(usual),
        }
    }

    /// Of a run with so many events: the middle of each of so many equal parts.
    fn of(self, events: usize) -> Vec<usize> {
        let count = match self {
            Self::Some(count) => count.clamp(1, events.max(1)),
            Self::Every => events.max(1),
        };
        (0..count).map(|number| 1 + (2 * number + 1) * events / (2 * count)).collect()
    }
}

/// See the module: over fresh servers, then over servers that have the packages already, where a step takes seconds and there are
/// originals to bring back. Nothing is installed before and after.
pub fn sweep(suite: &mut Suite, ground: &mut Ground, fresh: Moments, prepared: Moments) {
    let Some(packages) = pass_over(suite, ground, "fresh servers", fresh) else { return };
    let mut complete = false;
    suite.step("sweep: packages are installed by hand", || {
        ground.prepare(packages)?;
        complete = true;
        Ok(())
    });
    if complete {
        pass_over(suite, ground, "servers with packages", prepared);
    }
}

/// Gives the packages that an install brings to each host.
fn pass_over(suite: &mut Suite, ground: &mut Ground, on: &str, moments: Moments) -> Option<Packages> {
    let mut found = None;
    suite.step(format!("sweep over {on}: undisturbed, a reset gives back what an install found"), || {
        let before = ground.look()?;
        let there = ground.undisturbed(&FIRST)?;
        let (installed, packages) = (ground.settled()?, ground.installed_packages()?);
        let back = ground.undisturbed(&BACK)?;
        ground.becomes(&before, "after an undisturbed reset")?;
        found = Some((before, installed, packages, moments.of(there.len()), moments.of(back.len())));
        Ok(())
    });
    let (before, installed, packages, there, back) = found?;
    let mut is_installed = false;
    for number in 0..there.len().max(back.len()) {
        for (verb, moments, wanted) in [(&FIRST, &there, &installed), (&BACK, &back, &before)] {
            let at = moments.get(number).copied();
            let name = match at {
                Some(at) => format!("sweep over {on}: `{}` stopped after event {at}", verb.name),
                None => format!("sweep over {on}: `{}` undisturbed in between", verb.name),
            };
            let mut ok = false;
            suite.step(name, || {
                let mut said = Vec::new();
                let passed = stopped(ground, verb, at, wanted, is_installed, &mut said);
                ok = passed.is_ok();
                passed.map_err(|error| format!("{error}\n{}\n{}", said.join("\n"), ground.journal()))
            });
            is_installed = ok && verb.leaves_installed();
            if !ok && let Err(error) = ground.anew() {
                suite.step("sweep: other servers after a failed step", || Err(error));
                return None;
            }
        }
    }
    Some(packages)
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
        // Half of them by the hand of the operator.
        run.signal(if at % 2 == 0 { Signal::KILL } else { Signal::TERM })?;
        said.push(run.end()?.said);
    }
    ground.again(verb.arguments, said)?;
    ground.becomes(wanted, "after the stop")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_spread_over_the_run() {
        assert_eq!(Moments::Some(3).of(9), [2, 5, 8]);
        assert_eq!(Moments::Some(100).of(3), [1, 2, 3]);
        assert_eq!(Moments::Some(1).of(100), [51]);
        assert_eq!(Moments::Some(4).of(0), [1]);
        assert_eq!(Moments::Every.of(4), [1, 2, 3, 4]);
    }
}
