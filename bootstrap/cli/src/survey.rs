//! Asking the hosts, with something to look at meanwhile, and saying which did not answer.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use regionctl_engine::{Engine, Goal, HostError, Selection, Survey};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::render::clean::lines;
use crate::render::findings::hint_line;
use crate::render::words::count;

/// What each host printed.
pub type Answers = BTreeMap<String, Result<String, HostError>>;

/// Asks the selected hosts and says on standard error which did not answer, with hints.
///
/// # Errors
/// No host answered.
pub async fn survey(engine: &Engine, selection: &Selection, goal: &Goal, output: &Output) -> Result<Survey, Failure> {
    let survey = ask(engine, selection, goal, output).await;
    if survey.values().all(Result::is_err) {
        return Err(Failure::new(exit(&survey), format!("none of {} answered", count(survey.len(), "host"))));
    }
    Ok(survey)
}

/// Asks the selected hosts and says on standard error which did not answer, with hints.
pub async fn ask(engine: &Engine, selection: &Selection, goal: &Goal, output: &Output) -> Survey {
    let asked = engine.remotes().keys().filter(|name| selection.has_host(name)).count();
    let survey = during(output, &format!("asking {}", count(asked, "host")), engine.survey(selection, goal)).await;
    let silent: Vec<_> = survey.iter().filter_map(|(name, answer)| Some((name.as_str(), answer.as_ref().err()?))).collect();
    output.say(&complaints(&silent, output));
    survey
}

/// Asks hosts, each with a script of its own, and says on standard error which did not answer, with hints.
pub async fn ask_each(engine: &Engine, what: &str, scripts: &BTreeMap<String, String>, output: &Output) -> Answers {
    let answers = during(output, what, engine.ask("asking", scripts)).await;
    let silent: Vec<_> = answers.iter().filter_map(|(name, answer)| Some((name.as_str(), answer.as_ref().err()?))).collect();
    output.say(&complaints(&silent, output));
    answers
}

/// The exit code for the hosts that did not answer; [`Exit::Done`] if all did.
pub fn exit(survey: &Survey) -> Exit {
    survey.values().find_map(|answer| answer.as_ref().err()).map_or(Exit::Done, exit_of)
}

/// The domain of an error.
pub fn exit_of(error: &HostError) -> Exit {
    match error {
        HostError::Ssh { .. } => Exit::Connection,
        HostError::Held { .. } => Exit::Lock,
        HostError::Answer { .. } | HostError::Reverted { .. } => Exit::Host,
    }
}

/// What is wrong with some hosts; a hint that the next host shares is given once.
pub fn complaints(silent: &[(&str, &HostError)], output: &Output) -> String {
    let style = output.err();
    let mut text = String::new();
    for (i, (name, error)) in silent.iter().enumerate() {
        let message = error.to_string();
        let named = if message.starts_with(name) { message } else { format!("{name}: {message}") };
        for (i, line) in lines(&named).iter().enumerate() {
            text += &if i == 0 { format!("{} {line}\n", style.paint(style.error, "error:")) } else { format!("    {line}\n") };
        }
        let next = silent.get(i + 1).and_then(|(_, next)| next.hint());
        if let Some(hint) = error.hint().filter(|hint| next.as_ref() != Some(hint)) {
            text += &hint_line(&hint, style);
        }
    }
    text
}

/// Shows that something goes on while it does.
pub async fn during<T>(output: &Output, what: &str, work: impl Future<Output = T>) -> T {
    if !output.is_live() {
        return work.await;
    }
    let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let spinner = ProgressBar::new_spinner().with_style(style).with_message(what.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(100));
    let done = work.await;
    spinner.finish_and_clear();
    done
}
