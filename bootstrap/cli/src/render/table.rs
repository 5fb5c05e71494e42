//! Aligned columns.

use anstyle::Style as Ansi;

use super::style::Style;

/// Rows under a heading; columns are as wide as their widest cell.
#[derive(Debug, Default)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// One cell: text and its colour.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    colour: Ansi,
}

impl Cell {
    /// A cell in a colour.
    pub fn new(colour: Ansi, text: impl Into<String>) -> Self {
        Self { text: text.into(), colour }
    }
}

impl<S: Into<String>> From<S> for Cell {
    fn from(text: S) -> Self {
        Self { text: text.into(), colour: Ansi::new() }
    }
}

impl Table {
    /// An empty table with these column names.
    pub fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { head: head.map(str::to_owned).to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.to_vec());
    }

    /// True if there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The text, each line ended.
    pub fn render(&self, style: &Style) -> String {
        let head: Vec<_> = self.head.iter().map(|name| Cell::new(style.head, name)).collect();
        let all = || std::iter::once(&head).chain(&self.rows);
        let widest = |column: usize| all().filter_map(|row| row.get(column)).map(|cell| width(&cell.text)).max().unwrap_or(0);
        let widths: Vec<_> = (0..self.head.len()).map(widest).collect();
        let mut out = String::new();
        for row in all() {
            let last = row.iter().rposition(|cell| !cell.text.is_empty());
            for (i, cell) in row.iter().enumerate().take(last.map_or(0, |last| last + 1)) {
                out += &style.paint(cell.colour, &cell.text);
                if Some(i) != last {
                    let room = widths.get(i).copied().unwrap_or(0) + 2;
                    out += &" ".repeat(room.saturating_sub(width(&cell.text)));
                }
            }
            out.push('\n');
        }
        out
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_no_line_ends_in_blanks() {
        let mut table = Table::new(["host", "state"]);
        table.row(["é".into(), "up".into()]);
        table.row(["storage-1".into(), "".into()]);
        assert_eq!(table.render(&Style::plain()), "host       state\né          up\nstorage-1\n");
    }
}
