//! What must hold for every kind, tried on a real host with the kind's samples.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use regionctl_engine::samples::Sample;
use regionctl_engine::{Engine, Goal, Kinds};
use regionctl_plan::{Action, Change, Event, Id, Plan, Resource, What};

use crate::wish::{self, Access, Wish};

/// A host on which samples are tried.
pub struct Bench<'a> {
    /// How to reach it.
    pub access: &'a Access,
    /// Its name.
    pub host: &'a str,
    /// The `wisher` program, for processes that are killed.
    pub wisher: &'a str,
}

/// A property that does not hold, with the sample that shows it.
pub type Broken = String;

/// When a run is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// When the batch goes out.
    Before,
    /// While the host works on the change.
    During,
    /// When the change is done, and nothing is settled yet.
    After,
}

impl Bench<'_> {
    fn wish(&self, resources: impl IntoIterator<Item = Resource>) -> Wish {
        Wish(BTreeMap::from([(self.host.to_owned(), resources.into_iter().collect())]))
    }

    fn of(&self, sample: &Sample) -> Wish {
        self.wish(sample.setup.iter().cloned().chain([sample.wanted.clone()]))
    }

    /// Runs shell on the host, as an operator would by hand.
    ///
    /// # Errors
    /// It fails.
    pub async fn by_hand(&self, script: &str) -> Result<String, Broken> {
        let engine = self.access.engine(&Wish::default());
        let remote = engine.remotes().get(self.host).ok_or("no such host")?;
        remote.long_script("a test", &format!("set -e\n{script}"), std::time::Duration::from_secs(600)).await.map_err(text)
    }

    /// What other tools say of the host: not our own observe.
    ///
    /// # Errors
    /// The host does not answer.
    pub async fn state(&self) -> Result<String, Broken> {
        self.by_hand(STATE).await
    }

    async fn apply(&self, wish: &Wish) -> Result<Plan, Broken> {
        self.run(wish, &Goal::Wanted).await
    }

    async fn run(&self, wish: &Wish, goal: &Goal) -> Result<Plan, Broken> {
        let (plan, outcome) = wish::run(self.access, wish, goal, |_| {}).await?;
        match outcome {
            Some(outcome) if !outcome.ok => Err(format!("{:?}", outcome.hosts)),
            _ => Ok(plan),
        }
    }

    async fn plan(&self, engine: &Engine) -> Result<Plan, Broken> {
        wish::plan(engine, &Goal::Wanted).await
    }

    /// Runs a change's own shell once more, outside any run.
    async fn again(&self, change: &Change) -> Result<(), Broken> {
        let kinds = Kinds::host();
        let kind = kinds.get(&change.id().kind).ok_or("unknown kind")?;
        let keep = format!("KEEP=$STATE/ledger/{}\n", regionctl_engine::ledger_folder(change.id()));
        self.by_hand(&format!("cd /\n{keep}{}", kind.apply(&[change]))).await.map(drop)
    }

    /// The generic properties of one sample: plan after apply is empty; apply twice; every spoiled field shown and mended;
    /// deterministic; undo twice; all as before at the end.
    ///
    /// # Errors
    /// The first property that does not hold.
    pub async fn properties(&self, sample: &Sample) -> Result<(), Broken> {
        let before = self.state().await?;
        let mut held = self.hold(sample).await;
        if held.is_ok() {
            held = self.without_ground(sample).await;
        }
        if held.is_err() {
            // So that one failure does not look like twenty.
            let _ = self.run(&self.of(sample), &Goal::nothing()).await;
        }
        let cleaned = self.by_hand(sample.clean).await;
        held?;
        cleaned.map_err(|error| format!("cleaning up: {error}"))?;
        same(&by_hand(&before), &by_hand(&self.state().await?), "after all")
    }

    async fn hold(&self, sample: &Sample) -> Result<(), Broken> {
        self.by_hand(sample.prepare).await?;
        let prepared = self.state().await?;
        let wish = self.of(sample);
        let engine = self.access.engine(&wish);
        let first = self.apply(&wish).await?;
        self.empty(&self.plan(&engine).await?, "after apply")?;

        let changes: Vec<_> = first.changes().map(|(_, _, change)| change.clone()).collect();
        if let Some(change) = changes.iter().find(|change| change.id() == &sample.wanted.id) {
            let once = self.state().await?;
            self.again(change).await.map_err(|error| format!("apply twice: {error}"))?;
            self.empty(&self.plan(&engine).await?, "after apply twice")?;
            same(&once, &self.state().await?, "after apply twice")?;
        }
        for spoil in &sample.spoils {
            let what = spoil.field.unwrap_or("existence");
            self.by_hand(spoil.run).await.map_err(|error| format!("spoiling {what}: {error}"))?;
            let shown = self.plan(&engine).await?;
            self.shows(&shown, &sample.wanted.id, spoil.field).map_err(|error| format!("{what} spoiled: {error}"))?;
            if self.plan(&engine).await?.id != shown.id {
                return Err(format!("{what} spoiled: the plan is not the same twice"));
            }
            self.apply(&wish).await.map_err(|error| format!("mending {what}: {error}"))?;
            self.empty(&self.plan(&engine).await?, &format!("after {what} was mended"))?;
        }
        self.undo_twice(&wish, sample).await?;
        // What has no undo is taken away by hand before the host is compared.
        if changes.iter().any(|change| change.no_undo.is_some()) {
            return Ok(());
        }
        same(&prepared, &self.state().await?, "after undo")
    }

    /// An undo ends well when what the thing stands on is gone, because another undo ran before it.
    async fn without_ground(&self, sample: &Sample) -> Result<(), Broken> {
        let Some(ground) = sample.ground() else { return Ok(()) };
        let wish = self.of(sample);
        self.by_hand(sample.clean).await.map_err(|error| format!("cleaning up: {error}"))?;
        self.by_hand(sample.prepare).await?;
        let prepared = self.state().await?;
        self.apply(&wish).await?;
        self.by_hand(ground.gone).await.map_err(|error| format!("taking away its ground: {error}"))?;
        self.run(&wish, &Goal::nothing()).await.map_err(|error| format!("undo without its ground: {error}"))?;
        if ground.restored { same(&prepared, &self.state().await?, "after undo without its ground") } else { Ok(()) }
    }

    async fn undo_twice(&self, wish: &Wish, sample: &Sample) -> Result<(), Broken> {
        let back = wish::plan(&self.access.engine(wish), &Goal::nothing()).await?;
        let only_last = back.changes().next().map(|(_, _, change)| change.clone());
        if let Some(change) = only_last.filter(|change| change.id() == &sample.wanted.id && change.action == Action::Return) {
            self.again(&change).await.map_err(|error| format!("undo: {error}"))?;
        }
        self.run(wish, &Goal::nothing()).await.map_err(|error| format!("undo twice: {error}")).map(drop)
    }

    /// A run that is killed at a moment of the sample's change: the next one converges to what an undisturbed one gives.
    ///
    /// # Errors
    /// It does not.
    pub async fn survives(&self, sample: &Sample, moment: Moment, undisturbed: &str) -> Result<(), Broken> {
        let before = self.state().await?;
        self.by_hand(sample.prepare).await?;
        let wish = self.of(sample);
        self.kill_at(&wish, &sample.wanted.id, moment)?;
        self.apply(&wish).await.map_err(|error| format!("after a kill {moment:?}: {error}"))?;
        let engine = self.access.engine(&wish);
        self.empty(&self.plan(&engine).await?, &format!("after a kill {moment:?}"))?;
        same(undisturbed, &self.state().await?, &format!("after a kill {moment:?}, compared with an undisturbed run"))?;
        self.run(&wish, &Goal::nothing()).await?;
        self.by_hand(sample.clean).await?;
        same(&by_hand(&before), &by_hand(&self.state().await?), &format!("after a kill {moment:?} and undo"))
    }

    /// The state after an undisturbed run, which is taken back.
    ///
    /// # Errors
    /// The run fails.
    pub async fn undisturbed(&self, sample: &Sample) -> Result<String, Broken> {
        self.by_hand(sample.prepare).await?;
        let wish = self.of(sample);
        self.apply(&wish).await?;
        let state = self.state().await?;
        self.run(&wish, &Goal::nothing()).await?;
        self.by_hand(sample.clean).await?;
        Ok(state)
    }

    fn kill_at(&self, wish: &Wish, id: &Id, moment: Moment) -> Result<(), Broken> {
        let folder = tempfile::tempdir().map_err(text)?;
        let file = |name: &str, json: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, json).map_err(text).map(|()| path)
        };
        let access = file("access.json", serde_json::to_string(self.access).map_err(text)?)?;
        let wish = file("wish.json", serde_json::to_string(wish).map_err(text)?)?;
        let mut command = Command::new(self.wisher);
        command.arg(access).arg(wish).arg("apply").stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", self.wisher))?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let is_it = |event: &Event| match (&event.what, moment) {
            (What::BatchStarted { .. }, Moment::Before) => true,
            (What::ChangeStarted { id: at, .. }, Moment::During) | (What::ChangeDone { id: at, .. }, Moment::After) => at == id,
            _ => false,
        };
        let mut reached = false;
        for line in lines.map_while(Result::ok) {
            if serde_json::from_str(&line).is_ok_and(|event| is_it(&event)) {
                reached = true;
                break;
            }
        }
        child.kill().map_err(text)?;
        child.wait().map_err(text)?;
        if reached { Ok(()) } else { Err(format!("the run ended before {moment:?}")) }
    }

    fn empty(&self, plan: &Plan, when: &str) -> Result<(), Broken> {
        let show = |(_, _, change): (&str, &str, &Change)| format!("{} {:?}", change.id(), change.fields());
        let left: Vec<_> = plan.changes().map(show).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("the plan {when} is not empty: {}", left.join("; "))) }
    }

    fn shows(&self, plan: &Plan, id: &Id, field: Option<&str>) -> Result<(), Broken> {
        let changes: Vec<_> = plan.changes().map(|(_, _, change)| change).collect();
        let [change] = changes.as_slice() else { return Err(format!("{} changes are planned", changes.len())) };
        let fields: Vec<_> = change.fields().iter().map(|f| f.field.to_owned()).collect();
        match field {
            _ if change.id() != id => Err(format!("`{}` is planned", change.id())),
            None if change.action == Action::Create => Ok(()),
            Some(field) if fields == [field] => Ok(()),
            _ => Err(format!("{:?} of {fields:?} is planned", change.action)),
        }
    }
}

