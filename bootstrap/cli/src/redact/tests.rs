//! Cases of what is hidden and what is not.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::Redactor;

const PASSWORD: &str = "h/unter2 \"ünïcode\"\\&%";
const KEY: &str = "first line of the key ABC/+=\nsecond line 0123456789\nshort\n";

fn known() -> Redactor {
    Redactor::new([("vpn/password", PASSWORD), ("vpn/key", KEY), ("pin", "123")]).unwrap()
}

fn redacted(redactor: &Redactor, text: &str) -> String {
    String::from_utf8(redactor.redact(text.as_bytes())).unwrap()
}

/// `text` without what looks like a secret.
fn looks(text: &str) -> String {
    redacted(&Redactor::new([]).unwrap(), text)
}

#[test]
fn a_known_secret_in_every_encoding() {
    let percent: String = PASSWORD
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    let hex: Vec<_> = PASSWORD.bytes().map(|byte| format!("{byte:02x}")).collect();
    let json = serde_json::to_string(PASSWORD).unwrap();
    let json = json.trim_start_matches('"').strip_suffix('"').unwrap();
    let twice = serde_json::to_string(json).unwrap();
    let cases = [
        PASSWORD.to_owned(),
        STANDARD.encode(PASSWORD),
        STANDARD.encode(format!("{PASSWORD}\n")),
        URL_SAFE.encode(PASSWORD).trim_end_matches('=').to_owned(),
        hex.concat(),
        hex.concat().to_uppercase(),
        hex.join(":"),
        percent.to_lowercase(),
        percent.replace("%20", "+"),
        percent,
        json.to_owned(),
        json.replace('/', "\\/"),
        twice.trim_matches('"').to_owned(),
    ];
    for case in cases {
        assert_eq!(redacted(&known(), &format!("a <{case}> b")), "a <[redacted: vpn/password]> b", "{case}");
    }
}

#[test]
fn a_known_secret_in_the_middle_of_base64() {
    for before in ["", "x", "xy", "xyz"] {
        let text = redacted(&known(), &STANDARD.encode(format!("{before}{PASSWORD} and more")));
        assert!(text.contains("[redacted: vpn/password]"), "{text}");
        let left: String = text.replace("[redacted: vpn/password]", "");
        assert!(left.len() < 24, "{text}");
    }
}

#[test]
fn every_line_of_a_known_secret_but_short_ones() {
    let text = "| first line of the key ABC/+=\n| second line 0123456789\n| short\n";
    assert_eq!(redacted(&known(), text), "| [redacted: vpn/key]\n| [redacted: vpn/key]\n| short\n");
    assert_eq!(redacted(&known(), KEY), "[redacted: vpn/key]\n");
    assert_eq!(known().too_short(), ["pin"]);
}

#[test]
fn secrets_that_overlap_are_hidden_whole() {
    let redactor = Redactor::new([("a", "abcdef"), ("b", "defghi")]).unwrap();
    assert_eq!(redacted(&redactor, "<abcdefghi>"), "<[redacted: a]>");
}

#[test]
fn what_looks_like_a_secret() {
    let cases = [
        ("password: hunter2", "password: [redacted]"),
        ("DB_PASSWORD=correct horse\nnext", "DB_PASSWORD=[redacted]\nnext"),
        ("passphrase='it''s' x", "passphrase='[redacted]' x"),
        ("password: |\n  hunter2\n  more\nnext: 1", "password: [redacted]\n[redacted]\nnext: 1"),
        (r#"{"password":"a\"b","n":1}"#, r#"{"password":"[redacted]","n":1}"#),
        (r#"{"c":"{\"token\":\"a\\\"b\",\"n\":1}"}"#, r#"{"c":"{\"token\":\"[redacted]\",\"n\":1}"}"#),
        (r#"{"c":"secret = x y\n","n":1}"#, r#"{"c":"secret = [redacted]","n":1}"#),
        ("Authorization: Bearer abc.def", "Authorization: [redacted]"),
        ("sent bearer abcdefghijklmnop1 to", "sent bearer [redacted] to"),
        ("kubeadm join --token abcdef.0123456789abcdef x", "kubeadm join --token [redacted] x"),
        ("use abcdef.0123456789abcdef now", "use [redacted] now"),
        ("auth_pass 12345", "auth_pass [redacted]"),
        ("root:$6$salt$abcdefghij/.:19000:", "root:[redacted]:19000:"),
        ("root:$y$j9T$abcdefgh$xyz:1", "root:[redacted]:1"),
        ("https://bob:hunter2@example.org/x", "https://bob:[redacted]@example.org/x"),
        ("https://ghp_1234@example.org/x", "https://[redacted]@example.org/x"),
        ("PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=", "PrivateKey = [redacted]"),
        ("x AGE-SECRET-KEY-1QQQQQQ y", "x [redacted] y"),
        ("-----BEGIN EC PRIVATE KEY-----\nMII\n-----END EC PRIVATE KEY-----\nx", "[redacted]\nx"),
        (r#""-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n""#, r#""[redacted]\n""#),
        ("-----BEGIN OpenVPN Static key V1-----\n00\n-----END OpenVPN Static key V1-----", "[redacted]"),
        ("-----BEGIN OpenVPN tls-crypt-v2 server key-----\n00\n-----END OpenVPN tls-crypt-v2 server key-----", "[redacted]"),
        ("x\n-----BEGIN PRIVATE KEY-----\nMII", "x\n[redacted]"),
        (
            "at 12:00 it was\nAAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIII\nabc=\n-----END PRIVATE KEY-----\nx",
            "at 12:00 it was\n[redacted]\nx",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(looks(text), expected, "{text}");
        assert_eq!(looks(expected), expected);
    }
}

#[test]
fn other_text_is_unchanged() {
    let texts = [
        "",
        "Nov 21 12:00:00 storage-1 sshd[1]: Failed password for root from 10.0.0.1 port 22 ssh2",
        "PasswordAuthentication no\nPermitRootLogin prohibit-password",
        "ssh://root@10.0.0.1:22/ and 2001:db8::1 and fe80::1%eth0",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        r#"{"seq":1,"at":"2026-11-21T12:00:00Z","what":"generation","number":7}"#,
        "table inet regionctl { chain input { type filter hook input priority 0; policy drop; } }",
        "[redacted: vpn/key] password: [redacted: vpn/password]",
    ];
    for text in texts {
        assert_eq!(redacted(&known(), text), text);
    }
}

#[test]
fn junk_is_no_reason_to_panic() {
    let mut state = 1_u32;
    let mut junk = Vec::new();
    for _ in 0..100_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        junk.push((state >> 24) as u8);
    }
    junk.extend_from_slice(b"password: \xff\xfe\n-----END PRIVATE KEY-----");
    assert!(known().redact(&junk).ends_with(b"[redacted]"));
}

#[test]
fn what_is_hard_to_search_hides_nothing() {
    // Of a size at which a search that goes back and forth would not end.
    let hard = ["-----BEGIN PRIVATE KEY-----", "password", "\\\\", "AAAA\n", "token: |\n  ", "a:b://", "$6$"];
    let redactor = known();
    for piece in hard {
        let text = format!("{}\n<{PASSWORD}>\n", piece.repeat(50_000));
        let redacted = redactor.redact(text.as_bytes());
        assert!(!redacted.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes()), "{piece:?}");
    }
}
