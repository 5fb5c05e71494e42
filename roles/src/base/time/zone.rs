//! The time zone.

use regionctl_engine::want::{self, Undo};
use regionctl_plan::{Resource, quote};

/// `/etc/localtime` leads to the zone; what was there before is kept for the way back.
pub fn zone(name: &str) -> Resource {
    let path = quote(&format!("/usr/share/zoneinfo/{name}"));
    let command = want::Command {
        run: &format!(
            r#"[ -f {path} ] || {{ echo "there is no time zone "{word} >&2; exit 1; }}
keep=/var/lib/regionctl/timezone
if [ ! -d "$keep" ]; then
  rm -rf "$keep.new"; mkdir -p "$keep.new"
  for file in localtime timezone; do
    if [ -e "/etc/$file" ] || [ -L "/etc/$file" ]; then cp -a -- "/etc/$file" "$keep.new/$file"; fi
  done
  mv -T "$keep.new" "$keep"
fi
ln -sfn {path} /etc/localtime.regionctl
mv -fT /etc/localtime.regionctl /etc/localtime
if [ -e /etc/timezone ]; then echo {word} >/etc/timezone; fi
"#,
            word = quote(name)
        ),
        check: &format!("[ /etc/localtime -ef {path} ]"),
        guard: ":",
        undo: Undo::Run(
            r#"keep=/var/lib/regionctl/timezone
[ -d "$keep" ] || exit 0
for file in localtime timezone; do
  if [ -e "$keep/$file" ] || [ -L "$keep/$file" ]; then
    cp -a -- "$keep/$file" "/etc/$file.regionctl"; mv -fT "/etc/$file.regionctl" "/etc/$file"
  else
    rm -f "/etc/$file"
  fi
done
rm -rf "$keep"
"#,
        ),
    };
    want::command(&format!("the time zone is {name}"), command)
}
