//! What other folders wrote, brought here from the hosts: a lost laptop loses nothing. One server is not believed against the
//! others: what they agree on is taken, and what the region's key proves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regionctl_engine::{Engine, FolderError, Generation, RegionFolder};
use regionctl_plan::{MAX_GENERATION, Mark, digest};
use regionctl_secrets::{MAX_BYTES, Secrets, SecretsError};

use super::choose::{Choice, Said, choose};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::render::clean::clean;
use crate::render::words::{count, list};
use crate::{survey, vault};

/// Prints whose the host is, every kept generation, a line of JSON each, and the newest encrypted secrets file with its generation.
const SCRIPT: &str = r#"
if [ -f "$STATE/region" ] && read -r value <"$STATE/region"; then row region is "$value"; fi
for file in "$STATE"/generations/*.json; do
  if [ -f "$file" ]; then cat -- "$file"; echo; fi
done
newest=$(ls -- "$STATE/generations" 2>/dev/null | sed -n 's/^\([0-9][0-9]*\)\.age$/\1/p' | sort -n | tail -n 1)
if [ -n "$newest" ]; then rowb "$newest" secrets <"$STATE/generations/$newest.age"; fi
"#;

/// What one host keeps.
#[derive(Debug, Default)]
struct Kept {
    mark: Option<Mark>,
    generations: Vec<Generation>,
    /// An encrypted secrets file, and the generation that it came with.
    sealed: Option<(u64, Vec<u8>)>,
}

impl Kept {
    /// What a host printed; what is none of it is left out.
    fn read(text: &str) -> Self {
        let row = |line: &str| {
            let mut parts = line.splitn(3, '\t');
            Some((parts.next()?.to_owned(), parts.next()?.to_owned(), parts.next()?.to_owned()))
        };
        let rows: Vec<_> = text.lines().filter_map(row).collect();
        let mark = rows.iter().find(|(name, field, _)| (name.as_str(), field.as_str()) == ("region", "is"));
        let sealed = rows.iter().filter(|(_, field, _)| field == "secrets").find_map(|(number, _, value)| {
            let bytes = STANDARD.decode(value).ok().filter(|bytes| !bytes.is_empty())?;
            Some((number.parse().ok()?, bytes))
        });
        let generations = text.lines().filter_map(|line| serde_json::from_str::<Generation>(line).ok());
        Self {
            mark: mark.and_then(|(_, _, value)| Mark::read(value)),
            generations: generations.filter(|generation| generation.number <= MAX_GENERATION).collect(),
            sealed,
        }
    }
}

/// Who is asked and where it goes.
pub struct Fetch<'a> {
    /// The hosts.
    pub engine: &'a Engine,
    /// The region's name.
    pub region: &'a str,
    /// Where generations are kept.
    pub folder: &'a RegionFolder,
    /// Where the secrets file belongs.
    pub secrets_file: &'a Path,
    /// What proves a generation.
    pub secrets: &'a dyn regionctl_engine::Secrets,
    /// The only server that is believed.
    pub from: Option<&'a str>,
    /// Where to say what came.
    pub output: &'a Output,
}

impl Fetch<'_> {
    /// Keeps here what the hosts have and this folder has not: generations, and the secrets file if there is none.
    ///
    /// # Errors
    /// No host of the region answers, they contradict each other or this folder, or their secrets are not the ones here.
    pub async fn run(&self) -> Result<(), Failure> {
        let kept = self.own(self.ask().await?)?;
        let newest = self.keep(&kept)?;
        self.restore(&kept, newest)
    }

    /// What each host keeps that answered.
    async fn ask(&self) -> Result<BTreeMap<String, Kept>, Failure> {
        let asked = self.engine.remotes().keys().filter(|name| self.from.is_none_or(|from| from == name.as_str()));
        let scripts: BTreeMap<_, _> = asked.map(|name| (name.clone(), SCRIPT.to_owned())).collect();
        let what = format!("asking {} for generations", count(scripts.len(), "host"));
        let answers = survey::ask_each(self.engine, &what, &scripts, self.output).await;
        let first = answers.values().find_map(|answer| answer.as_ref().err());
        if let (true, Some(first)) = (answers.values().all(Result::is_err), first) {
            return Err(Failure::new(survey::exit_of(first), format!("none of {} answered", count(answers.len(), "host"))));
        }
        Ok(answers.into_iter().filter_map(|(host, answer)| Some((host, Kept::read(&answer.ok()?)))).collect())
    }

    /// Without the hosts of other regions. The folder learns the region's id if it has none.
    fn own(&self, mut kept: BTreeMap<String, Kept>) -> Result<BTreeMap<String, Kept>, Failure> {
        let known = self.folder.id().map_err(|error| broken(&error))?;
        let marks = kept.iter().filter_map(|(host, kept)| Some((host.clone(), kept.mark.clone()?)));
        let mut marks: Vec<_> = marks.filter(|(_, mark)| mark.region == self.region).collect();
        if let Some(id) = &known {
            marks.retain(|(_, mark)| mark.id == *id);
        }
        let id = match known {
            Some(id) => Some(id),
            None if marks.is_empty() => None,
            None => {
                let answered = marks.len();
                match choose(marks, |mark| mark.id.clone(), |_| false, answered) {
                    Choice::Believed(said) | Choice::Alone(said) => Some(said.what.id),
                    Choice::Open(said) => {
                        let of = |said: &Said<Mark>| format!("{} of id {}", list(&said.by, 8), said.what.id);
                        return Err(self.contradiction("whose they are", said.iter().map(of).collect()));
                    }
                }
            }
        };
        let is_own = |mark: &Mark| mark.region == self.region && id.as_ref().is_none_or(|id| *id == mark.id);
        let foreign: Vec<_> = kept.iter().filter(|(_, kept)| kept.mark.as_ref().is_some_and(|mark| !is_own(mark))).collect();
        for (host, kept) in &foreign {
            let theirs = kept.mark.as_ref().map(|mark| clean(&mark.region)).unwrap_or_default();
            self.warn(&format!("{host} belongs to another region, `{theirs}`: nothing is taken from it"));
        }
        let foreign: BTreeSet<_> = foreign.into_iter().map(|(host, _)| host.clone()).collect();
        kept.retain(|host, _| !foreign.contains(host));
        if kept.is_empty() {
            return Err(Failure::new(Exit::Refused, "every server that answered belongs to another region")
                .hint("this folder has another region's inventory; `reset` the servers from their own folder first"));
        }
        if let Some(id) = id {
            self.folder.keep_id(Some(&id)).map_err(|error| broken(&error))?;
        }
        Ok(kept)
    }

    /// Keeps the generations that are believed; gives the number of the newest.
    fn keep(&self, kept: &BTreeMap<String, Kept>) -> Result<Option<u64>, Failure> {
        let here = self.folder.generations().map_err(|error| broken(&error))?;
        let numbers: BTreeSet<_> = kept.values().flat_map(|kept| &kept.generations).map(|generation| generation.number).collect();
        let (mut new, mut newest, mut contradictions) = (Vec::new(), here.last().copied(), Vec::new());
        for number in numbers {
            let of = |(host, kept): (&String, &Kept)| {
                let mut all = kept.generations.iter();
                Some((host.clone(), all.find(|generation| generation.number == number)?.clone()))
            };
            let said = choose(kept.iter().filter_map(of), digest, |generation| generation.is_proven(self.secrets), kept.len());
            let said = match said {
                Choice::Believed(said) => said,
                Choice::Alone(said) => {
                    let host = list(&said.by, 1);
                    self.warn(&format!(
                        "only {host} has a generation {number}, and nothing proves it: passed over; `--from {host}` takes it"
                    ));
                    continue;
                }
                Choice::Open(said) => {
                    let of = |said: &Said<Generation>| {
                        format!("generation {number} is of run {} for {}", clean(&said.what.run), list(&said.by, 8))
                    };
                    contradictions.extend(said.iter().map(of));
                    continue;
                }
            };
            newest = newest.max(Some(number));
            if !here.contains(&number) {
                new.push(said.what);
            } else if digest(&self.folder.generation(number).map_err(|error| broken(&error))?) != digest(&said.what) {
                let message = format!(
                    "generation {number} on {} is of run {}, here it is of another run",
                    list(&said.by, 8),
                    clean(&said.what.run)
                );
                return Err(Failure::new(Exit::Refused, message)
                    .hint("two folders changed the region; keep one of them and move the other's `.regionctl` away"));
            }
        }
        if !contradictions.is_empty() {
            return Err(self.contradiction("what was done", contradictions));
        }
        for generation in &new {
            self.folder.keep_generation(generation).map_err(|error| broken(&error))?;
        }
        let numbers: Vec<_> = new.iter().map(|generation| generation.number.to_string()).collect();
        let said = if numbers.is_empty() { "nothing new".to_owned() } else { format!("new here: {}", list(&numbers, 16)) };
        self.output.say(&format!("generations: {said}\n"));
        Ok(newest)
    }

    /// Brings the secrets file back. Only its recipients can tell which of two is the right one, so none is replaced.
    fn restore(&self, kept: &BTreeMap<String, Kept>, newest: Option<u64>) -> Result<(), Failure> {
        let of = |(host, kept): (&String, &Kept)| Some((host.clone(), kept.sealed.clone()?));
        let all: Vec<_> = kept.iter().filter_map(of).filter(|(_, (number, _))| Some(*number) <= newest).collect();
        let Some(latest) = all.iter().map(|(_, (number, _))| *number).max() else { return Ok(()) };
        let all = all.into_iter().filter(|(_, (number, _))| *number == latest).map(|(host, (_, bytes))| (host, bytes));
        let shown = self.secrets_file.display();
        let said = match choose(all, Clone::clone, |_| false, kept.len()) {
            Choice::Believed(said) => said,
            // There is nothing to lose where the same is here already.
            Choice::Alone(said) if self.is_here(&said.what) => said,
            Choice::Alone(said) => {
                let host = list(&said.by, 1);
                let message = format!("only {host} has a secrets file of generation {latest}, and nothing proves it");
                return Err(Failure::new(Exit::Refused, message).hint(format!("`--from {host}` takes it all the same")));
            }
            Choice::Open(said) => {
                let of = |said: &Said<Vec<u8>>| format!("one of {} bytes on {}", said.what.len(), list(&said.by, 8));
                return Err(self.contradiction("the secrets file", said.iter().map(of).collect()));
            }
        };
        let host = list(&said.by, 8);
        match Secrets::restore(self.secrets_file, &said.what) {
            Ok(true) => {
                self.output.say(&format!("secrets: brought `{shown}` back, as {host} keeps it with generation {latest}\n"));
            }
            Ok(false) => self.output.say("secrets: nothing new\n"),
            Err(SecretsError::Exists { .. }) => {
                let message = format!("`{shown}` is not the file that {host} keeps with generation {latest}; it stays as it is");
                return Err(Failure::new(Exit::Refused, message).hint(
                    "if yours is the newer one, `regionctl install` gives it to the servers; if theirs is, move yours away and fetch again",
                ));
            }
            Err(error) => return Err(vault::failure(&error)),
        }
        Ok(())
    }

    fn is_here(&self, bytes: &[u8]) -> bool {
        regionctl_files::read(self.secrets_file, MAX_BYTES).is_ok_and(|here| here == bytes)
    }

    fn warn(&self, text: &str) {
        let style = self.output.err();
        self.output.say(&format!("{} {text}\n", style.paint(style.warning, "warning:")));
    }

    /// Nothing was taken, because the servers say different things and none of it is proven.
    fn contradiction(&self, about: &str, said: Vec<String>) -> Failure {
        let message = format!("the servers do not agree on {about}, and nothing was taken:\n  {}", said.join("\n  "));
        Failure::new(Exit::Refused, message).hint("`regionctl history --fetch --from SERVER` believes one of them")
    }
}

fn broken(error: &FolderError) -> Failure {
    Failure::from_error(Exit::Local, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_none_of_it_is_left_out() {
        let read = |text: &str| Kept::read(text).sealed;
        assert_eq!(read("{\"number\":9}\n2\tsecrets\tYWdl\n"), Some((2, b"age".to_vec())));
        for none in ["{}\n", "11\tsecrets\tnot base64\n", "11\tsecrets\t\n", "x\tsecrets\tYWdl\n"] {
            assert_eq!(read(none), None, "{none}");
        }
        let mark = Kept::read("region\tis\t00ff demo\n").mark;
        assert_eq!(mark, Some(Mark { id: "00ff".into(), region: "demo".into() }));
    }

    #[test]
    fn the_script_prints_what_is_read() {
        let state = tempfile::tempdir().unwrap();
        let generations = state.path().join("generations");
        std::fs::create_dir(&generations).unwrap();
        std::fs::write(state.path().join("region"), "00ff demo\n").unwrap();
        for (name, text) in [("9.age", "old"), ("10.age", "age\n\u{1}"), ("10.json", "{\"number\":10}"), ("11.age.new", "half")] {
            std::fs::write(generations.join(name), text).unwrap();
        }
        let body = format!("{}STATE={}\n{SCRIPT}", regionctl_engine::PRELUDE, state.path().display());
        let output = std::process::Command::new("sh").arg("-euc").arg(body).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let kept = Kept::read(&text);
        assert!(output.status.success() && text.contains("\n{\"number\":10}\n"), "{text}");
        assert_eq!(kept.sealed, Some((10, b"age\n\x01".to_vec())));
        assert_eq!(kept.mark.unwrap().region, "demo");
    }
}
