//! Asking before something changes.

use std::io::{self, BufRead as _, IsTerminal as _};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// What must be typed for yes.
#[derive(Debug, Clone, Copy)]
pub enum Word<'a> {
    /// `y` or `yes`.
    Yes,
    /// This word, for what is hard to take back.
    This(&'a str),
}

/// Asks on standard error and reads the answer from standard input, which must be a terminal.
///
/// # Errors
/// No, or nobody to ask.
pub fn ask(output: &Output, question: &str, word: Word<'_>) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        let message = "nothing was changed: there is no terminal to ask on";
        return Err(Failure::new(Exit::Stopped, message).hint("`--yes` goes on without asking"));
    }
    let choice = match word {
        Word::Yes => "[y/N]".to_owned(),
        Word::This(word) => format!("type `{word}` to go on:"),
    };
    output.say(&format!("{} {choice} ", output.err().paint(output.err().head, question)));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    let answer = answer.trim();
    let yes = match word {
        Word::Yes => ["y", "yes"].contains(&answer.to_lowercase().as_str()),
        Word::This(word) => answer == word,
    };
    match read {
        Ok(_) if yes => Ok(()),
        Ok(_) => Err(Failure::new(Exit::Stopped, "nothing was changed: the answer was not yes")),
        Err(error) => Err(Failure::new(Exit::Stopped, format!("nothing was changed: cannot read the answer: {error}"))),
    }
}
