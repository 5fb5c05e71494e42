//! The line difference of two texts.

use similar::{Algorithm, ChangeTag, TextDiff};

use super::clean::line;
use super::style::Style;
use super::words::count;

/// Unchanged lines shown around each difference.
const CONTEXT: usize = 2;

/// The unified difference of two texts, at most `most` lines of it.
pub fn unified(before: &str, after: &str, most: usize, style: &Style) -> Vec<String> {
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(before, after);
    let mut lines = Vec::new();
    for (i, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if let (Some(first), true) = (group.first(), i > 0 || group.first().is_some_and(|op| op.new_range().start > 0)) {
            lines.push(style.paint(style.dim, format!("@ line {}", first.new_range().start + 1)));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = line(change.value());
            lines.push(match change.tag() {
                ChangeTag::Delete => style.paint(style.remove, format!("- {text}").trim_end()),
                ChangeTag::Insert => style.paint(style.create, format!("+ {text}").trim_end()),
                ChangeTag::Equal => format!("  {text}").trim_end().to_owned(),
            });
            if change.missing_newline() {
                lines.push(style.paint(style.dim, "\\ no line feed at the end"));
            }
        }
    }
    shorten(lines, most, style)
}

/// A text that comes whole, each line marked; at most `most` lines of it.
pub fn whole(mark: char, text: &str, most: usize, style: &Style) -> Vec<String> {
    let colour = if mark == '-' { style.remove } else { style.create };
    let marked = text.lines().map(|l| style.paint(colour, format!("{mark} {}", line(l)).trim_end())).collect();
    shorten(marked, most, style)
}

/// The first `most` lines, and how many more there are.
fn shorten(mut lines: Vec<String>, most: usize, style: &Style) -> Vec<String> {
    let more = lines.len().saturating_sub(most);
    if more > 1 {
        lines.truncate(most);
        lines.push(style.paint(style.dim, format!("… {} more, shown with `-v`", count(more, "line"))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(before: &str, after: &str) -> Vec<String> {
        unified(before, after, 20, &Style::plain())
    }

    #[test]
    fn only_what_differs_with_some_context() {
        let numbers = |from: u32, to: u32| (from..=to).map(|n| format!("{n}\n")).collect::<String>();
        let after = numbers(1, 9) + "ten\n" + &numbers(11, 20);
        assert_eq!(plain(&numbers(1, 20), &after), ["@ line 8", "  8", "  9", "- 10", "+ ten", "  11", "  12"]);
    }

    #[test]
    fn a_missing_line_feed_is_a_difference() {
        assert_eq!(plain("a", "a\n"), ["- a", "\\ no line feed at the end", "+ a"]);
        assert_eq!(plain("", "a\n"), ["+ a"]);
        assert_eq!(plain("a\r\n", "a\n"), ["- a\\r", "+ a"]);
    }

    #[test]
    fn long_texts_are_cut() {
        let text: String = (0..100).map(|n| format!("{n}\n")).collect();
        let lines = whole('+', &text, 2, &Style::plain());
        assert_eq!(lines, ["+ 0", "+ 1", "… 98 lines more, shown with `-v`"]);
    }
}
