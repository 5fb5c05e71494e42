//! What the VPN's secrets are called. What has a key and a certificate is two entries, `NAME/key` and `NAME/cert`.

use regionctl_secrets::{cert, key};

/// The authority of servers and users.
pub const AUTHORITY: &str = "vpn/ca";
/// The key of all servers that hides the handshake from whoever has no profile.
pub const TLS_CRYPT: &str = "vpn/tls-crypt";
/// The certificates that are valid no more.
pub const REVOKED: &str = "vpn/crl";
/// Every certificate that a user ever got and that is not over.
pub const REGISTER: &str = "vpn/register";

/// A server.
pub fn server(name: &str) -> String {
    format!("vpn/servers/{name}")
}

/// A user.
pub fn user(name: &str) -> String {
    format!("vpn/users/{name}")
}

/// Whose keys a name means, if it means a user's: all of them, or one entry.
pub fn user_of(entry: &str) -> Option<&str> {
    let name = entry.strip_prefix("vpn/users/")?.split('/').next()?;
    let own = user(name);
    [&own, &key(&own), &cert(&own), &user_tls_crypt(name)].into_iter().any(|known| known == entry).then_some(name)
}

/// A user's own key to the handshake.
pub fn user_tls_crypt(name: &str) -> String {
    format!("vpn/users/{name}/tls-crypt")
}
