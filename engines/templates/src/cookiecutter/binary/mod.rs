//! Whether a file is binary, exactly as binaryornot 0.6.0 says it, which cookiecutter asks: what it calls binary is copied,
//! and everything else is rendered.

mod data;

use data::{BIG5, EUC_KR, EXTENSIONS, Next, Pairs, SHIFT_JIS, SIGNATURES, TREE};

/// As many bytes as are looked at.
const CHUNK: usize = 512;

/// What the decision tree asks about.
#[derive(Clone, Copy)]
enum Feature {
    Big5,
    ControlShare,
    Entropy,
    EucKr,
    EvenNullShare,
    HighShare,
    NullShare,
    OddNullShare,
    PrintableRun,
    PrintableShare,
    ShiftJis,
    Signature,
    Utf16Big,
    Utf16Little,
    Utf16LittleMark,
    Utf8,
}

/// Whether a file is copied instead of rendered, from its path and content.
pub fn is_binary(path: &str, content: &[u8]) -> bool {
    if has_binary_extension(path) {
        return true;
    }
    let chunk = &content[..content.len().min(CHUNK)];
    if chunk.is_empty() {
        return false;
    }
    if SIGNATURES.iter().any(|signature| chunk.starts_with(signature)) {
        return true;
    }
    let mut step = &TREE[0];
    loop {
        let next = if measure(step.feature, chunk) <= step.limit { step.below } else { step.above };
        match next {
            Next::Step(index) => step = &TREE[index],
            Next::Text => return false,
            Next::Binary => return true,
        }
    }
}

/// The ending of a name as Python's `pathlib` cuts it: nothing for `.png` and for `name.`.
fn has_binary_extension(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some(dot) = name.rfind('.') else { return false };
    if dot == 0 || dot + 1 == name.len() {
        return false;
    }
    let extension = name[dot + 1..].to_lowercase();
    EXTENSIONS.binary_search(&extension.as_str()).is_ok()
}

fn measure(feature: Feature, chunk: &[u8]) -> f64 {
    let share = |counts: fn(u8) -> bool| chunk.iter().filter(|byte| counts(**byte)).count() as f64 / chunk.len() as f64;
    let yes = |answer: bool| f64::from(u8::from(answer));
    match feature {
        Feature::NullShare => share(|byte| byte == 0),
        Feature::ControlShare => share(|byte| byte < 32 && !matches!(byte, 9 | 10 | 13)),
        Feature::PrintableShare => share(|byte| matches!(byte, 0x20..=0x7e)),
        Feature::HighShare => share(|byte| byte >= 0x80),
        Feature::EvenNullShare => null_share(chunk, 0),
        Feature::OddNullShare => null_share(chunk, 1),
        Feature::Entropy => entropy(chunk),
        Feature::PrintableRun => {
            let printable = |byte: &u8| matches!(byte, 0x20..=0x7e | 9 | 10 | 13);
            let runs = chunk.split(|byte| !printable(byte));
            runs.map(<[u8]>::len).max().unwrap_or(0) as f64 / chunk.len() as f64
        }
        Feature::Utf8 => yes(std::str::from_utf8(chunk).is_ok()),
        Feature::Utf16LittleMark => yes(chunk.starts_with(b"\xff\xfe") && !chunk.starts_with(b"\xff\xfe\0\0")),
        Feature::Utf16Little => yes(chunk.len() >= 10 && is_utf16(chunk, u16::from_le_bytes)),
        Feature::Utf16Big => yes(chunk.len() >= 10 && is_utf16(chunk, u16::from_be_bytes)),
        Feature::Big5 => yes(chunk.len() >= 10 && is_encoded(chunk, BIG5, |_| false)),
        Feature::ShiftJis => yes(chunk.len() >= 10 && is_encoded(chunk, SHIFT_JIS, |byte| matches!(byte, 0xa1..=0xdf))),
        Feature::EucKr => yes(chunk.len() >= 10 && is_encoded(chunk, EUC_KR, |_| false)),
        // Whatever has one never comes to the tree.
        Feature::Signature => 0.0,
    }
}

/// The share of NUL among the bytes at even or odd places.
fn null_share(chunk: &[u8], first: usize) -> f64 {
    let places = chunk.iter().skip(first).step_by(2);
    let total = places.len();
    if total == 0 { 0.0 } else { places.filter(|byte| **byte == 0).count() as f64 / total as f64 }
}

/// Shannon's entropy of the bytes, in bits.
fn entropy(chunk: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in chunk {
        counts[usize::from(*byte)] += 1;
    }
    let shares = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / chunk.len() as f64);
    shares.fold(0.0, |sum, share| sum - share * share.log2())
}

fn is_utf16(chunk: &[u8], unit: fn([u8; 2]) -> u16) -> bool {
    let units = chunk.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    chunk.len().is_multiple_of(2) && char::decode_utf16(units).all(|decoded| decoded.is_ok())
}

/// Whether all bytes are ASCII, single bytes that the encoding has, or its pairs.
fn is_encoded(chunk: &[u8], pairs: Pairs, single: fn(u8) -> bool) -> bool {
    let mut bytes = chunk.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte.is_ascii() || single(byte) {
            continue;
        }
        let Some(second) = bytes.next() else { return false };
        let known = |(first, last, seconds): &&(u8, u8, &[(u8, u8)])| {
            (*first..=*last).contains(&byte) && seconds.iter().any(|(from, to)| (*from..=*to).contains(&second))
        };
        if !pairs.iter().any(|group| known(&group)) {
            return false;
        }
    }
    true
}
