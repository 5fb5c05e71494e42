//! What is wrong with a document: where, what, and what to do about it.

use std::fmt;

use serde::Serialize;

/// How many mistakes are kept; a document with more is not the document that was meant.
const MOST: usize = 100;

/// How much of a source line is shown, in characters.
const WIDTH: usize = 100;

/// One mistake in a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// The file, as it was named to [`crate::parse`].
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The field, such as `spec.servers[2].vrack.address`; empty when the text is no document at all.
    pub path: String,
    /// The offending text.
    pub text: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The source line, without control characters; a long one is cut around the column.
    pub source_line: String,
    /// Where the offending text starts in `source_line`, in characters, counted from 0.
    #[serde(skip)]
    pub(crate) caret: usize,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}:{}: error: {}", self.file, self.line, self.column, self.message)?;
        if !self.source_line.trim().is_empty() {
            let number = self.line.to_string();
            let gutter = " ".repeat(number.len());
            let shown = self.source_line.chars().count().saturating_sub(self.caret);
            let carets = self.text.chars().count().min(shown).max(1);
            writeln!(f, "{gutter} |")?;
            writeln!(f, "{number} | {}", self.source_line)?;
            writeln!(f, "{gutter} | {}{}", " ".repeat(self.caret), "^".repeat(carets))?;
        }
        if !self.path.is_empty() {
            writeln!(f, "field: {}", self.path)?;
        }
        match &self.hint {
            Some(hint) => writeln!(f, "hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// All mistakes of a document, in the order of its lines. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Diagnostics {
    /// The file, as it was named to [`crate::parse`].
    pub file: String,
    /// The mistakes, at most 100.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more there are.
    pub more: usize,
}

impl Diagnostics {
    pub(crate) fn new(file: &str, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by(|a, b| (a.line, a.column, &a.message).cmp(&(b.line, b.column, &b.message)));
        diagnostics.dedup();
        let more = diagnostics.len().saturating_sub(MOST);
        diagnostics.truncate(MOST);
        Self { file: file.to_owned(), diagnostics, more }
    }

    /// The mistakes, in the order of the document's lines.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.diagnostics.iter()
    }

    /// How many mistakes there are, those not kept too.
    pub fn len(&self) -> usize {
        self.diagnostics.len() + self.more
    }

    /// Whether there are none, which does not happen.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in self {
            writeln!(f, "{diagnostic}")?;
        }
        if self.more > 0 {
            writeln!(f, "and {} more", self.more)?;
        }
        let errors = if self.len() == 1 { "error" } else { "errors" };
        write!(f, "{}: {} {errors}", self.file, self.len())
    }
}

/// The text of a document by lines, to make diagnostics that show where they are.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    file: String,
    lines: Vec<String>,
}

impl Source {
    pub(crate) fn new(file: &str, text: &str) -> Self {
        // YAML ends a line at any of these.
        let lines = text.replace("\r\n", "\n").split(['\n', '\r']).map(str::to_owned).collect();
        Self { file: clean(file), lines }
    }

    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// A diagnostic at a line and column, both counted from 1.
    pub(crate) fn diagnostic(
        &self,
        (line, column): (usize, usize),
        path: String,
        text: &str,
        message: String,
        hint: Option<String>,
    ) -> Diagnostic {
        let source = self.lines.get(line.saturating_sub(1)).map_or("", String::as_str);
        let start = column.saturating_sub(1);
        let skip = if source.chars().count() > WIDTH { start.saturating_sub(WIDTH / 2) } else { 0 };
        let shown: String = source.chars().skip(skip).take(WIDTH).collect();
        Diagnostic {
            file: self.file.clone(),
            line,
            column,
            path: clean(&path),
            text: clean(&text.chars().take(WIDTH).collect::<String>()),
            message: clean(&message),
            hint: hint.map(|hint| clean(&hint)),
            source_line: clean(&shown).trim_end().to_owned(),
            caret: start - skip,
        }
    }
}

/// A document comes from elsewhere: nothing of it may drive the terminal.
fn clean(text: &str) -> String {
    let plain = |c: char| match c {
        '\t' | '\n' | '\r' => ' ',
        c if c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
            '\u{fffd}'
        }
        c => c,
    };
    text.chars().map(plain).collect()
}
