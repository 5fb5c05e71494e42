//! The host kinds, one module each. A new kind is a new file and a line here.

mod apt_source;
mod authorized_key;
pub(crate) mod blank;
mod command;
pub(crate) mod data;
mod directory;
mod edit;
mod file;
mod filesystem;
pub(crate) mod gluster;
mod group;
mod kernel_module;
mod line;
mod loop_file;
mod luks;
mod luks_binding;
mod lvm;
mod lvm_group;
mod lvm_volume;
mod mount;
pub(crate) mod package;
pub mod samples;
mod sysctl;
#[cfg(test)]
mod tests;
mod unit;
mod user;
pub mod want;

use regionctl_plan::{Fields, quote};
use serde_json::Value;

use crate::kind::Kinds;

/// Every host kind.
pub fn all() -> Kinds {
    Kinds::default()
        .with(apt_source::AptSource)
        .with(authorized_key::AuthorizedKey)
        .with(command::Command)
        .with(directory::Directory)
        .with(file::File)
        .with(filesystem::Filesystem)
        .with(gluster::Brick)
        .with(gluster::Opt)
        .with(gluster::Peer)
        .with(gluster::Volume)
        .with(group::Group)
        .with(kernel_module::KernelModule)
        .with(line::Line)
        .with(loop_file::LoopFile)
        .with(luks::Luks)
        .with(luks_binding::Binding)
        .with(lvm_group::Group)
        .with(lvm_volume::Volume)
        .with(mount::Mount)
        .with(package::Package)
        .with(sysctl::Sysctl)
        .with(unit::Unit)
        .with(user::User)
}

/// Rows of a whole host and not of one resource have this name.
const HOST: &str = "*";

/// Shell words, quoted.
fn words<I, S>(list: I) -> String
where
    I: IntoIterator<Item = S>,
    S: AsRef<str>,
{
    list.into_iter().map(|word| quote(word.as_ref())).collect::<Vec<_>>().join(" ")
}

/// A text field.
fn text<'a>(fields: Option<&'a Fields>, field: &str) -> Option<&'a str> {
    fields?.get(field)?.as_str()
}

/// A field that is true or false.
fn flag(fields: Option<&Fields>, field: &str) -> Option<bool> {
    fields?.get(field)?.as_bool()
}

/// A number field.
fn number(fields: Option<&Fields>, field: &str) -> Option<u64> {
    fields?.get(field)?.as_u64()
}

/// A field that is a list of texts; empty if it is not there.
fn list<'a>(fields: Option<&'a Fields>, field: &str) -> Vec<&'a str> {
    let list = fields.and_then(|fields| fields.get(field)).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Runs of white space as one space.
fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
