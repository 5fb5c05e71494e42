//! Rounds of a storm: a verb and a disturbance each, drawn by a seed.

use std::collections::BTreeMap;
use std::time::Duration;

use regionctl_plan::What;

use super::ground::Ground;
use super::look::Looks;
use super::random::{Bag, Random};
use super::run::Run;
use super::troubles::{Scene, TROUBLES, Trouble};
use super::verbs::{BACK, FIRST, First, VERBS, Verb};
use crate::region::{Failed, want};
use crate::suite::Suite;

/// What is said of a round that was over too soon.
const MISSED: &str = "the run had ended before the disturbance";

/// Which rounds.
#[derive(Debug, Clone, Copy)]
pub struct Number {
    /// What they are drawn by.
    pub seed: u64,
    /// How many.
    pub rounds: usize,
    /// Whether those may come that always take minutes.
    pub slow: bool,
}

impl Number {
    /// As the environment says, in `SEED` and `ROUNDS`.
    ///
    /// # Errors
    /// One of them is no number.
    pub fn from_environment(usual: Self) -> Result<Self, Failed> {
        let number = |name: &str, usual: u64| match std::env::var(name) {
            Ok(text) if !text.is_empty() => text.parse().map_err(|error| format!("{name}={text}: {error}")),
            _ => Ok(usual),
        };
        let rounds = usize::try_from(number("ROUNDS", usual.rounds as u64)?).map_err(|error| error.to_string())?;
        Ok(Self { seed: number("SEED", usual.seed)?, rounds, ..usual })
    }
}

struct Round {
    number: usize,
    verb: &'static Verb,
    trouble: &'static Trouble,
    host: &'static str,
    /// When it strikes: after so much of the events that an undisturbed run has.
    permille: usize,
    /// And so much later, of the time until the next event, in thousandths.
    pause: u32,
    seconds: u64,
}

/// What an undisturbed run gives.
struct Undisturbed {
    /// When each event came.
    came: Vec<Duration>,
    /// The last event that says that something was changed: hardly anything is left to do then.
    last: usize,
    looks: Looks,
}

impl Undisturbed {
    /// Runs a verb; what it gives is looked at by the caller.
    fn run(ground: &Ground, verb: &Verb) -> Result<Self, Failed> {
        let came = ground.undisturbed(verb)?;
        let events = ground.region.events("undisturbed.ndjson")?;
        let last = events.iter().rposition(|event| matches!(event.what, What::ChangeDone { .. }));
        Ok(Self { last: last.map_or(came.len(), |last| last + 1), came, looks: Looks::new() })
    }

    /// When a round strikes: after which event, and how much later.
    fn moment(&self, round: &Round) -> (usize, Duration) {
        let at = 1 + round.permille * self.last / 1000;
        let gap = self.came.get(at - 1..=at).map_or(Duration::ZERO, |two| two[1] - two[0]);
        (at, gap * round.pause / 1000)
    }
}

type References = BTreeMap<&'static str, Undisturbed>;

fn draw(ground: &Ground, number: Number) -> Vec<Round> {
    let (mut random, mut verbs, mut troubles) = (Random::of(number.seed), Bag::of(VERBS), Bag::of(TROUBLES));
    let mut installed = false;
    let round = |number_of_round| {
        let verb = verbs.draw(&mut random, |verb| verb.fits(&ground.document, installed))?;
        let trouble = troubles.draw(&mut random, |one| (one.fits)(ground, installed) && (number.slow || !one.slow))?;
        installed = verb.leaves_installed();
        let host = random.one(ground.hosts)?;
        let [permille, pause, seconds] = [1000, 1000, 45].map(|end| random.below(end));
        Some(Round { number: number_of_round, verb, trouble, host, permille, pause: pause as u32, seconds: 1 + seconds as u64 })
    };
    (1..=number.rounds).map_while(round).collect()
}

