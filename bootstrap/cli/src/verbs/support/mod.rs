//! `regionctl support`

mod archive;
mod layout;
mod looks;
mod readme;
mod since;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use regionctl_engine::{Engine, HostError, Selection, journal};
use regionctl_plan::rfc3339;
use regionctl_secrets::{Secrets, SecretsError};
use serde::Serialize;
use tokio::sync::Semaphore;

use self::layout::Gathered;
use self::since::Since;
use super::Context;
use crate::args::{Contact, Hosts};
use crate::env;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::redact::Redactor;
use crate::region::{self, Region};
use crate::render::findings;
use crate::render::words::count;
use crate::survey;

/// So many journals of runs, the newest.
const RUNS: usize = 20;
/// So much of each, in bytes.
const RUN_LIMIT: u64 = 8 * 1024 * 1024;
/// For all looks at one host together.
const TIME: Duration = Duration::from_secs(240);

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// write the archive here [default: REGION-support-TIME.tar.gz]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// take so much of the logs: minutes, hours or days, as in 90m, 24h or 7d
    #[arg(long, value_name = "TIME", default_value = "24h")]
    since: Since,
    /// open the secrets, to hide them, with this age identity or SSH key; may be repeated
    #[arg(long, value_name = "FILE", env = env::IDENTITY, hide_env_values = true)]
    identity: Vec<PathBuf>,
    #[command(flatten)]
    hosts: Hosts,
    #[command(flatten)]
    contact: Contact,
}

/// What is printed with `-o json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    file: PathBuf,
    /// Why a host did not answer; `null` if it did.
    hosts: BTreeMap<String, Option<String>>,
    /// True if the region's secrets were looked for.
    secrets_known: bool,
}

/// Writes the archive. Changes nothing on the hosts.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let region = Region::load(&context.file)?;
    let selection = region.select(&args.hosts.clone().into())?;
    let engine = region.engine(&args.contact, &context.output)?;
    let (redactor, unknown) = redactor(&region, &args.identity, context)?;
    let now = journal::now();
    let asked = ask(&engine, &selection, args).await?;
    let answers = survey::during(&context.output, &format!("asking {}", count(asked.len(), "host")), join(asked)).await;
    let silent: Vec<_> = answers.iter().filter_map(|(name, answer)| Some((name.as_str(), answer.as_ref().err()?))).collect();
    context.output.say(&survey::complaints(&silent, &context.output));
    let exit = silent.first().map_or(Exit::Done, |(_, error)| survey::exit_of(error));
    let mut gathered = Gathered {
        region: region.name().to_owned(),
        release: region.inventory.region.spec.release.clone(),
        at: rfc3339(now),
        since: args.since.text.clone(),
        inventory: region.text.clone(),
        unknown,
        ..Gathered::default()
    };
    gathered.hosts = answers
        .into_iter()
        .map(|(name, answer)| (name, answer.map(|text| looks::read(&text)).map_err(|error| error.to_string())))
        .collect();
    gather_folder(&region, &mut gathered);
    let stamp: String = gathered.at.chars().take(19).filter(|c| !matches!(c, '-' | ':')).collect();
    let name = format!("{}-support-{}", region.name(), stamp.replace('T', "-"));
    let file = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.tar.gz")));
    let entries = layout::layout(&gathered, &redactor);
    archive::write(&file, &name, now.as_secs(), &entries).map_err(|error| Failure::file("write", &file, &error))?;
    let hosts = gathered.hosts.into_iter().map(|(name, answer)| (name, answer.err())).collect();
    let report = Report { file, hosts, secrets_known: gathered.unknown.is_none() };
    context.output.data(&report, |_| {
        let answered = report.hosts.values().filter(|error| error.is_none()).count();
        let of = count(report.hosts.len(), "host");
        format!("wrote `{}`: {answered} of {of} answered; look through it before you send it\n", report.file.display())
    })?;
    Ok(exit)
}

