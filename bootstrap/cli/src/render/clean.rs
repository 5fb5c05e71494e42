//! Text from hosts and files, made safe for a terminal.

/// `text` with control characters spelled out, so that what a host prints cannot move the cursor, change colours or hide
/// what stands beside it. Line feeds are spelled out too; see [`lines`].
pub fn clean(text: &str) -> String {
    if !text.contains(hostile) {
        return text.to_owned();
    }
    let spell = |c: char| if hostile(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(spell).collect()
}

/// The lines of `text`, each cleaned; tabs become four spaces.
pub fn lines(text: &str) -> Vec<String> {
    text.lines().map(line).collect()
}

/// One line, cleaned, without its line feed; tabs become four spaces, a carriage return before the line feed shows.
pub fn line(text: &str) -> String {
    clean(&text.trim_end_matches('\n').replace('\t', "    "))
}

/// A whole text on its way to a terminal: what is ours in it stays, line feeds, tabs and the colours of [`Style`](super::style);
/// anything else that drives a terminal is spelled out. Everything printed comes through here, whoever wrote it.
pub fn screen(text: &str) -> String {
    if !text.contains(|c| hostile(c) && c != '\n') {
        return text.to_owned();
    }
    let mut screened = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = colour(rest).unwrap_or(c.len_utf8());
        let (piece, after) = rest.split_at(length);
        if length > 1 && c == '\u{1b}' || !hostile(c) || matches!(c, '\n' | '\t') {
            screened.push_str(piece);
        } else {
            screened.extend(c.escape_default());
        }
        rest = after;
    }
    screened
}

/// JSON in which no control character stands as itself; programs read the same from it.
pub fn json(text: &str) -> String {
    let spell = |c: char| if hostile(c) && c != '\n' { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    text.chars().map(spell).collect()
}

/// The length of a sequence that sets a colour or a weight, at the beginning of a text. None that hides is among them.
fn colour(text: &str) -> Option<usize> {
    let inside = text.strip_prefix("\u{1b}[")?;
    let end = inside.find('m')?;
    let known = |number: &str| matches!(number.parse(), Ok(0..=4 | 22..=24 | 30..=39 | 90..=97)) || number.is_empty();
    inside.get(..end)?.split(';').all(known).then_some(end + 3)
}

/// Control characters, and the marks that reverse the direction of what follows.
fn hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_cannot_drive_the_terminal() {
        assert_eq!(clean("\u{1b}[2Jgone\rx"), "\\u{1b}[2Jgone\\rx");
        assert_eq!(clean("é \u{202e}txt"), "é \\u{202e}txt");
        assert_eq!(line("a\tb\r\n"), "a    b\\r");
        assert_eq!(lines("a\nb"), ["a", "b"]);
    }

    #[test]
    fn only_our_own_colours_reach_the_terminal() {
        let ours = "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m a\tb\n";
        assert_eq!(screen(ours), ours);
        for (theirs, shown) in [
            ("\u{1b}]0;title\u{7}x", "\\u{1b}]0;title\\u{7}x"),
            ("\u{1b}[8mhidden", "\\u{1b}[8mhidden"),
            ("\u{1b}[2Jx\rgone", "\\u{1b}[2Jx\\rgone"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("\u{1b}[31", "\\u{1b}[31"),
            ("\u{1b}", "\\u{1b}"),
        ] {
            assert_eq!(screen(theirs), shown);
        }
    }
}