fn text(error: impl Display) -> String {
    error.to_string()
}

/// A state without the backups that the account tools leave when a sample is prepared and cleaned up by hand.
fn by_hand(state: &str) -> String {
    state.lines().filter(|line| !line.trim_end().ends_with('-')).collect::<Vec<_>>().join("\n")
}

/// Compares two states line by line, wherever a line stands; one that is there twice differs from one that is there once.
///
/// # Errors
/// What differs.
pub fn same(before: &str, after: &str, when: &str) -> Result<(), Broken> {
    let mut counts = BTreeMap::<&str, (usize, usize)>::new();
    before.lines().for_each(|line| counts.entry(line).or_default().0 += 1);
    after.lines().for_each(|line| counts.entry(line).or_default().1 += 1);
    let more = |of: fn((usize, usize)) -> usize, sign| {
        counts.iter().flat_map(move |(line, count)| std::iter::repeat_n(format!("{sign} {line}"), of(*count)))
    };
    let lost = more(|(before, after)| before.saturating_sub(after), '-');
    let new = more(|(before, after)| after.saturating_sub(before), '+');
    let differences: Vec<_> = lost.chain(new).take(20).collect();
    if differences.is_empty() { Ok(()) } else { Err(format!("{when} the host differs:\n{}", differences.join("\n"))) }
}

