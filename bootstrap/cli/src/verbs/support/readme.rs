//! The archive's own words about itself.

use super::layout::Gathered;
use super::looks::LOOKS;
use crate::render::clean::{clean, line};

/// README.txt.
pub fn render(gathered: &Gathered, problems: &[String], too_short: &[String]) -> String {
    let mut text = format!(
        "What regionctl found of region `{}`\n\nmade        {}\nregionctl   {}\nrelease     {}\nlogs        of the last {}\n\n",
        clean(&gathered.region),
        gathered.at,
        env!("CARGO_PKG_VERSION"),
        clean(&gathered.release),
        gathered.since,
    );
    text += "Hosts\n\n";
    for (host, answer) in &gathered.hosts {
        match answer {
            Ok(_) => text += &format!("  {host} answered\n"),
            Err(why) => text += &format!("  {host} did not answer: {}\n", line(&why.replace('\n', " "))),
        }
    }
    text += "\nWhat is hidden\n\n";
    text += &match &gathered.unknown {
        None => "  Every value of the region's encrypted file stands here as [redacted: NAME].\n".to_owned(),
        Some(why) => format!(
            "  The values of the region's encrypted file are not known, so they could not be looked for:\n  {}\n",
            line(&why.replace('\n', " "))
        ),
    };
    text += "  What looks like a key, a password or the like stands here as [redacted]. Look through it all the same.\n";
    if !too_short.is_empty() {
        text += &format!("  Too short to look for: {}\n", too_short.join(", "));
    }
    if !problems.is_empty() {
        text += "\nWhat could not be had\n\n";
        problems.iter().for_each(|problem| text += &format!("  {}\n", line(&problem.replace('\n', " "))));
    }
    text + &files()
}

fn files() -> String {
    let mut text = String::from("\nFiles\n\n");
    let mut row = |file: &str, about: &str| text += &format!("  {file:<28} {about}\n");
    row("region.yaml", "the inventory");
    row("generations.json", "numbers, parents and dates of the generations");
    row("runs/RUN.ndjson", "the journals of the last runs; an event per line");
    row("hosts/NAME/facts.json", "what planning knows of the host");
    row("hosts/NAME/ledger.json", "what is ours on the host, and since when");
    for look in LOOKS {
        let unit = look.file.strip_prefix("log/").filter(|_| look.about.is_empty());
        let about = unit.map_or_else(|| look.about.to_owned(), |unit| format!("what {unit} logged"));
        row(&format!("hosts/NAME/{}", look.file), &about);
    }
    text + "\nA file is missing where the host has not got the program that would tell.\n"
}
