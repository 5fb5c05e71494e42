//! What looks like a secret, whoever made it.

use std::ops::Range;

use regex::bytes::Regex;

use super::pem::Pem;

/// Words before a secret.
const WORD: &str = concat!(
    r"(?:password|passwd|passphrase|secret(?:[ _-]?(?:access[ _-]?)?key)?|token|credential|authorization|psk|[_-]pass",
    r"|(?:api|access|private|pre-?shared|encryption|master|signing|account)[ _-]?key)s?"
);
/// A value in quotes: in JSON within JSON, in JSON, in a shell.
const QUOTED: &str = concat!(
    r#"\\"((?:[^"\\]|\\\\\\"|\\\\|\\[^"\\])*)"#,
    r#"|\\{2,}"((?:[^"\\]|\\+[^"\\])*)"#,
    r#"|"((?:[^"\\\n]|\\[^\n])*)"#,
    r"|'((?:[^'\n]|'')*)",
);
/// To the end of the line, or of the JSON string that it is in: a password may have blanks.
const REST: &str = r#"((?:[^\r\n"\\]|\\[^"\r\n])+)"#;

/// All patterns. Where one has groups, the group that took part is the secret.
pub struct Patterns {
    pem: Pem,
    others: Vec<Regex>,
}

impl Patterns {
    /// # Errors
    /// None that these patterns can have.
    pub fn new() -> Result<Self, regex::Error> {
        let others = [
            // password: …, TOKEN=…, secret := …
            format!(r"{WORD}[ \t]*(?::=|=>|[:=])[ \t]*(?:{QUOTED}|{REST})"),
            // password: | and the lines below it
            format!(r"{WORD}[ \t]*:[ \t]*[|>][0-9+-]*[ \t]*\r?\n((?:[ \t]+[^\n]*\n|\n)*[ \t]+[^\n]*)"),
            // "password": …
            format!(r#"{WORD}\\*["'][ \t]*(?::|=>?)[ \t]*(?:{QUOTED}|([^\s"'\\,\[\]{{}}]+))"#),
            // --token …, keepalived's auth_pass …
            format!(r#"(?:--[a-z0-9-]*{WORD}|auth_pass|sshpass[ \t]+-p)[ \t]+(?:{QUOTED}|([^\s"'\\]+))"#),
            r"\b(?:bearer|basic)[ \t]+([a-z0-9._~+/=-]{16,})".to_owned(),
            // Web tokens.
            r"\beyJ[a-z0-9_-]{8,}\.[a-z0-9_-]+\.[a-z0-9_-]*".to_owned(),
            r"AGE-SECRET-KEY-[a-z0-9-]+".to_owned(),
            // kubeadm's bootstrap tokens.
            r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b".to_owned(),
            // Passwords as /etc/shadow and LUKS headers have them.
            r"\$(?:1|2[abxy]?|5|6|7|y|gy|sha1|argon2(?:id|i|d))\$[./a-z0-9$=,+\\-]{8,}".to_owned(),
            // Passwords in URLs; a name alone is one in those of the web.
            r#"[a-z][a-z0-9+.-]*://[^\s/:@"'<>]*:([^\s/"'<>]+)@"#.to_owned(),
            r#"https?://([^\s/:@"'<>]+)@"#.to_owned(),
            // PEM in base64, as in a kubeconfig: it cannot be told whether it is a private key without decoding it.
            r"LS0tLS1CRUdJTi[a-z0-9+/=_-]+".to_owned(),
        ];
        let others = others.iter().map(|pattern| Regex::new(&format!("(?i-u){pattern}"))).collect::<Result<_, _>>()?;
        Ok(Self { pem: Pem::new()?, others })
    }

    /// Where something looks like a secret.
    pub fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = self.pem.find(text);
        for pattern in &self.others {
            for captures in pattern.captures_iter(text) {
                let group = captures.iter().skip(1).flatten().next().or_else(|| captures.get(0));
                found.extend(group.filter(|value| !is_nothing(value.as_bytes())).map(|value| value.range()));
            }
        }
        found
    }
}

/// True for what is empty or was redacted before.
fn is_nothing(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let redacted = value.starts_with(b"[redacted") && value.iter().position(|byte| *byte == b']') == Some(value.len() - 1);
    value.is_empty() || redacted
}
