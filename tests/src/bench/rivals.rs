//! ansible-core and pyinfra: installed from PyPI at pinned versions, and run as their manuals say.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use regionctl_plan::Argv;

use crate::bench::client::Target;
use crate::bench::error::BenchError;
use crate::bench::files;
use crate::bench::process::{self, Given};

/// ansible's kept connections: paths of sockets must be short.
const SOCKETS: &str = "/tmp/regionctl-bench-ansible";

/// Removes what the tools leave outside of our folder. Their connections ended with the hosts.
pub fn clean() -> Result<(), BenchError> {
    files::remove(SOCKETS.as_ref())
}

/// Installs both, unless they are there.
pub async fn install() -> Result<(), BenchError> {
    let wanted = files::data().join("requirements.txt");
    let venv = venv();
    let stamp = venv.join("installed.txt");
    if files::read(&stamp).ok() == Some(files::read(&wanted)?) {
        return Ok(());
    }
    eprintln!("hosts: installing ansible-core and pyinfra, once");
    files::remove(&venv)?;
    let make = Argv::new("python3").args(["-m", "venv"]).arg(venv.display().to_string());
    process::run_with(&make, Given { hint: "`apt-get install python3-venv`", ..Given::default() }).await?;
    let pip = Argv::new(program("pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(wanted.display().to_string());
    process::run_with(&pip, Given { hint: "pip must reach PyPI", ..Given::default() }).await?;
    files::write(&stamp, &files::read(&wanted)?)
}

/// Versions, for the table.
pub fn versions() -> Result<(String, String), BenchError> {
    let text = files::read(&files::data().join("requirements.txt"))?;
    let version = |name: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix("=="));
        found.unwrap_or("?").to_owned()
    };
    Ok((version("ansible-core"), version("pyinfra")))
}

fn venv() -> PathBuf {
    files::output().join("venv")
}

fn program(name: &str) -> String {
    venv().join("bin").join(name).display().to_string()
}

/// A tool ready to run on its hosts.
pub struct Rival {
    /// Its name.
    pub name: &'static str,
    argv: Argv,
    env: Vec<(&'static str, String)>,
}

/// ansible-playbook for these hosts.
pub fn ansible(hosts: &[Target], identity: &Path, known_hosts: &Path) -> Result<Rival, BenchError> {
    let mut inventory = String::new();
    for host in hosts {
        let _ = writeln!(inventory, "{} ansible_host={}", host.name, host.address);
    }
    let _ = writeln!(inventory, "[all:vars]\nansible_user=root\nansible_ssh_private_key_file={}", identity.display());
    let _ = writeln!(inventory, "ansible_ssh_common_args=-o UserKnownHostsFile={}", known_hosts.display());
    let file = folder().join("ansible.ini");
    files::write(&file, &inventory)?;
    let argv = Argv::new(program("ansible-playbook")).arg("-i").arg(file.display().to_string());
    let env = vec![
        ("ANSIBLE_CONFIG", files::data().join("ansible.cfg").display().to_string()),
        ("ANSIBLE_HOME", folder().join("ansible").display().to_string()),
        ("ANSIBLE_SSH_CONTROL_PATH_DIR", SOCKETS.to_owned()),
    ];
    Ok(Rival { name: "ansible-core", argv: argv.arg(files::data().join("playbook.yaml").display().to_string()), env })
}

/// pyinfra for these hosts.
pub fn pyinfra(hosts: &[Target], identity: &Path, known_hosts: &Path) -> Result<Rival, BenchError> {
    let data = serde_json::json!({
        "ssh_user": "root",
        "ssh_key": identity,
        "ssh_known_hosts_file": known_hosts,
        "ssh_strict_host_key_checking": "yes",
    });
    let addresses: Vec<_> = hosts.iter().map(|host| &host.address).collect();
    // What JSON has here, Python reads the same.
    let addresses = serde_json::to_string(&addresses).map_err(BenchError::json("the inventory"))?;
    let file = folder().join("pyinfra_inventory.py");
    files::write(&file, &format!("hosts = [(address, {data}) for address in {addresses}]\n"))?;
    let argv = Argv::new(program("pyinfra")).arg("-y").arg(file.display().to_string());
    let deploy = files::data().join("deploy.py").display().to_string();
    // Its bytecode is kept where we write, as it would be beside an operator's own deploy.
    let env = vec![("PYTHONPYCACHEPREFIX", folder().join("pycache").display().to_string())];
    Ok(Rival { name: "pyinfra", argv: argv.arg(deploy), env })
}

fn folder() -> PathBuf {
    files::output().join("rivals")
}

impl Rival {
    /// Runs it, inside the lab; gives the seconds, and fails unless it changed something or nothing, as it should.
    pub async fn run(&self, enter: &Argv, changes: bool) -> Result<f64, BenchError> {
        let given = Given { env: &self.env, hint: "its whole output tells more", ..Given::default() };
        let ended = process::run_with(&enter.clone().args(self.argv.words().iter().cloned()), given).await?;
        // pyinfra prints its summary on standard error.
        let output = ended.stdout + &ended.stderr;
        let changed = match self.name {
            "pyinfra" => pyinfra_changed(&output),
            _ => ansible_changed(&output),
        };
        match changed {
            Some(changed) if changed == changes => Ok(ended.elapsed.as_secs_f64()),
            Some(_) => Err(self.not_done(if changes {
                "it changed nothing on fresh hosts"
            } else {
                "a run that should change nothing did"
            })),
            None => Err(self.not_done("its summary cannot be read")),
        }
    }

    fn not_done(&self, what: &str) -> BenchError {
        BenchError::NotDone { tool: self.name, what: what.to_owned() }
    }
}

/// `NAME : ok=6 changed=0 …`, a line per host after `PLAY RECAP`.
fn ansible_changed(output: &str) -> Option<bool> {
    let recap = output.split("PLAY RECAP").nth(1)?;
    let counts: Vec<usize> = recap.split_whitespace().filter_map(|word| word.strip_prefix("changed=")?.parse().ok()).collect();
    if counts.is_empty() { None } else { Some(counts.iter().any(|count| *count > 0)) }
}

/// `Grand total 75 - - 75`: operations, changed, failed, without a change.
fn pyinfra_changed(output: &str) -> Option<bool> {
    let line = output.lines().find_map(|line| line.trim().strip_prefix("Grand total"))?;
    let numbers: Vec<_> = line.split_whitespace().collect();
    let [all, _, _, same] = numbers[..] else { return None };
    Some(all != same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_read() {
        let recap = |changed| {
            format!("changed: [a]\nPLAY RECAP ****\na : ok=6 changed={changed} failed=0\nb : ok=6 changed=0 failed=0\n")
        };
        assert_eq!(ansible_changed(&recap(0)), Some(false));
        assert_eq!(ansible_changed(&recap(2)), Some(true));
        assert_eq!(ansible_changed("ERROR"), None);
        assert_eq!(pyinfra_changed("  Grand total    75   -   -   75  \n"), Some(false));
        assert_eq!(pyinfra_changed("  Grand total    75   70   -   5  \n"), Some(true));
        assert_eq!(pyinfra_changed(""), None);
    }
}
