//! Large inventories: how long the program takes to say that they are right.

use std::fmt::Write as _;

use regionctl_plan::Argv;

use crate::bench::error::BenchError;
use crate::bench::summary::{Large, median};
use crate::bench::{files, process};

/// From the largest that anybody had to what shows whether time grows with the servers or faster.
const SERVERS: [usize; 2] = [1000, 5000];
const RUNS: usize = 5;

/// Measures `regionctl validate`, from process start to end.
pub async fn measure() -> Result<Vec<Large>, BenchError> {
    let this = std::env::current_exe().map_err(BenchError::io("find", "/proc/self/exe"))?;
    let program = this.with_file_name("regionctl").display().to_string();
    let mut measured = Vec::new();
    for servers in SERVERS {
        let file = files::output().join(format!("{servers}-servers.yaml"));
        files::write(&file, &document(servers))?;
        let validate = Argv::new(&program).args(["validate", "-f"]).arg(file.display().to_string());
        let mut seconds = Vec::new();
        for _ in 0..RUNS {
            seconds.push(process::run(&validate).await?.elapsed.as_secs_f64());
        }
        measured.push(Large { servers, seconds: median(seconds) });
    }
    Ok(measured)
}

/// Servers with one disk each, a third of them in replicated volumes that all of them mount; every other writes its address.
fn document(servers: usize) -> String {
    let mut text = format!(
        "apiVersion: regionctl.dev/v1alpha1\nkind: Region\nmetadata: {{name: large}}\nspec:\n  release: \"{}\"\n  network: {{vrack: {{cidr: 10.64.0.0/12}}}}\n  servers:\n",
        regionctl_images::names().first().unwrap_or(&"")
    );
    let volumes = servers / 9;
    for number in 0..servers {
        let role = if number < 3 * volumes { "storage" } else { "compute" };
        let vrack = match number % 2 {
            0 => format!(", vrack: {{address: 10.65.{}.{}}}", number / 250, number % 250 + 1),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "    - {{name: s{number}, roles: [{role}], address: s{number}.example.org{vrack}, disks: [{{name: data, device: /dev/sdb}}]}}"
        );
    }
    text += "  gluster:\n    volumes:\n";
    for volume in 0..volumes {
        let bricks: Vec<_> = (0..3).map(|brick| format!("{{server: s{}, disk: data}}", 3 * volume + brick)).collect();
        let _ = writeln!(
            text,
            "      - {{name: v{volume}, bricks: [{}], mounts: [{{path: /srv/v{volume}, servers: [s{}]}}]}}",
            bricks.join(", "),
            servers - 1 - volume
        );
    }
    text
}
