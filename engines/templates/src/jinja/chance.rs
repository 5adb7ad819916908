//! Randomness that comes again: the same seed, the same text, the same numbers.

use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

/// Random bytes for each text of its own: what one file takes changes nothing in another, so that two versions of a
/// template give the same file the same `uuid4`.
///
/// The bytes are SHA-256 of seed, name of the text and a count. Lineages rely on that: it must never change.
#[derive(Debug, Default)]
pub struct Chance {
    seed: u64,
    text: Mutex<(String, u64)>,
}

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self { seed, text: Mutex::default() }
    }

    /// Begins anew for a text of this name.
    pub fn begin(&self, name: &str) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = (name.to_owned(), 0);
    }

    /// The next 32 bytes.
    pub fn bytes(&self) -> [u8; 32] {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.1 += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(text.1.to_le_bytes());
        hash.update(text.0.as_bytes());
        hash.finalize().into()
    }

    /// A number below another.
    pub fn below(&self, limit: u64) -> u64 {
        let bytes = self.bytes();
        let number = bytes[..8].iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        number.checked_rem(limit).unwrap_or(0)
    }

    /// A version 4 UUID.
    pub fn uuid4(&self) -> String {
        let mut bytes = self.bytes();
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex: String = bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}
