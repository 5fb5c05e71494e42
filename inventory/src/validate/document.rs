//! What the document says of itself: its version, its kind, its release.

use super::Report;
use crate::{
    API_VERSION, KIND, nearest,
    parse::{Known, at},
    types::Region,
};

pub(super) fn check(region: &Region, known: &Known<'_>, report: &mut Report<'_>) {
    if region.api_version != API_VERSION {
        let message = format!("`{}` is not an `apiVersion` that this regionctl knows", region.api_version);
        report.error(&at!["apiVersion"], message, format!("write `{API_VERSION}`"));
    }
    if region.kind != KIND {
        let message = format!("`{}` is not a `kind` that this regionctl knows", region.kind);
        report.error(&at!["kind"], message, format!("write `{KIND}`"));
    }
    let release = region.spec.release.as_str();
    if !known.releases.is_empty() && !known.releases.contains(&release) {
        let hint = nearest::hint(release, known.releases.iter().copied()).unwrap_or_default();
        report.error(&at!["spec", "release"], format!("unknown release `{release}`"), hint);
    }
    if let Some(backup) = &region.spec.backup {
        let schemes = ["s3://", "sftp://", "file:///"];
        if !schemes.iter().any(|scheme| backup.target.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty())) {
            let message = format!("`{}` is not a place for backups", backup.target);
            let hint = "`s3://HOST/BUCKET/PREFIX`, `sftp://USER@HOST/PATH` or `file:///PATH`";
            report.error(&at!["spec", "backup", "target"], message, hint);
        }
    }
}
