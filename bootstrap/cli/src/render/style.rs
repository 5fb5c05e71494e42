//! The colours, named by meaning.

use std::fmt::Display;

use anstyle::{AnsiColor, Style as Ansi};

/// One colour per meaning; [`Style::plain`] has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// Something comes into being.
    pub create: Ansi,
    /// Something is altered.
    pub update: Ansi,
    /// Something goes away.
    pub remove: Ansi,
    /// Something goes back to its original.
    pub back: Ansi,
    /// A heading, such as a host's name.
    pub head: Ansi,
    /// What can be skipped while reading.
    pub dim: Ansi,
    /// It worked.
    pub good: Ansi,
    /// Worth a look.
    pub warning: Ansi,
    /// It did not work.
    pub error: Ansi,
    /// What to do.
    pub hint: Ansi,
}

impl Style {
    /// No colours: for files, pipes and golden tests.
    pub fn plain() -> Self {
        Self::default()
    }

    /// The sixteen colours that every terminal has, so that the operator's theme decides.
    pub fn coloured() -> Self {
        let colour = |colour: AnsiColor| colour.on_default();
        Self {
            create: colour(AnsiColor::Green),
            update: colour(AnsiColor::Yellow),
            remove: colour(AnsiColor::Red),
            back: colour(AnsiColor::Cyan),
            head: Ansi::new().bold(),
            dim: Ansi::new().dimmed(),
            good: colour(AnsiColor::Green),
            warning: colour(AnsiColor::Yellow).bold(),
            error: colour(AnsiColor::Red).bold(),
            hint: colour(AnsiColor::Cyan),
        }
    }

    /// How many characters of `text` are seen: all but the colours that [`Style::paint`] adds.
    pub fn width(text: &str) -> usize {
        let mut parts = text.split('\u{1b}');
        let first = parts.next().map_or(0, |part| part.chars().count());
        first + parts.map(|part| part.split_once('m').map_or(0, |(_, seen)| seen.chars().count())).sum::<usize>()
    }

    /// `text` in a colour.
    pub fn paint(&self, colour: Ansi, text: impl Display) -> String {
        let text = text.to_string();
        if text.is_empty() { text } else { format!("{colour}{text}{colour:#}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_not_counted() {
        let style = Style::coloured();
        let text = format!("ä{} {}", style.paint(style.error, "modem"), style.paint(style.dim, "x"));
        assert_eq!((Style::width(&text), Style::width("plain")), (8, 5));
    }
}
