//! Secrets of others in the database: sealed with XChaCha20-Poly1305 under a key that is outside of it, and bound to what
//! they belong to, so that one that is moved to another row opens nothing.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::settings::{Password, Settings};
use crate::sources::secrets;

/// In the data folder, where no other is configured.
pub const KEY_FILE: &str = "sealing.key";
/// Bytes of a nonce: enough for chance never to choose one twice.
const NONCE: usize = 24;

/// Seals and opens.
#[derive(Clone)]
pub struct Sealing(XChaCha20Poly1305);

impl Sealing {
    /// With the key of the file that is configured, or that of the data folder, which is made where there is none.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for a file that cannot be read or made, or that holds no key.
    pub fn open(settings: &Settings) -> Result<Self> {
        if settings.sealing_key.is_none() {
            let file = settings.data.join(KEY_FILE);
            make(&file).map_err(|error| Error::Unavailable(format!("{} cannot be made: {error}.", file.display())))?;
        }
        Self::of_file(settings)
    }

    /// The same with a key that is there.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn of_file(settings: &Settings) -> Result<Self> {
        let own = settings.data.join(KEY_FILE);
        let file = settings.sealing_key.as_deref().unwrap_or(&own);
        let text = secrets::read(&Password::File(file.to_owned()))
            .map_err(|why| Error::Unavailable(format!("The key that seals secrets is not there: {why}.")))?;
        Self::of(text.expose()).ok_or_else(|| {
            Error::Unavailable(format!("{} holds no key: write 64 hexadecimal digits of chance.", file.display()))
        })
    }

    fn of(text: &str) -> Option<Self> {
        let digits = text.trim().as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let mut key = [0; 32];
        for (at, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(std::str::from_utf8(&digits[2 * at..2 * at + 2]).ok()?, 16).ok()?;
        }
        Some(Self(XChaCha20Poly1305::new(&key.into())))
    }

    /// The secret as it is kept. `owner` and `kind` have to be the same when it is opened.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn seal(&self, owner: &str, kind: &str, secret: &Secret) -> Result<String> {
        let mut nonce = [0; NONCE];
        SystemRandom::new().fill(&mut nonce).map_err(|_| Error::internal("there is no randomness"))?;
        let payload = Payload { msg: secret.expose().as_bytes(), aad: &bound(owner, kind) };
        let sealed = self.0.encrypt(XNonce::from_slice(&nonce), payload).map_err(Error::internal)?;
        Ok(BASE64.encode([&nonce[..], &sealed].concat()))
    }

    /// `None` for what was sealed with another key, belongs to somebody else, or was changed.
    pub fn unseal(&self, owner: &str, kind: &str, sealed: &str) -> Option<Secret> {
        let bytes = BASE64.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let payload = Payload { msg: sealed, aad: &bound(owner, kind) };
        let opened = self.0.decrypt(XNonce::from_slice(nonce), payload).ok()?;
        String::from_utf8(opened).ok().map(Secret::new)
    }
}

/// No two pairs are one text.
fn bound(owner: &str, kind: &str) -> Vec<u8> {
    format!("slipway sealed 1\0{kind}\0{owner}").into_bytes()
}

/// Of two who begin at the same time, one makes it.
fn make(file: &Path) -> std::io::Result<()> {
    if file.exists() {
        return Ok(());
    }
    let key = Secret::random().map_err(std::io::Error::other)?;
    // For its owner alone.
    let mut draft = tempfile::NamedTempFile::new_in(file.parent().unwrap_or(Path::new(".")))?;
    writeln!(draft, "{}", key.expose())?;
    draft.as_file().sync_all()?;
    match draft.persist_noclobber(file) {
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(error.error),
        _ => fs::File::open(file)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_sealed_opens_where_it_belongs_and_with_its_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::new(folder.path());
        let sealing = Sealing::open(&settings).unwrap();
        let mode = fs::metadata(folder.path().join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let secret = Secret::new("refresh-1");
        let sealed = sealing.seal("jane", "refresh", &secret).unwrap();
        assert_ne!(sealed, sealing.seal("jane", "refresh", &secret).unwrap());
        assert_eq!(Sealing::open(&settings).unwrap().unseal("jane", "refresh", &sealed), Some(secret));
        for (owner, kind) in [("joe", "refresh"), ("jane", "forge"), ("", "refresh\0jane")] {
            assert_eq!(sealing.unseal(owner, kind, &sealed), None, "{owner} {kind}");
        }
        let mut bytes = BASE64.decode(&sealed).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert_eq!(sealing.unseal("jane", "refresh", &BASE64.encode(&bytes)), None, "changed at {at}");
            bytes[at] ^= 1;
        }
        for wrong in ["", "AAAA", "not base64!"] {
            assert_eq!(sealing.unseal("jane", "refresh", wrong), None);
        }
        let other = folder.path().join("other");
        fs::write(&other, format!("{}\n", "0f".repeat(32))).unwrap();
        let configured = Settings { sealing_key: Some(other.clone()), ..settings };
        assert_eq!(Sealing::open(&configured).unwrap().unseal("jane", "refresh", &sealed), None);
        fs::write(&other, "short").unwrap();
        assert!(matches!(Sealing::open(&configured), Err(Error::Unavailable(_))));
    }
}
