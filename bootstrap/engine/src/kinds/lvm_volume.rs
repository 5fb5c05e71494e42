//! Kind `lvm_volume`: a logical volume of LVM. The name is `GROUP/VOLUME`; its device is `/dev/GROUP/VOLUME`.
//!
//! Fields: `type` (`linear`, `thin-pool` or `thin`), `size` (bytes, rounded up to whole extents; or `N%` of the group, where
//! `100%` is all that is free), `pool` (of a `thin` volume: its thin pool in the same group), `active`. A volume grows, with
//! the file system on it, and never shrinks.

use regionctl_plan::{Action, Change, Fields, Resource, quote};
use serde_json::Value;

use super::data;
use super::lvm::LVM;
use super::{flag, number, text};
use crate::kind::{Kind, Refusal, Rows};

/// See the module.
pub struct Volume;

impl Kind for Volume {
    fn name(&self) -> &'static str {
        "lvm_volume"
    }

    fn observe(&self, _resources: &[&Resource]) -> String {
        format!(
            r#"{LVM}
! command -v lvs >/dev/null || reported lvs --separator '|' -o vg_name,lv_name,{FIELDS} | while IFS='|' read -r group volume rest; do
  row "$group/$volume" is "$rest"
done
"#
        )
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let volume = Found::parse(rows.get(&resource.id.name, "is")?)?;
        let sort = match volume.layout {
            "thin,pool" => "thin-pool",
            "thin,sparse" => "thin",
            other => other,
        };
        let size = volume.size_like(resource.want.as_ref().and_then(|want| want.get("size")));
        let mut have = Fields::from([
            ("type".into(), sort.into()),
            ("size".into(), size),
            ("active".into(), (volume.active == "active").into()),
        ]);
        if !volume.pool.is_empty() {
            have.insert("pool".into(), volume.pool.into());
        }
        Some(have)
    }

    fn no_undo(&self, resource: &Resource) -> Option<String> {
        data::no_undo(resource)
    }

    fn refuses(&self, change: &Change) -> Option<Refusal> {
        let (Some(have), Some(want), true) = (&change.before, change.after(), change.action != Action::Return) else {
            return None;
        };
        let differs = |field: &&str| want.get(*field).is_some_and(|want| have.get(*field) != Some(want));
        let field = ["type", "pool"].into_iter().find(differs)?;
        let (had, wanted) = (text(Some(have), field).unwrap_or("none"), text(Some(want), field).unwrap_or("none"));
        Some(Refusal::never(format!("{field} of {} is {had}, which does not become {wanted}", change.id().name)))
    }

    fn guard(&self, change: &Change) -> String {
        let (Some(want), true) = (change.after(), change.action != Action::Return) else { return String::new() };
        let name = quote(&change.id().name);
        let sort = text(Some(want), "type").unwrap_or_default();
        let layout = match sort {
            "thin-pool" => "thin,pool",
            "thin" => "thin,sparse",
            other => other,
        };
        let pool = quote(text(Some(want), "pool").unwrap_or_default());
        let Some(size) = Size::of(want) else { return format!("fail the size of {name} is not one\n") };
        format!(
            r#"{LVM}{size}
found=$(reported lvs -o lv_layout -- {name}) || found=
if [ -n "$found" ]; then
  [ "$found" = {} ] || fail {name} is "$found", which does not become {}
  [ "$(reported lvs -o pool_lv -- {name})" = {pool} ] || fail {name} is in another thin pool
  [ "$(extents {name})" -le "$(wanted_extents {name})" ] || fail {name} is larger and is never shrunk
fi
"#,
            quote(layout),
            quote(sort),
            size = size.shell(),
        )
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().fold(LVM.to_owned(), |script, change| script + &apply_one(change))
    }
}

const FIELDS: &str = "lv_layout,lv_size,pool_lv,lv_active,vg_extent_size,vg_extent_count,vg_free_count";

/// A volume as `lvs` shows it.
struct Found<'a> {
    layout: &'a str,
    bytes: u64,
    pool: &'a str,
    active: &'a str,
    extent_bytes: u64,
    group_extents: u64,
    free_extents: u64,
}

