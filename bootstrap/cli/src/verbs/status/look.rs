//! What is asked of the hosts besides what planning needs: the questions of every section in one script, every host at once.

use std::collections::BTreeMap;

use regionctl_engine::{Engine, HostView, Rows, Survey};
use regionctl_inventory::Region;

use super::{disks, encryption, pairs, services, space, vpn};
use crate::output::Output;
use crate::render::words::count;
use crate::survey;

/// What the hosts answered.
pub struct Answers {
    hosts: BTreeMap<String, (String, Rows)>,
    /// True if every host that was asked answered.
    pub complete: bool,
}

impl Answers {
    /// A host's answer; `None` if it was not asked, or did not answer.
    pub fn of(&self, host: &str) -> Option<&Rows> {
        self.hosts.get(host).map(|(_, rows)| rows)
    }

    /// All that it printed.
    pub fn text(&self, host: &str) -> Option<&str> {
        self.hosts.get(host).map(|(text, _)| text.as_str())
    }
}

/// Asks every host that answered before.
pub async fn ask(engine: &Engine, region: &Region, survey: &Survey, output: &Output) -> Answers {
    let scripts: BTreeMap<_, _> =
        views(survey).filter_map(|(name, view)| Some((name.to_owned(), script(region, name, view, survey)?))).collect();
    let what = format!("asking {} for more", count(scripts.len(), "host"));
    let answers = survey::ask_each(engine, &what, &scripts, output).await;
    let complete = answers.values().all(Result::is_ok);
    let hosts = answers.into_iter().filter_map(|(name, answer)| {
        let text = answer.ok()?;
        let rows = Rows::read(text.lines());
        Some((name, (text, rows)))
    });
    Answers { hosts: hosts.collect(), complete }
}

/// Each section asks in a shell of its own, so that none can stop the others.
fn script(region: &Region, host: &str, view: &HostView, survey: &Survey) -> Option<String> {
    let questions = [
        vpn::script(view),
        pairs::script(region, host, view),
        encryption::script(view),
        disks::script(region, host),
        space::script(region, host),
        services::script(region, host, view, survey),
    ];
    let script: String =
        questions.iter().flatten().map(|ask| format!("(\nset +e\n{ask}) </dev/null 2>/dev/null || :\n")).collect();
    (!script.is_empty()).then_some(script)
}

/// The hosts that answered.
pub fn views(survey: &Survey) -> impl Iterator<Item = (&str, &HostView)> {
    survey.iter().filter_map(|(name, answer)| Some((name.as_str(), &answer.as_ref().ok()?.view)))
}

/// The names of what there is of a kind, as far as its role is among the selected layers.
pub fn names_of<'a>(view: &'a HostView, kind: &str) -> impl Iterator<Item = &'a str> {
    let entries = view.ledger.iter().map(|entry| &entry.resource).filter(move |resource| resource.id.kind == kind);
    entries.filter(|resource| has_role(view, &resource.role)).map(|resource| resource.id.name.as_str())
}

/// True if a role of the selected layers is wanted on the host and was installed there.
pub fn has_role(view: &HostView, role: &str) -> bool {
    let wanted = view.wanted.iter().flat_map(|(_, wanted)| wanted).any(|resource| resource.role == role);
    wanted && view.ledger.iter().any(|entry| entry.resource.role == role)
}
