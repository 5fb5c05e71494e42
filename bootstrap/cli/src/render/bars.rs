//! Progress on a terminal: a bar per host that is at work, one for the whole run, and a line above them for what ended.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use regionctl_plan::{Event, What};

use super::clean::{clean, screen};
use super::lines;
use super::style::Style;
use super::tally::Tally;

/// Bars shown at once at most: they fit a small terminal, and beyond that nobody reads them.
const MOST: usize = 16;

/// The bars of a run.
pub struct Bars {
    screen: MultiProgress,
    whole: ProgressBar,
    hosts: BTreeMap<String, ProgressBar>,
    room: usize,
    style: Style,
    verbose: bool,
}

impl Bars {
    /// Bars on standard error, which must be a terminal.
    pub fn new(verbose: bool, style: Style) -> Self {
        Self::on(ProgressDrawTarget::stderr(), MOST, verbose, style)
    }

    fn on(target: ProgressDrawTarget, room: usize, verbose: bool, style: Style) -> Self {
        let screen = MultiProgress::with_draw_target(target);
        let whole = screen.add(bar(0, "whole run"));
        Self { screen, whole, hosts: BTreeMap::new(), room, style, verbose }
    }

    /// Shows an event that `tally` has counted already.
    pub fn event(&mut self, event: &Event, tally: &Tally) {
        let parts = tally.parts();
        self.whole.set_length(parts.total as u64);
        self.whole.set_position(parts.settled() as u64);
        self.whole.set_message(format!("{}%", parts.percent()));
        if let Some(host) = host_of(&event.what) {
            self.host(host, tally);
        }
        // What goes well is seen in the bars; a line stays for what one may want to scroll back to.
        if let What::ChangeProgress { host, progress, .. } = &event.what
            && let Some(bar) = self.hosts.get(host)
        {
            bar.set_message(clean(progress));
        }
        let routine = matches!(event.what, What::ChangeDone { .. } | What::ChangeProgress { .. } | What::StageDone { .. });
        if !routine || self.verbose {
            for line in lines::render(event, tally, self.verbose, &self.style) {
                self.say(&line);
            }
        }
    }

    /// A line that stays above the bars.
    pub fn say(&self, line: &str) {
        // A terminal that has gone away must not stop the run.
        let _ = self.screen.println(screen(line));
    }

    fn host(&mut self, name: &str, tally: &Tally) {
        let Some(host) = tally.hosts.get(name) else { return };
        let Some(stage) = host.current() else { return };
        let parts = stage.parts();
        let at_work = host.error.is_none() && !stage.ended && stage.differences.is_empty() && parts.settled() < parts.total;
        if !at_work {
            if let Some(bar) = self.hosts.remove(name) {
                bar.finish_and_clear();
                self.screen.remove(&bar);
            }
            return;
        }
        let title = format!("{} {}", clean(name), clean(&stage.stage));
        if !self.hosts.contains_key(name) {
            if self.hosts.len() >= self.room {
                return;
            }
            let bar = self.screen.insert_before(&self.whole, bar(parts.total as u64, &title));
            self.hosts.insert(name.to_owned(), bar);
        }
        let Some(bar) = self.hosts.get(name) else { return };
        if bar.prefix() != title {
            bar.set_prefix(title);
            bar.reset_elapsed();
        }
        bar.set_length(parts.total as u64);
        bar.set_position(parts.settled() as u64);
        if let Some(id) = stage.running() {
            bar.set_message(clean(&id.to_string()));
        }
    }

    /// Takes the bars away.
    pub fn finish(&self) {
        self.hosts.values().for_each(ProgressBar::finish_and_clear);
        self.whole.finish_and_clear();
        let _ = self.screen.clear();
    }
}

fn bar(length: u64, title: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:24!} {bar:20} {pos:>4}/{len:<4} {elapsed:>5} {wide_msg}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━━╌");
    let bar = ProgressBar::new(length).with_style(style).with_prefix(title.to_owned());
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

fn host_of(what: &What) -> Option<&str> {
    match what {
        What::LeaseTaken { host, .. }
        | What::UnitAdopted { host, .. }
        | What::UnitProgress { host, .. }
        | What::HostFailed { host, .. }
        | What::BatchStarted { host, .. }
        | What::ChangeStarted { host, .. }
        | What::ChangeProgress { host, .. }
        | What::ChangeDone { host, .. }
        | What::ChangeFailed { host, .. }
        | What::ChangeSkipped { host, .. }
        | What::PlanDiffers { host, .. }
        | What::StageDone { host, .. }
        | What::RevertArmed { host, .. }
        | What::RevertDisarmed { host, .. }
        | What::Reverted { host, .. }
        | What::Fenced { host, .. } => Some(host),
        What::RunStarted { .. } | What::Generation { .. } | What::RunEnded { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn bars_go_away_with_their_hosts() {
        let mut bars = Bars::on(ProgressDrawTarget::hidden(), 1, false, Style::plain());
        let mut tally = Tally::default();
        for event in samples::journal() {
            tally.add(&event);
            bars.event(&event, &tally);
            assert!(bars.hosts.len() <= 1);
        }
        assert!(bars.hosts.is_empty());
        bars.finish();
    }
}
