//! What other folders wrote, brought here from the hosts: a lost laptop loses nothing.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regionctl_engine::{Engine, FolderError, Generation, RegionFolder};
use regionctl_plan::digest;
use regionctl_secrets::{Secrets, SecretsError};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::render::words::{count, list};
use crate::{survey, vault};

/// Prints every kept generation, a line of JSON each, and the newest encrypted secrets file, with its generation and its time.
const SCRIPT: &str = r#"
for file in "$STATE"/generations/*.json; do
  if [ -f "$file" ]; then cat -- "$file"; echo; fi
done
newest=$(ls -- "$STATE/generations" 2>/dev/null | sed -n 's/^\([0-9][0-9]*\)\.age$/\1/p' | sort -n | tail -n 1)
if [ -n "$newest" ]; then
  file="$STATE/generations/$newest.age"
  rowb "$newest" "$(stat -c %Y -- "$file")" <"$file"
fi
"#;

/// An encrypted secrets file, as a host keeps it. The newest is the greatest.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sealed {
    generation: u64,
    /// When the host got it: within a generation it may be replaced. In seconds since 1970.
    at: u64,
    host: String,
    bytes: Vec<u8>,
}

/// Keeps here what the hosts have and this folder has not: generations, and the secrets file if there is none.
///
/// # Errors
/// No host answers, a host's generation is not the one of the same number here, or its secrets are not the ones here.
pub async fn fetch(engine: &Engine, folder: &RegionFolder, secrets_file: &Path, output: &Output) -> Result<(), Failure> {
    let what = format!("asking {} for generations", count(engine.remotes().len(), "host"));
    let scripts = engine.remotes().keys().map(|name| (name.clone(), SCRIPT.to_owned())).collect();
    let answers = survey::ask_each(engine, &what, &scripts, output).await;
    let first = answers.values().find_map(|answer| answer.as_ref().err());
    if let (true, Some(first)) = (answers.values().all(Result::is_err), first) {
        return Err(Failure::new(survey::exit_of(first), format!("none of {} answered", count(answers.len(), "host"))));
    }
    let (mut found, mut newest) = (BTreeMap::new(), None);
    for (host, text) in answers.into_iter().filter_map(|(host, answer)| Some((host, answer.ok()?))) {
        newest = newest.max(sealed(&host, &text));
        found.extend(generations(&text).map(|generation| (generation.number, (host.clone(), generation))));
    }
    keep(found, folder, output)?;
    newest.map_or(Ok(()), |sealed| restore(&sealed, secrets_file, output))
}

fn keep(found: BTreeMap<u64, (String, Generation)>, folder: &RegionFolder, output: &Output) -> Result<(), Failure> {
    let broken = |error: FolderError| Failure::from_error(Exit::Local, &error);
    let known = folder.generations().map_err(broken)?;
    let mut kept = Vec::new();
    for (number, (host, theirs)) in found {
        if !known.contains(&number) {
            folder.keep_generation(&theirs).map_err(broken)?;
            kept.push(number.to_string());
        } else if digest(&folder.generation(number).map_err(broken)?) != digest(&theirs) {
            let message = format!("generation {number} on {host} is of run {}, here it is of another run", theirs.run);
            return Err(Failure::new(Exit::Refused, message)
                .hint("two folders changed the region; keep one of them and move the other's `.regionctl` away"));
        }
    }
    let said = if kept.is_empty() { "nothing new".to_owned() } else { format!("new here: {}", list(&kept, 16)) };
    output.say(&format!("generations: {said}\n"));
    Ok(())
}

/// Brings the secrets file back. Only its recipients can tell which of two is the right one, so none is replaced.
fn restore(sealed: &Sealed, file: &Path, output: &Output) -> Result<(), Failure> {
    let (host, generation, shown) = (&sealed.host, sealed.generation, file.display());
    match Secrets::restore(file, &sealed.bytes) {
        Ok(true) => output.say(&format!("secrets: brought `{shown}` back, as {host} keeps it with generation {generation}\n")),
        Ok(false) => output.say("secrets: nothing new\n"),
        Err(SecretsError::Exists { .. }) => {
            let message = format!("`{shown}` is not the file that {host} keeps with generation {generation}; it stays as it is");
            return Err(Failure::new(Exit::Refused, message).hint(
                "if yours is the newer one, `regionctl install` gives it to the servers; if theirs is, move yours away and fetch again",
            ));
        }
        Err(error) => return Err(vault::failure(&error)),
    }
    Ok(())
}

/// The generations that a host printed; what is no generation is left out.
fn generations(text: &str) -> impl Iterator<Item = Generation> + '_ {
    text.lines().filter_map(|line| serde_json::from_str(line).ok())
}

/// The secrets file that a host printed, if it keeps one.
fn sealed(host: &str, text: &str) -> Option<Sealed> {
    let read = |line: &str| {
        let mut parts = line.splitn(3, '\t');
        let (generation, at, bytes) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
        let bytes = STANDARD.decode(bytes).ok().filter(|bytes| !bytes.is_empty())?;
        Some(Sealed { generation, at, host: host.to_owned(), bytes })
    };
    text.lines().find_map(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_file_is_the_one_of_the_newest_generation_and_then_the_latest() {
        let of = |host: &str, text: &str| sealed(host, text);
        let all = [
            of("a", "{\"number\":9}\n2\t100\tYWdl\n"),
            of("b", "10\t50\tYWdl\n"),
            of("c", "10\t60\tYWdlLW5ldw==\n"),
            of("d", "{}\n"),
            of("e", "11\t99\tnot base64\n"),
            of("f", "11\t99\t\n"),
        ];
        let newest = all.into_iter().max().flatten().unwrap();
        assert_eq!((newest.host.as_str(), newest.generation, newest.bytes.as_slice()), ("c", 10, &b"age-new"[..]));
    }

    #[test]
    fn the_script_prints_what_is_read() {
        let state = tempfile::tempdir().unwrap();
        let generations = state.path().join("generations");
        std::fs::create_dir(&generations).unwrap();
        for (name, text) in [("9.age", "old"), ("10.age", "age\n\u{1}"), ("10.json", "{\"number\":10}"), ("11.age.new", "half")] {
            std::fs::write(generations.join(name), text).unwrap();
        }
        let body = format!("{}STATE={}\n{SCRIPT}", regionctl_engine::PRELUDE, state.path().display());
        let output = std::process::Command::new("sh").arg("-euc").arg(body).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let newest = sealed("a", &text).unwrap();
        assert!(output.status.success() && text.starts_with("{\"number\":10}\n"), "{text}");
        assert_eq!((newest.generation, newest.bytes.as_slice()), (10, &b"age\n\x01"[..]));
    }
}