/// Draws rounds and tries them, after an undisturbed one of each verb that comes.
pub fn rounds(suite: &mut Suite, ground: &mut Ground, number: Number) {
    let drawn = draw(ground, number);
    let mut references = References::new();
    let verbs: Vec<_> = drawn.iter().map(|round| round.verb).collect();
    let mut complete = false;
    suite.step("undisturbed, every verb that comes later gives what it should", || {
        undisturbed(ground, &verbs, &mut references)?;
        complete = true;
        Ok(())
    });
    if !complete {
        return;
    }
    let (mut installed, mut missed) = (false, Vec::new());
    for round in &drawn {
        let Some(reference) = references.get(round.verb.name) else { continue };
        let (at, pause) = reference.moment(round);
        let name = format!(
            "seed {}, round {}: `{}`, {}, at {} for {} s, {} ms after event {at} of {}",
            number.seed,
            round.number,
            round.verb.name,
            round.trouble.name,
            round.host,
            round.seconds,
            pause.as_millis(),
            reference.came.len()
        );
        let mut ok = false;
        suite.step(name, || {
            let mut said = Vec::new();
            let passed = pass(ground, round, &references, installed, &mut said);
            ok = passed.is_ok();
            if said.iter().any(|line| line == MISSED) {
                eprintln!("{}: {MISSED}", ground.name);
                missed.push(round.number);
            }
            passed.map_err(|error| format!("{error}\n{}\n{}", said.join("\n"), ground.journal()))
        });
        installed = ok && round.verb.leaves_installed();
        if !ok && let Err(error) = ground.anew() {
            suite.step("fresh servers after a failed round", || Err(error));
            return;
        }
    }
    suite.step("most rounds were disturbed", || {
        want(missed.len() <= drawn.len().div_ceil(4), || format!("of {} rounds these were over before: {missed:?}", drawn.len()))
    });
}

/// One run of each verb, and what it gives.
fn undisturbed(ground: &mut Ground, verbs: &[&'static Verb], references: &mut References) -> Result<(), Failed> {
    let fresh = ground.look()?;
    let first = Undisturbed::run(ground, &FIRST)?;
    ground.region.ok(&["--lab", "plan", "--exit-code"])?;
    let installed = ground.settled()?;
    references.insert(FIRST.name, Undisturbed { looks: installed.clone(), ..first });
    for verb in verbs.iter().filter(|verb| verb.on_installed && verb.leaves_installed()) {
        if references.contains_key(verb.name) {
            continue;
        }
        let run = Undisturbed::run(ground, verb)?;
        let looks = match verb.first {
            First::Edit(..) => {
                let looks = ground.settled()?;
                ground.undisturbed(&FIRST)?;
                looks
            }
            First::Nothing | First::Verb(_) => installed.clone(),
        };
        ground.becomes(&installed, &format!("after `{}`, undisturbed", verb.name))?;
        references.insert(verb.name, Undisturbed { looks, ..run });
    }
    let back = Undisturbed::run(ground, &BACK)?;
    ground.becomes(&fresh, "after an undisturbed reset")?;
    references.insert(BACK.name, Undisturbed { looks: fresh, ..back });
    Ok(())
}

/// One round.
fn pass(
    ground: &mut Ground,
    round: &Round,
    references: &References,
    installed: bool,
    said: &mut Vec<String>,
) -> Result<(), Failed> {
    let verb = round.verb;
    if verb.on_installed && !installed {
        ground.undisturbed(&FIRST)?;
    }
    if verb.on_installed {
        ground.keep_data(round.number)?;
    }
    let keys = ground.keys()?;
    ground.first(verb)?;
    let moment = references.get(verb.name).map(|reference| reference.moment(round)).ok_or("nothing to go by")?;
    let ended = disturbed(ground, round, moment, said)?;
    if !ended {
        ground.again(verb.arguments, said)?;
    }
    let wanted = |name: &str| references.get(name).map(|found| &found.looks).ok_or("nothing to compare with");
    ground.becomes(wanted(verb.name)?, "after the storm")?;
    let renewed = ground.keys()? != keys;
    want(renewed || !matches!(verb.first, First::Verb(_)), || "what was to be renewed is what it was".into())?;
    if let First::Edit(..) = verb.first {
        ground.undisturbed(&FIRST)?;
        ground.becomes(wanted(FIRST.name)?, "after the change was taken back")?;
    }
    if verb.on_installed && verb.leaves_installed() { ground.has_data() } else { Ok(()) }
}

/// A run with its disturbance; gives whether it ended well all the same.
fn disturbed(ground: &Ground, round: &Round, (at, pause): (usize, Duration), said: &mut Vec<String>) -> Result<bool, Failed> {
    let mut run = Run::begin(&ground.region, round.verb.arguments, "disturbed", None)?;
    run.reaches(at)?;
    run.goes_on(pause);
    if run.is_over() || run.has_ended() {
        said.push(MISSED.into());
    }
    let scene = Scene { ground, host: round.host, lasts: Duration::from_secs(round.seconds), arguments: round.verb.arguments };
    said.extend((round.trouble.strikes)(&scene, &mut run).map(|more| Some(more).filter(|more| !more.is_empty()))?);
    let ended = run.end()?;
    said.push(ended.said);
    ground.answers()?;
    (round.trouble.mended)(&scene)?;
    Ok(ended.ok)
}
