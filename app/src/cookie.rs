//! Cookies that pages set besides that of the session, which is `server`'s.

/// What a cookie is called: over https the browser itself then holds that no other host, and no page over http, can set or
/// read it.
pub fn name(plain: &str, secure: bool) -> String {
    if secure { format!("__Host-{plain}") } else { plain.to_owned() }
}

/// The value of a `Set-Cookie` header. `Lax`, so that it is there where a provider or a forge sends the browser back.
pub fn set(plain: &str, value: &str, seconds: i64, secure: bool) -> String {
    let attribute = if secure { "; Secure" } else { "" };
    format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{attribute}", name(plain, secure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_a_cookie_is_for_this_host_alone() {
        let open = "slipway-theme=dark; Path=/; Max-Age=60; HttpOnly; SameSite=Lax";
        assert_eq!(set("slipway-theme", "dark", 60, false), open);
        assert_eq!(set("slipway-theme", "dark", 60, true), format!("__Host-{open}; Secure"));
    }
}
