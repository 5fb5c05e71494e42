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
}