/// Hides what the secrets file holds, if it can be opened; else says so, and why.
fn redactor(region: &Region, keys: &[PathBuf], context: &Context) -> Result<(Redactor, Option<String>), Failure> {
    let opened = region::identities(keys).and_then(|identities| Secrets::open(&region.secrets_file(), &identities));
    let (secrets, unknown) = match opened {
        Ok(secrets) => (Some(secrets), None),
        Err(SecretsError::Missing { path }) => (None, Some(format!("there is no `{}`", path.display()))),
        Err(error) => {
            let why = Failure::from_error(Exit::Local, &error).message;
            let note = format!("the region's secrets are not known, so only what looks like one is hidden: {why}");
            let style = context.output.err();
            let hint = error.hint().map(|hint| findings::hint_line(&hint, style)).unwrap_or_default();
            context.output.say(&(findings::notes(&[note], style) + &hint));
            (None, Some(why))
        }
    };
    let values = secrets.iter().flat_map(Secrets::entries).map(|(name, entry)| (name, entry.value.reveal().as_str()));
    let redactor = Redactor::new(values).map_err(|error| Failure::from_error(Exit::Local, &error))?;
    Ok((redactor, unknown))
}

type Asked = Vec<(String, tokio::task::JoinHandle<Result<String, HostError>>)>;

/// Asks the selected hosts, one round trip each.
async fn ask(engine: &Engine, selection: &Selection, args: &Args) -> Result<Asked, Failure> {
    let script = looks::script(args.since.seconds).map_err(|error| Failure::from_error(Exit::Local, &error))?;
    let script: Arc<str> = script.into();
    let places = Arc::new(Semaphore::new(args.contact.parallel.into()));
    let remotes = engine.remotes().values().filter(|remote| selection.has_host(&remote.name)).cloned();
    let asked = remotes.map(|remote| {
        let (script, places) = (Arc::clone(&script), Arc::clone(&places));
        let name = remote.name.clone();
        let answer = tokio::spawn(async move {
            // The semaphore is never closed.
            let _place = places.acquire().await;
            remote.long_script("looking", &script, TIME).await
        });
        (name, answer)
    });
    Ok(asked.collect())
}

async fn join(asked: Asked) -> BTreeMap<String, Result<String, HostError>> {
    let mut answers = BTreeMap::new();
    for (name, answer) in asked {
        let lost = |error: tokio::task::JoinError| HostError::Answer {
            host: name.clone(),
            doing: "looking",
            message: error.to_string(),
        };
        let answer = answer.await.map_err(lost).and_then(|answer| answer);
        answers.insert(name, answer);
    }
    answers
}

/// What the region's folder holds. What cannot be read is named: the archive is for when something is broken.
fn gather_folder(region: &Region, gathered: &mut Gathered) {
    let folder = region.folder();
    let why = |error: &regionctl_engine::FolderError| Failure::from_error(Exit::Local, error).message;
    match folder.generations() {
        Ok(numbers) => {
            for number in numbers {
                match folder.generation(number) {
                    Ok(generation) => gathered.generations.push(generation),
                    Err(error) => gathered.problems.push(why(&error)),
                }
            }
        }
        Err(error) => gathered.problems.push(why(&error)),
    }
    let runs = folder.runs().unwrap_or_else(|error| {
        gathered.problems.push(why(&error));
        Vec::new()
    });
    for run in runs.into_iter().rev().take(RUNS) {
        match folder.journal(&run).map(|file| file.map(end_of)) {
            Ok(Some(Ok(text))) => drop(gathered.runs.insert(run, text)),
            Ok(Some(Err(error))) => gathered.problems.push(format!("the journal of run {run} cannot be read: {error}")),
            Ok(None) => {}
            Err(error) => gathered.problems.push(why(&error)),
        }
    }
}

/// The newest whole lines of a file.
fn end_of(mut file: File) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(RUN_LIMIT + 1)))?;
    let mut text = Vec::new();
    file.take(RUN_LIMIT + 1).read_to_end(&mut text)?;
    let limit = usize::try_from(RUN_LIMIT).unwrap_or(usize::MAX);
    Ok(looks::newest(text, limit))
}