impl<'a> Found<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let parts: Vec<_> = line.split('|').collect();
        let [layout, bytes, pool, active, extent_bytes, group_extents, free_extents] = parts[..] else { return None };
        let number = |text: &str| text.parse().ok();
        Some(Self {
            layout,
            bytes: number(bytes)?,
            pool,
            active,
            extent_bytes: number(extent_bytes).filter(|bytes| *bytes > 0)?,
            group_extents: number(group_extents)?,
            free_extents: number(free_extents)?,
        })
    }

    /// The size in the terms in which it is wanted, so that what rounding adds is no difference.
    fn size_like(&self, wanted: Option<&Value>) -> Value {
        let extents = self.bytes.div_ceil(self.extent_bytes);
        if let Some(bytes) = wanted.and_then(Value::as_u64) {
            let same = bytes.div_ceil(self.extent_bytes) == extents;
            return if same { bytes.into() } else { self.bytes.into() };
        }
        let Some(percent) = wanted.and_then(Value::as_str).and_then(percent) else { return self.bytes.into() };
        let as_wanted = if percent == 100 { self.free_extents == 0 } else { self.group_extents * percent / 100 == extents };
        let shown = if as_wanted { percent } else { extents * 100 / self.group_extents.max(1) };
        format!("{shown}%").into()
    }
}

fn percent(text: &str) -> Option<u64> {
    text.strip_suffix('%')?.parse().ok().filter(|percent| (1..=100).contains(percent))
}

/// How large a volume is to be.
enum Size {
    Bytes(u64),
    /// 1 to 99.
    Percent(u64),
    /// What is free.
    Rest,
}

impl Size {
    fn of(want: &Fields) -> Option<Self> {
        match number(Some(want), "size") {
            Some(bytes) => Some(Self::Bytes(bytes)),
            None => Some(match percent(text(Some(want), "size")?)? {
                100 => Self::Rest,
                percent => Self::Percent(percent),
            }),
        }
    }

    /// `extents VOLUME` are those it has, `wanted_extents VOLUME` those it should have.
    fn shell(&self) -> String {
        let wanted = match self {
            Self::Bytes(bytes) => format!("_size=$(of_group vg_extent_size \"$1\"); echo $((({bytes} + _size - 1) / _size))"),
            Self::Percent(percent) => format!("echo $(($(of_group vg_extent_count \"$1\") * {percent} / 100))"),
            Self::Rest => r#"echo $(($(of_group vg_free_count "$1") + $(extents "$1")))"#.to_owned(),
        };
        format!(
            r#"of_group() {{ reported vgs -o "$1" -- "${{2%%/*}}"; }}
extents() {{
  _bytes=$(reported lvs -o lv_size -- "$1") || _bytes=0
  echo $((${{_bytes:-0}} / $(of_group vg_extent_size "$1")))
}}
wanted_extents() {{ {wanted}; }}
"#
        )
    }
}

fn apply_one(change: &Change) -> String {
    let name = &change.id().name;
    let (word, (group, volume)) = (quote(name), name.split_once('/').unwrap_or((name, "")));
    let there = format!("lvs -- {word} >/dev/null 2>&1");
    if change.action == Action::Return {
        let stop =
            if flag(change.after(), "active") == Some(true) { ":".to_owned() } else { format!("lvchange -qq -an -- {word}") };
        let left = data::left(&change.resource, &format!("the volume {word}"));
        return format!("if {there}; then\n  {stop}\n  {left}\nfi\n");
    }
    let (Some(want), Some(size)) = (change.after(), change.after().and_then(Size::of)) else { return String::new() };
    let (group, volume) = (quote(group), quote(volume));
    let extents = match size {
        Size::Rest => "100%FREE".to_owned(),
        _ => format!("\"$(wanted_extents {word})\""),
    };
    // What an earlier volume left in the free space of a group is nobody's.
    let create = match (text(Some(want), "type"), text(Some(want), "pool"), &size) {
        (Some("thin"), Some(pool), Size::Bytes(bytes)) => {
            format!("lvcreate -qq --type thin -V {bytes}b --thinpool {} -n {volume} -- {group}", quote(pool))
        }
        (Some("thin-pool"), None, _) => format!("lvcreate -qq -y --type thin-pool -l {extents} -n {volume} -- {group}"),
        (Some("linear"), None, _) => format!("lvcreate -qq -y -W y --type linear -l {extents} -n {volume} -- {group}"),
        (sort, ..) => format!("fail {} is not a volume that can be made", quote(sort.unwrap_or_default())),
    };
    let grow = match size {
        Size::Rest => "+100%FREE".to_owned(),
        _ => extents,
    };
    let active = if flag(Some(want), "active") == Some(true) { format!("lvchange -qq -ay -- {word}\n") } else { String::new() };
    format!(
        r#"{}
if ! {there}; then {create}
elif [ "$(extents {word})" -lt "$(wanted_extents {word})" ]; then
  lvchange -qq -ay -- {word}
  case "$(blkid -p -o value -s TYPE -- /dev/{word})" in xfs | ext*) with=-r ;; *) with= ;; esac
  lvextend -qq $with -l {grow} -- {word}
fi
{active}"#,
        size.shell()
    )
}
