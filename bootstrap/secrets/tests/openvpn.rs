//! Keys and certificates with the real OpenVPN, where it is installed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::SystemTime;

use regionctl_secrets::pki::{self, Pair, Request, Usage};
use regionctl_secrets::tls_crypt::{self, MAX_METADATA, Metadata};
use regionctl_secrets::{Secret, SecretsError};
use support::{program, secret, succeeds};

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn read(path: &Path) -> Secret<String> {
    Secret::new(std::fs::read_to_string(path).unwrap())
}

#[test]
fn keys_of_openvpn_and_ours_fit_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let Some(mut openvpn) = program("openvpn") else { return };
    succeeds(openvpn.args(["--genkey", "tls-crypt-v2-server"]).arg(path("theirs")));
    std::fs::write(path("ours"), tls_crypt::server().unwrap().reveal()).unwrap();
    let (theirs, ours) = (read(&path("theirs")), read(&path("ours")));
    assert_eq!(theirs.reveal().lines().next(), ours.reveal().lines().next());
    assert_eq!(theirs.reveal().len(), ours.reveal().len());
    for server in ["theirs", "ours"] {
        let mut openvpn = program("openvpn").unwrap();
        openvpn.arg("--tls-crypt-v2").arg(path(server)).args(["--genkey", "tls-crypt-v2-client"]).arg(path("client"));
        // OpenVPN itself unwraps what it has written, to check it.
        succeeds(&mut openvpn);
        let client = read(&path("client"));
        assert!(tls_crypt::fits(&client, &read(&path(server))).unwrap());
        assert!(!tls_crypt::fits(&client, &tls_crypt::server().unwrap()).unwrap());
        let same = tls_crypt::client(&read(&path(server)), &Metadata::MadeAt(SystemTime::now())).unwrap();
        assert_eq!(same.reveal().len(), client.reveal().len());
        assert_eq!(same.reveal().lines().next(), client.reveal().lines().next());
    }
}

#[test]
fn a_client_connects_with_what_we_made() {
    let folder = tempfile::tempdir().unwrap();
    if program("openvpn").is_none() {
        return;
    }
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let now = SystemTime::now();
    let authority = pki::authority("demo VPN", 10, now).unwrap();
    let pair = |usage| {
        let request = Request { common_name: format!("{usage:?}"), unit: None, names: Vec::new(), days: 5, usage };
        pki::certificate(&authority, &request, now).unwrap()
    };
    let (server, alice, mallory) = (pair(Usage::Server), pair(Usage::Client), pair(Usage::Client));
    let serial = pki::read(&mallory.cert).unwrap().serial;
    let next = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 86_400;
    write("ca", &authority.cert);
    write("crl", &pki::crl(&authority, &[(serial, now)], now, next).unwrap());
    let tls_crypt = tls_crypt::server().unwrap();
    write("tls-crypt", tls_crypt.reveal());
    for (name, Pair { key, cert }) in [("server", &server), ("alice", &alice), ("mallory", &mallory)] {
        write(&format!("{name}.key"), key.reveal());
        write(&format!("{name}.cert"), cert);
        let metadata = Metadata::User(name.as_bytes().repeat(MAX_METADATA / name.len()));
        write(&format!("{name}.tls-crypt"), tls_crypt::client(&tls_crypt, &metadata).unwrap().reveal());
    }
    // No tunnel device, so that nobody has to be root.
    let common = "--dev null --verb 3 --ca ca";
    let start = |line: &str| -> Running {
        let mut openvpn = program("openvpn").unwrap();
        openvpn.args(format!("{common} {line}").split(' ')).current_dir(folder.path());
        Running(openvpn.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    };
    // One server for each, which is as far as OpenVPN goes without a tunnel device.
    let connect = |name: &str, words: &[&str]| -> String {
        let port = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = start(&format!(
            "--local 127.0.0.1 --lport {port} --proto udp4 --tls-server --dh none --crl-verify crl --cert server.cert \
             --key server.key --tls-crypt-v2 tls-crypt --remote-cert-tls client --ping-exit 20"
        ));
        let listening = until(&mut server, &["UDPv4 link local"]);
        assert!(listening.contains("UDPv4 link local"), "{listening}");
        let _client = start(&format!(
            "--remote 127.0.0.1 {port} udp4 --nobind --tls-client --cert {name}.cert --key {name}.key --tls-crypt-v2 \
             {name}.tls-crypt --remote-cert-tls server --ping-exit 20"
        ));
        until(&mut server, words)
    };
    let good = connect("alice", &["Peer Connection Initiated", "TLS Error", "TLS_ERROR"]);
    assert!(good.contains("[Client] Peer Connection Initiated"), "{good}");
    let refused = connect("mallory", &["Peer Connection Initiated", "certificate revoked"]);
    assert!(refused.contains("certificate revoked"), "{refused}");
}

/// The output up to a line with one of these words; all of it if there is none.
fn until(running: &mut Running, words: &[&str]) -> String {
    let mut text = String::new();
    let mut lines = BufReader::new(running.0.stdout.as_mut().unwrap());
    while lines.read_line(&mut text).unwrap() > 0 {
        if words.iter().any(|word| text.contains(word)) {
            break;
        }
    }
    text
}

#[test]
fn keys_that_are_none() {
    let now = Metadata::MadeAt(SystemTime::now());
    let server = tls_crypt::server().unwrap();
    assert!(tls_crypt::client(&secret("hello"), &now).is_err());
    assert!(tls_crypt::client(&server, &Metadata::User(vec![0; MAX_METADATA + 1])).is_err());
    assert!(tls_crypt::fits(&server, &server).is_err());
    let client = tls_crypt::client(&server, &Metadata::User(vec![0; MAX_METADATA])).unwrap();
    assert!(tls_crypt::fits(&client, &server).unwrap());
    assert!(tls_crypt::client(&client, &now).is_err());
    let error = SecretsError::Pki { name: "vpn".into(), source: tls_crypt::client(&secret("hunter2"), &now).unwrap_err() };
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
