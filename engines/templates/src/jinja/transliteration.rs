//! Letters for characters, as Python's text-unidecode 1.3 has them: the tables of Text::Unidecode at an earlier version than
//! those of the crate, so that some characters have no letters yet.

use std::borrow::Cow;

/// A text in ASCII. What has no letters goes, as everything above the basic plane does.
pub fn unidecode(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\0'..='\u{7f}' => Cow::Owned(character.to_string()),
            '\u{80}'..='\u{ffff}' => Cow::Borrowed(earlier(character).unwrap_or_else(|| letters(character))),
            _ => Cow::Borrowed(""),
        })
        .collect()
}

/// What the crate has, each once, and for each character of the basic plane where its letters are: see `build.rs`.
const LETTERS: &str = include_str!(concat!(env!("OUT_DIR"), "/letters.txt"));
const PLACES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/letters.places"));

fn letters(character: char) -> &'static str {
    let at = character as usize * 4;
    let place = PLACES.get(at..at + 4).map_or([0; 4], |bytes| [bytes[0], bytes[1], bytes[2], bytes[3]]);
    let place = u32::from_le_bytes(place) as usize;
    let (at, length) = (place >> 8, place & 0xff);
    LETTERS.get(at..at + length).unwrap_or_default()
}

/// What the earlier tables say where they differ.
fn earlier(character: char) -> Option<&'static str> {
    let at = EARLIER.partition_point(|(_, last, _)| *last < character);
    EARLIER.get(at).filter(|(first, ..)| *first <= character).map(|(.., letters)| *letters)
}

/// First and last character, and the letters for each of them.
#[rustfmt::skip]
const EARLIER: &[(char, char, &str)] = &[
    ('\u{80}', '\u{80}', ""),
    ('\u{82}', '\u{8c}', ""),
    ('\u{8e}', '\u{8e}', ""),
    ('\u{91}', '\u{9c}', ""),
    ('\u{9e}', '\u{9f}', ""),
    ('\u{2e5}', '\u{2eb}', ""),
    ('\u{2ef}', '\u{2fe}', "[?]"),
    ('\u{2ff}', '\u{2ff}', "[?] "),
    ('\u{3f4}', '\u{3f9}', "[?]"),
    ('\u{3fc}', '\u{3fe}', "[?]"),
    ('\u{3ff}', '\u{3ff}', "[?] "),
    ('\u{4ff}', '\u{4ff}', "[?] "),
    ('\u{5ff}', '\u{5ff}', "[?] "),
    ('\u{6ff}', '\u{6ff}', "[?] "),
    ('\u{7ff}', '\u{7ff}', "[?] "),
    ('\u{9ff}', '\u{9ff}', "[?] "),
    ('\u{af0}', '\u{af1}', "[?]"),
    ('\u{af9}', '\u{af9}', "[?]"),
    ('\u{aff}', '\u{aff}', "[?] "),
    ('\u{bff}', '\u{bff}', "[?] "),
    ('\u{cff}', '\u{cff}', "[?] "),
    ('\u{dff}', '\u{dff}', "[?] "),
    ('\u{eff}', '\u{eff}', "[?] "),
    ('\u{fff}', '\u{fff}', "[?] "),
    ('\u{10ff}', '\u{10ff}', "[?] "),
    ('\u{11ff}', '\u{11ff}', "[?] "),
    ('\u{13f5}', '\u{13f5}', "[?]"),
    ('\u{13f8}', '\u{13fd}', "[?]"),
    ('\u{13ff}', '\u{13ff}', "[?] "),
    ('\u{16ff}', '\u{16ff}', "[?] "),
    ('\u{17ff}', '\u{17ff}', "[?] "),
    ('\u{18ff}', '\u{18ff}', "[?] "),
    ('\u{1efa}', '\u{1efe}', "[?]"),
    ('\u{1eff}', '\u{1eff}', "[?] "),
    ('\u{1fff}', '\u{1fff}', "[?] "),
    ('\u{20ff}', '\u{20ff}', "[?] "),
    ('\u{21ff}', '\u{21ff}', "[?] "),
    ('\u{22ff}', '\u{22ff}', "[?] "),
    ('\u{23ff}', '\u{23ff}', "[?] "),
    ('\u{24ff}', '\u{24ff}', "[?] "),
    ('\u{25f4}', '\u{25f7}', "#"),
    ('\u{25f8}', '\u{25fe}', "[?]"),
    ('\u{25ff}', '\u{25ff}', "[?] "),
    ('\u{26ff}', '\u{26ff}', "[?] "),
    ('\u{27ff}', '\u{27ff}', "[?] "),
    ('\u{2eff}', '\u{2eff}', "[?] "),
    ('\u{2fff}', '\u{2fff}', "[?] "),
    ('\u{30ff}', '\u{30ff}', "[?] "),
    ('\u{31ff}', '\u{31ff}', "[?] "),
    ('\u{32ff}', '\u{32ff}', "[?] "),
    ('\u{33ff}', '\u{33ff}', "[?] "),
    ('\u{4dff}', '\u{4dff}', "[?] "),
    ('\u{9fff}', '\u{9fff}', "[?] "),
    ('\u{a4ff}', '\u{a4ff}', "[?] "),
    ('\u{d7ff}', '\u{d7ff}', "[?] "),
    ('\u{faff}', '\u{faff}', "[?] "),
    ('\u{fdf0}', '\u{fdfb}', ""),
    ('\u{fdfc}', '\u{fdfd}', "[?]"),
    ('\u{fdff}', '\u{fdff}', "[?] "),
];
