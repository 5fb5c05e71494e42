//! A run as it happens: progress on standard error, every event in a file, and the tally for the summary.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use regionctl_engine::journal::Listener;
use regionctl_plan::Event;

use crate::failure::Failure;
use crate::output::Output;
use crate::render::bars::Bars;
use crate::render::lines;
use crate::render::tally::Tally;

/// The listener's side of a run. Clones are the same run.
#[derive(Clone)]
pub struct Live(Arc<Mutex<Inner>>);

struct Inner {
    tally: Tally,
    bars: Option<Bars>,
    events: Option<File>,
    output: Output,
}

impl Live {
    /// Shows a run: bars on a terminal, plain lines otherwise. `events` is a file that gets every event as a line of JSON.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn new(output: Output, events: Option<&Path>) -> Result<Self, Failure> {
        let open = |path: &Path| regionctl_files::append(path).map_err(|error| Failure::file("write", path, &error));
        let events = events.map(open).transpose()?;
        let bars = output.is_live().then(|| Bars::new(output.verbose > 0, *output.err()));
        Ok(Self(Arc::new(Mutex::new(Inner { tally: Tally::default(), bars, events, output }))))
    }

    /// What the engine calls with each event.
    pub fn listener(&self) -> Listener {
        let live = self.clone();
        Box::new(move |event| live.0.lock().unwrap_or_else(PoisonError::into_inner).event(event))
    }

    /// Says something in between, a line.
    pub fn say(&self, line: &str) {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &inner.bars {
            Some(bars) => bars.say(line),
            None => inner.output.say(&format!("{line}\n")),
        }
    }

    /// Ends the progress and gives the tally.
    pub fn finish(&self) -> Tally {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bars) = &inner.bars {
            bars.finish();
        }
        inner.tally.clone()
    }
}

impl Inner {
    fn event(&mut self, event: &Event) {
        self.tally.add(event);
        if let (Some(file), Ok(mut line)) = (&mut self.events, serde_json::to_vec(event)) {
            line.push(b'\n');
            if let Err(error) = file.write_all(&line) {
                // The journal has everything; a full disk here must not stop the run.
                self.events = None;
                self.output.say(&format!("warning: events are no longer written: {error}\n"));
            }
        }
        match &mut self.bars {
            Some(bars) => bars.event(event, &self.tally),
            None => {
                let lines = lines::render(event, &self.tally, self.output.verbose > 0, self.output.err());
                self.output.say(&lines.into_iter().map(|line| line + "\n").collect::<String>());
            }
        }
    }
}
