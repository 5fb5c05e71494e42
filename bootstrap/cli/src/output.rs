//! Standard output is data, standard error is everything else.

use std::io::{self, IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;

use crate::args::{Format, Global};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::clean::{json, screen};
use crate::render::findings::hint_line;
use crate::render::style::Style;

/// Where and how a verb prints.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// The form of data.
    pub format: Format,
    /// How often `-v` was given.
    pub verbose: u8,
    out: Style,
    err: Style,
}

impl Output {
    /// As the options and the environment ask (`NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`, `TERM`).
    pub fn new(global: &Global) -> Self {
        if global.no_color {
            ColorChoice::Never.write_global();
        }
        let style = |choice| if choice == ColorChoice::Never { Style::plain() } else { Style::coloured() };
        Self {
            format: global.format,
            verbose: global.verbose,
            out: style(AutoStream::choice(&io::stdout())),
            err: style(AutoStream::choice(&io::stderr())),
        }
    }

    /// The colours for standard error.
    pub fn err(&self) -> &Style {
        &self.err
    }

    /// True if standard error is a terminal that can move its cursor.
    pub fn is_live(&self) -> bool {
        io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Prints data: `table` for people, the value itself for programs.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn data<T: Serialize>(&self, value: &T, table: impl FnOnce(&Style) -> String) -> Result<(), Failure> {
        let broken = |error: &dyn std::fmt::Display| Failure::new(Exit::Local, format!("cannot write the result: {error}"));
        match self.format {
            Format::Table => self.text(&table(&self.out)),
            Format::Json => self.text(&(json(&serde_json::to_string_pretty(value).map_err(|e| broken(&e))?) + "\n")),
            Format::Yaml => {
                let text = serde_yaml::to_string(value).map_err(|e| broken(&e))?;
                self.text(&format!("{}\n", text.trim_end()))
            }
        }
    }

    /// Prints text to standard output, as it is but for what would drive a terminal.
    ///
    /// # Errors
    /// Standard output cannot be written. A reader that has seen enough, such as `head`, is no error.
    pub fn text(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match out.write_all(screen(text).as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(Exit::Local, format!("cannot write to standard output: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Prints text to standard error, as it is but for what would drive a terminal. A closed standard error is not worth stopping for.
    pub fn say(&self, text: &str) {
        let mut err = io::stderr().lock();
        let _ = err.write_all(screen(text).as_bytes()).and_then(|()| err.flush());
    }

    /// Prints why a verb gave up.
    pub fn failure(&self, failure: &Failure) {
        let head = if failure.as_is { String::new() } else { self.err.paint(self.err.error, "error:") + " " };
        let mut text = format!("{head}{}\n", failure.message.trim_end());
        if let Some(hint) = &failure.hint {
            text += &hint_line(hint, &self.err);
        }
        self.say(&text);
    }
}
