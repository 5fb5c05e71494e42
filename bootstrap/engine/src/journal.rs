//! The append-only journal of a run: one event per line, each on disk before the next thing happens.

use std::fs::File;
use std::io::{self, Write as _};
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
    /// Starts a journal in a new file.
    pub fn new(file: File, listener: Listener) -> Self {
        Self { file, seq: 0, listener }
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
/// It is no text, or a line before the last is damaged.
pub fn read(bytes: &[u8]) -> io::Result<Vec<Event>> {
    let text = std::str::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
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
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut journal = Journal::new(file.reopen().unwrap(), Box::new(|_| {}));
        journal.write(What::Generation { number: 7 }).unwrap();
        journal.file.write_all(b"{\"seq\":2,").unwrap();
        let events = read(&std::fs::read(file.path()).unwrap()).unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].what, What::Generation { number: 7 });
    }
}
