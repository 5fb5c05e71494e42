//! `regionctl init`

mod scan;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use regionctl_inventory::{ServerGuess, template};
use regionctl_ssh::Endpoint;
use serde::Serialize;

use super::Context;
use crate::args::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::passphrase;
use crate::region;
use crate::render::table::Table;
use crate::render::words::count;
use crate::survey;

/// The verb's options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// servers to look at over SSH: network cards, disks, memory, system
    #[arg(value_name = "[USER@]ADDRESS[:PORT]")]
    addresses: Vec<String>,
    /// write a document for so many servers, without looking at any
    #[arg(long, value_name = "N", default_value = "4", conflicts_with = "addresses", value_parser = clap::value_parser!(u16).range(1..=200))]
    servers: u16,
    /// where to write; `-` is standard output; left out, the file of `--file`
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// replace a file that is there
    #[arg(long)]
    force: bool,
    /// the private key to log in with
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// trust servers that known_hosts does not name yet
    #[arg(long)]
    accept_new: bool,
}

/// What is printed with `-o json`.
#[derive(Serialize)]
struct Report {
    file: String,
    servers: Vec<Server>,
}

#[derive(Serialize)]
struct Server {
    name: String,
    address: String,
    os: Option<String>,
    memory: Option<u64>,
    nics: Vec<String>,
    disks: Vec<Disk>,
}

#[derive(Serialize)]
struct Disk {
    device: String,
    size: u64,
    in_use: bool,
}

/// Writes a commented inventory.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let file = args.output.as_ref().unwrap_or(&context.file);
    let to_stdout = file == Path::new("-");
    // Said before the servers are asked, not after.
    if !to_stdout && !args.force && file.exists() {
        return Err(exists(file));
    }
    let servers = if args.addresses.is_empty() {
        ServerGuess::numbered(args.servers.into())
    } else {
        let endpoints = args.addresses.iter().map(|address| endpoint(address, args)).collect::<Result<Vec<_>, _>>()?;
        passphrase::unlock(&endpoints);
        let what = format!("looking at {}", count(endpoints.len(), "server"));
        survey::during(&context.output, &what, scan::scan(&endpoints)).await?
    };
    let text = template(&servers);
    if to_stdout {
        context.output.text(&text)?;
        return Ok(Exit::Done);
    }
    write(file, &text, args.force)?;
    let report = Report { file: file.display().to_string(), servers: servers.iter().map(server).collect() };
    if context.output.format != Format::Table || !args.addresses.is_empty() {
        context.output.data(&report, |style| table(&report).render(style))?;
    }
    let named = if context.file == Path::new("region.yaml") { String::new() } else { format!(" --file {}", file.display()) };
    context.output.say(&format!(
        "wrote `{}` with {}; look it through, then `regionctl{named} validate` and `regionctl{named} preflight`\n",
        file.display(),
        count(servers.len(), "server")
    ));
    Ok(Exit::Done)
}

fn exists(file: &Path) -> Failure {
    Failure::new(Exit::Local, format!("`{}` is there already", file.display()))
        .hint("`--force` replaces it, `--output` writes another file")
}

fn write(file: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let write = if force { regionctl_files::write } else { regionctl_files::write_new };
    write(file, text.as_bytes()).map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists { exists(file) } else { Failure::file("write", file, &error) }
    })
}

/// `[USER@]ADDRESS[:PORT]`; an IPv6 address with a port stands in brackets.
fn endpoint(written: &str, args: &Args) -> Result<Endpoint, Failure> {
    let (user, place) = written.split_once('@').unwrap_or(("root", written));
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None if place.matches(':').count() == 1 => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        None => (place, None),
    };
    let port = port.map_or(Ok(22), str::parse::<u16>);
    let (false, false, Ok(port)) = (user.is_empty(), host.is_empty(), port) else {
        let failure = Failure::new(Exit::Usage, format!("`{written}` is no address"));
        return Err(failure.hint("write `[USER@]ADDRESS[:PORT]`, such as `root@192.0.2.11` or `[2001:db8::1]:2222`"));
    };
    let mut endpoint = Endpoint::new(written, host, user, region::usual_known_hosts());
    endpoint.port = port;
    endpoint.sudo = user != "root";
    endpoint.identity = args.identity.clone().or_else(region::usual_identity);
    endpoint.accept_new = args.accept_new;
    Ok(endpoint)
}

fn server(guess: &ServerGuess) -> Server {
    let disks = guess.disks.iter().map(|disk| Disk { device: disk.device.clone(), size: disk.size, in_use: disk.in_use });
    Server {
        name: guess.name.clone(),
        address: guess.address.clone(),
        os: guess.os.clone(),
        memory: guess.memory,
        nics: guess.nics.iter().map(|nic| nic.name.clone()).collect(),
        disks: disks.collect(),
    }
}

fn table(report: &Report) -> Table {
    let mut table = Table::new(["server", "address", "system", "memory", "network cards", "free disks"]);
    for server in &report.servers {
        let free = server.disks.iter().filter(|disk| !disk.in_use);
        let free: Vec<_> = free.map(|disk| format!("{} ({})", disk.device, gib(disk.size))).collect();
        let cell = |text: &str| crate::render::clean::clean(text).into();
        table.row([
            cell(&server.name),
            cell(&server.address),
            cell(server.os.as_deref().unwrap_or_default()),
            cell(&server.memory.map(gib).unwrap_or_default()),
            cell(&server.nics.join(", ")),
            cell(&free.join(", ")),
        ]);
    }
    table
}

fn gib(bytes: u64) -> String {
    format!("{} GiB", bytes >> 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_write_them() {
        let args = Args { addresses: vec![], servers: 4, output: None, force: false, identity: None, accept_new: true };
        let of = |text: &str| endpoint(text, &args).map(|e| (e.user, e.host, e.port, e.sudo)).ok();
        assert_eq!(of("192.0.2.1"), Some(("root".into(), "192.0.2.1".into(), 22, false)));
        assert_eq!(of("debian@ns1.example.org:2222"), Some(("debian".into(), "ns1.example.org".into(), 2222, true)));
        assert_eq!(of("2001:db8::1"), Some(("root".into(), "2001:db8::1".into(), 22, false)));
        assert_eq!(of("[2001:db8::1]:23"), Some(("root".into(), "2001:db8::1".into(), 23, false)));
        assert_eq!((of("@x"), of("a:b"), of("")), (None, None, None));
    }
}