/// A volume's id is allotted, and `nfs.disable: on` is a default that Gluster does not hand on to a server that was away.
///
/// Hashes of /etc with modes and owners, dpkg's list, users' keys, mounts, what is enabled and running, and Gluster's own word.
pub const STATE: &str = r#"
find /etc -xdev -printf '%M %u %g %p %l\n' | sort
find /etc -xdev -type f -print0 | sort -z | xargs -0 sha256sum
dpkg-query -W -f='${Package} ${Version} ${db:Status-Status}\n' | grep -v ' config-files$'
dpkg-divert --list | grep '^local' || :
cat /root/.ssh/authorized_keys 2>/dev/null || :
awk '$3 !~ /^(proc|sysfs|cgroup2?|devpts|tmpfs)$/ {print "mount", $2, $3}' /proc/mounts | grep -v /run/ || :
ls -A /home /opt /srv | sed 's/^/folder /'
if find /var/lib/glusterd/vols /var/lib/glusterd/peers -mindepth 1 2>/dev/null | grep -q . && systemctl is-active -q glusterd; then timeout 20 gluster volume info 2>&1 | grep -Ev 'Volume ID|^nfs.disable: on$' || :; timeout 20 gluster pool list | awk 'NR>1 {print "peer", $2, $3}'; fi
"#;
