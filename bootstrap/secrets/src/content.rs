//! What is in the file once it is opened: JSON.
//!
//! ```json
//! {
//!   "format": 1,
//!   "recipients": [{ "recipient": "age1…", "label": "alice" }],
//!   "entries": { "vpn/ca/cert": { "version": 1, "value": "…", "made": 1795219199, "expires": 2110579199 } },
//!   "removed": [{ "recipient": { "recipient": "age1…", "label": "bob" }, "at": 1795219200, "seen": { "vpn/ca/key": 1 } }]
//! }
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::error::FileProblem;
use crate::name;
use crate::recipient::Recipient;
use crate::secret::Secret;
use crate::store::Entry;

/// The version of the form.
const FORMAT: u64 = 1;

/// All that the file says.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub recipients: Vec<Recipient>,
    pub entries: BTreeMap<String, Entry>,
    pub removed: Vec<Removed>,
}

/// A recipient of former times, and the versions that it could read.
#[derive(Debug)]
pub(crate) struct Removed {
    pub recipient: Recipient,
    /// Seconds since 1970.
    pub at: u64,
    pub seen: BTreeMap<String, u64>,
}

/// Only the format, to tell a newer file from a wrong one.
#[derive(Deserialize)]
struct Head {
    format: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    format: u64,
    recipients: Vec<RecipientForm>,
    entries: BTreeMap<String, EntryForm>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    removed: Vec<RemovedForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecipientForm {
    recipient: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryForm {
    version: u64,
    #[serde(serialize_with = "reveal", deserialize_with = "hide")]
    value: Secret<String>,
    made: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RemovedForm {
    #[serde(rename = "recipient")]
    who: RecipientForm,
    at: u64,
    seen: BTreeMap<String, u64>,
}

/// The one place where values become text: what is encrypted next. [`Secret`] itself has no such thing on purpose.
fn reveal<S: Serializer>(value: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.reveal())
}

fn hide<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

impl Content {
    /// The text to encrypt.
    ///
    /// # Errors
    /// None that this content can have.
    pub(crate) fn write(&self) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        let entry = |entry: &Entry| EntryForm {
            version: entry.version,
            value: entry.value.clone(),
            made: entry.made,
            expires: entry.expires,
        };
        let removed = |removed: &Removed| RemovedForm {
            who: RecipientForm::of(&removed.recipient),
            at: removed.at,
            seen: removed.seen.clone(),
        };
        let form = Form {
            format: FORMAT,
            recipients: self.recipients.iter().map(RecipientForm::of).collect(),
            entries: self.entries.iter().map(|(name, value)| (name.clone(), entry(value))).collect(),
            removed: self.removed.iter().map(removed).collect(),
        };
        // Large enough at once: growing would leave copies behind. A character takes at most six bytes, `\u0000`.
        let values: usize = self.entries.iter().map(|(name, entry)| name.len() + entry.value.reveal().len() * 6 + 200).sum();
        let mut text = Zeroizing::new(Vec::with_capacity(values + 64 * 1024));
        serde_json::to_writer(&mut *text, &form)?;
        Ok(text)
    }

    /// Reads what [`Content::write`] wrote.
    ///
    /// # Errors
    /// It is something else. The error repeats nothing of it.
    pub(crate) fn read(text: &[u8]) -> Result<Self, FileProblem> {
        // The words of serde's error may quote a value; its place does not.
        let place = |error: serde_json::Error| FileProblem::Content { line: error.line(), column: error.column() };
        let wrong = FileProblem::Content { line: 0, column: 0 };
        let head: Head = serde_json::from_slice(text).map_err(place)?;
        if head.format != FORMAT {
            return Err(FileProblem::Format(head.format));
        }
        let form: Form = serde_json::from_slice(text).map_err(place)?;
        let recipients = form.recipients.iter().map(RecipientForm::read).collect::<Option<Vec<_>>>().ok_or(wrong)?;
        let mut entries = BTreeMap::new();
        for (name, entry) in form.entries {
            name::check(&name).map_err(|_| wrong)?;
            let EntryForm { version, value, made, expires } = entry;
            entries.insert(name, Entry { version, value, made, expires });
        }
        let removed = |form: RemovedForm| Some(Removed { recipient: form.who.read()?, at: form.at, seen: form.seen });
        let removed = form.removed.into_iter().map(removed).collect::<Option<Vec<_>>>().ok_or(wrong)?;
        Ok(Self { recipients, entries, removed })
    }
}

impl RecipientForm {
    fn of(recipient: &Recipient) -> Self {
        Self { recipient: recipient.text().to_owned(), label: recipient.label().map(str::to_owned) }
    }

    fn read(&self) -> Option<Recipient> {
        Recipient::parse(&self.recipient).ok().map(|recipient| recipient.labelled(self.label.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> FileProblem {
        Content::read(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_is_written_is_read() {
        let recipient = Recipient::parse(&age::x25519::Identity::generate().to_public().to_string()).unwrap();
        let entry = Entry { version: 3, value: Secret::new("a\n\"b\"\u{1}".to_owned()), made: 5, expires: Some(6) };
        let content = Content {
            recipients: vec![recipient.clone().labelled(Some("alice"))],
            entries: [("vpn/ca".to_owned(), entry)].into(),
            removed: vec![Removed { recipient, at: 7, seen: [("vpn/ca".to_owned(), 2)].into() }],
        };
        let read = Content::read(&content.write().unwrap()).unwrap();
        assert_eq!(format!("{content:?}"), format!("{read:?}"));
        assert_eq!(read.entries["vpn/ca"].value.reveal(), "a\n\"b\"\u{1}");
    }

    #[test]
    fn the_text_fits_where_it_is_put() {
        let entry = Entry { version: 1, value: Secret::new("\u{1}".repeat(50_000)), made: 0, expires: None };
        let content = Content { entries: [("a".to_owned(), entry)].into(), ..Content::default() };
        let text = content.write().unwrap();
        assert!(text.len() > 300_000);
        assert_eq!(text.capacity(), 1 + 6 * 50_000 + 200 + 64 * 1024);
    }

    #[test]
    fn errors_quote_nothing() {
        assert_eq!(problem(r#"{"format":2,"more":"hunter2"}"#), FileProblem::Format(2));
        let place = problem(r#"{"format":1,"recipients":[],"entries":{"a":{"version":"hunter2"}}}"#);
        assert!(matches!(place, FileProblem::Content { line: 1, column: 50..70 }), "{place:?}");
        assert!(!place.to_string().contains("hunter2"));
        for text in ["", "[]", r#"{"format":1}"#, r#"{"format":1,"recipients":[{"recipient":"x"}],"entries":{}}"#] {
            assert!(matches!(problem(text), FileProblem::Content { .. }), "{text}");
        }
        assert_eq!(
            problem(r#"{"format":1,"recipients":[],"entries":{"../a":{"version":1,"value":"","made":0}}}"#),
            FileProblem::Content { line: 0, column: 0 }
        );
    }
}
