//! Generations that other folders wrote, brought here from the hosts: a lost laptop loses nothing.

use std::collections::BTreeMap;

use regionctl_engine::{Engine, FolderError, Generation, RegionFolder};
use regionctl_plan::digest;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::render::words::{count, list};
use crate::survey;

/// Prints every kept generation, a line of JSON each.
const SCRIPT: &str = r#"
for file in "$STATE"/generations/*.json; do
  if [ -f "$file" ]; then cat -- "$file"; echo; fi
done
"#;

/// Keeps here what the hosts have and this folder has not.
///
/// # Errors
/// No host answers, or a host's generation is not the one of the same number here.
pub async fn fetch(engine: &Engine, folder: &RegionFolder, output: &Output) -> Result<(), Failure> {
    let what = format!("asking {} for generations", count(engine.remotes().len(), "host"));
    let asked: Vec<_> = engine.remotes().values().cloned().collect();
    let asked = asked
        .into_iter()
        .map(|remote| tokio::spawn(async move { (remote.name.clone(), remote.script("fetching", SCRIPT).await) }));
    let asked: Vec<_> = asked.collect();
    let (mut found, mut silent) = (BTreeMap::new(), Vec::new());
    let answers = survey::during(output, &what, async {
        let mut answers = Vec::new();
        for one in asked {
            answers.extend(one.await.ok());
        }
        answers
    });
    for (host, answer) in answers.await {
        match answer {
            Ok(text) => found.extend(read(&text).map(|generation| (generation.number, (host.clone(), generation)))),
            Err(error) => silent.push((host, error)),
        }
    }
    let complaints: Vec<_> = silent.iter().map(|(host, error)| (host.as_str(), error)).collect();
    output.say(&survey::complaints(&complaints, output));
    if let (true, Some((_, first))) = (silent.len() == engine.remotes().len(), silent.first()) {
        return Err(Failure::new(survey::exit_of(first), format!("none of {} answered", count(silent.len(), "host"))));
    }
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

/// The generations that a host printed; what is no generation is left out.
fn read(text: &str) -> impl Iterator<Item = Generation> + '_ {
    text.lines().filter_map(|line| serde_json::from_str(line).ok())
}
