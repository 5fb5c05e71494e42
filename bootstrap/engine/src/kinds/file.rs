//! Kind `file`: a regular file. The name is its absolute path.
//!
//! Fields: `content` (text, or `sha256:HEX` where it is too long or not text; may hold secrets), `mode` (octal, four digits), `owner`,
//! `group` (names). Parameter: `check` (shell that fails if the candidate, whose path is in `$tmp`, must not be used). A thing at the path that is not a regular file is shown as the field `type`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regionctl_plan::{Action, Change, Fields, Resource, quote, sha256};

use super::edit::{keep_folder, put_back};
use super::words;
use crate::kind::{Kind, Rows};

/// Longer contents are shown by their digest.
const SHOWN_BYTES: usize = 65_536;

/// See the module.
pub struct File;

impl Kind for File {
    fn name(&self) -> &'static str {
        "file"
    }

    fn secret_fields(&self) -> &'static [&'static str] {
        &["content"]
    }

    fn observe(&self, resources: &[&Resource]) -> String {
        let paths = words(resources.iter().map(|r| &r.id.name));
        let as_wanted = resources.iter().filter_map(|r| {
            let digest = sha256(r.text("content")?.as_bytes());
            Some(quote(&format!("{digest} {}", r.id.name)))
        });
        // An empty pattern list is not valid shell; this pattern matches nothing that sha256sum prints.
        let as_wanted: Vec<_> = as_wanted.chain(["-".to_owned()]).collect();
        let as_wanted = as_wanted.join("|");
        let hidden = resources.iter().filter(|r| r.holds_secrets()).map(|r| quote(&r.id.name));
        let hidden = hidden.chain(["-".to_owned()]).collect::<Vec<_>>().join("|");
        format!(
            r#"stat --printf '%n\tstat\t%a %U %G %F\n' -- {paths} 2>/dev/null
for path in {paths}; do [ -f "$path" ] && [ ! -L "$path" ] && printf '%s\n' "$path"; done | tr '\n' '\0' | xargs -0 -r sha256sum -z -- |
tr '\0' '\n' | while read -r sum path; do
  case "$sum $path" in {as_wanted}) row "$path" same "$sum" ;; *)
    row "$path" sum "$sum"
    case "$path" in {hidden}) ;; *)
      if [ "$(stat -c %s -- "$path")" -le {SHOWN_BYTES} ]; then rowb "$path" content <"$path"; fi ;;
    esac ;;
  esac
done
"#
        )
    }

    fn read(&self, resource: &Resource, rows: &Rows) -> Option<Fields> {
        let path = &resource.id.name;
        let stat = rows.get(path, "stat")?;
        let mut parts = stat.splitn(4, ' ');
        let (mode, owner, group) = (parts.next()?, parts.next()?, parts.next()?);
        let sort = parts.next().unwrap_or_default();
        let mut have = Fields::new();
        if sort != "regular file" && sort != "regular empty file" {
            have.insert("type".into(), sort.into());
            return Some(have);
        }
        have.insert("mode".into(), format!("{mode:0>4}").into());
        have.insert("owner".into(), owner.into());
        have.insert("group".into(), group.into());
        let content = if rows.get(path, "same").is_some() {
            resource.text("content").map(str::to_owned)
        } else {
            let shown = rows.get(path, "content").and_then(|b64| STANDARD.decode(b64).ok());
            let text = shown.and_then(|bytes| String::from_utf8(bytes).ok());
            text.or_else(|| rows.get(path, "sum").map(|sum| format!("sha256:{sum}")))
        };
        if let Some(content) = content {
            have.insert("content".into(), content.into());
        }
        Some(have)
    }

    fn keep(&self, resource: &Resource) -> String {
        let path = quote(&resource.id.name);
        format!("if [ -f {path} ] || [ -L {path} ]; then cp -a -- {path} \"$KEEP/copy\"; {}; fi\n", keep_folder(&path))
    }

    fn guard(&self, change: &Change) -> String {
        // Overwritten only if it is as the plan showed it, or already as wanted.
        let path = quote(&change.id().name);
        let sums = [change.before.as_ref(), change.after()].map(|fields| fields.and_then(content_digest));
        let allowed: Vec<_> = sums.into_iter().flatten().collect();
        let absent = change.before.is_none();
        if change.action == Action::Return || (allowed.is_empty() && !absent) {
            return String::new();
        }
        let patterns = allowed.into_iter().chain([String::from("-")]).collect::<Vec<_>>().join("|");
        format!(
            r#"if [ -f {path} ]; then case "$(sha256sum <{path})" in {patterns}) ;; *) fail "the file changed after it was planned" ;; esac; fi
"#,
            patterns = patterns.split('|').map(|sum| format!("{sum}*")).collect::<Vec<_>>().join("|")
        )
    }

    fn writes(&self, resource: &Resource) -> Vec<String> {
        vec![resource.id.name.clone()]
    }

    fn apply(&self, changes: &[&Change]) -> String {
        changes.iter().map(|change| apply_one(change)).collect()
    }
}

/// The SHA-256 of a content field, which may itself be given as a digest.
fn content_digest(fields: &Fields) -> Option<String> {
    let content = fields.get("content")?.as_str()?;
    Some(content.strip_prefix("sha256:").map_or_else(|| sha256(content.as_bytes()), str::to_owned))
}

fn apply_one(change: &Change) -> String {
    let path = quote(&change.id().name);
    let Some(want) = change.after() else {
        return format!("rm -f -- {path} {path}.regionctl\n");
    };
    if change.action == Action::Return {
        return put_back(&path);
    }
    let text = |field: &str| want.get(field).and_then(|v| v.as_str());
    let mut script = format!("tmp={path}.regionctl\n");
    match text("content") {
        Some(content) => {
            let encoded = STANDARD.encode(content);
            script += &format!("(umask 077; base64 -d >\"$tmp\" <<'REGIONCTL'\n{encoded}\nREGIONCTL\n)\n");
            script += &format!("if [ -f {path} ]; then chown --reference={path} \"$tmp\"; fi\n");
            // With a mode of its own it is never, not even for a moment, as open as others are.
            if text("mode").is_none() {
                script += &format!("if [ -f {path} ]; then chmod --reference={path} \"$tmp\"; else chmod 0644 \"$tmp\"; fi\n");
            }
        }
        None => script += &format!("if [ -f {path} ]; then cp -a -- {path} \"$tmp\"; else : >\"$tmp\"; fi\n"),
    }
    if let Some(owner) = text("owner") {
        script += &format!("chown {} \"$tmp\"\n", quote(owner));
    }
    if let Some(group) = text("group") {
        script += &format!("chgrp {} \"$tmp\"\n", quote(group));
    }
    if let Some(mode) = text("mode") {
        script += &format!("chmod {} \"$tmp\"\n", quote(mode));
    }
    if let Some(check) = change.resource.text_param("check") {
        script += &format!("( {check}\n) || {{ rm -f -- \"$tmp\"; fail 'the new content was refused by its check'; }}\n");
    }
    script + &format!("replace \"$tmp\" {path}\n")
}
