//! Makes a wish true in a process of its own, so that a test can kill it: `wisher ACCESS.json WISH.json apply|back|plan`.
//!
//! Prints each event as a line of JSON, then `ok`, or the error.
#![allow(clippy::print_stdout)]

use regionctl_engine::Goal;
use regionctl_tests::wish::{self, Access, Wish};

fn main() -> Result<(), String> {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, access, wanted, verb] = arguments.as_slice() else { return Err("give ACCESS.json WISH.json VERB".into()) };
    let text = |path: &str| std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let access: Access = serde_json::from_str(&text(access)?).map_err(|error| error.to_string())?;
    let wanted: Wish = serde_json::from_str(&text(wanted)?).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let goal = if verb == "back" { Goal::nothing() } else { Goal::Wanted };
    runtime.block_on(async {
        if verb == "plan" {
            let plan = wish::plan(&access.engine(&wanted), &goal).await?;
            println!("{}", serde_json::to_string(&plan).unwrap_or_default());
            return Ok(());
        }
        let (_, outcome) =
            wish::run(&access, &wanted, &goal, |event| println!("{}", serde_json::to_string(event).unwrap_or_default())).await?;
        match outcome {
            Some(outcome) if !outcome.ok => Err(serde_json::to_string(&outcome).unwrap_or_default()),
            _ => {
                println!("ok");
                Ok(())
            }
        }
    })
}
