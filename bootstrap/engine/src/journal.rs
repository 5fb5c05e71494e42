//! The append-only journal of a run: one event per line, each on disk before the next thing happens.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regionctl_plan::{Event, What, rfc3339};

/// Who hears of an event besides the file.
pub type Listener = Box<dyn Fn(&Event) + Send + Sync>;

/// A journal being written.
pub struct Journal {
    file: File,
    seq: u64,
    listener: Listener,
}

impl Journal {
    /// Starts the journal of a run.
    ///
    /// # Errors
    /// The file exists or cannot be made.
    pub fn create(path: &Path, listener: Listener) -> io::Result<Self> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let file = OpenOptions::new().create_new(true).append(true).open(path)?;
        Ok(Self { file, seq: 0, listener })
    }

    /// Appends an event and waits until it is on disk.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn write(&mut self, what: What) -> io::Result<()> {
        self.seq += 1;
        let event = Event { seq: self.seq, at: rfc3339(now()), what };
        let mut line = serde_json::to_vec(&event)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()?;
        (self.listener)(&event);
        Ok(())
    }
}

/// Reads a journal. A last line that was cut off by a crash is left out.
///
/// # Errors
/// The file cannot be read, or a line before the last is damaged.
pub fn read(path: &Path) -> io::Result<Vec<Event>> {
    let text = std::fs::read_to_string(path)?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).map_err(io::Error::from)).collect()
}

/// Time since 1970.
pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_off_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs/1.ndjson");
        let mut journal = Journal::create(&path, Box::new(|_| {})).unwrap();
        journal.write(What::Generation { number: 7 }).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"seq\":2,").unwrap();
        let events = read(&path).unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].what, What::Generation { number: 7 });
    }
}
