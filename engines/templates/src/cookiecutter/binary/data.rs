//! The tables of binaryornot 0.6.0 (MIT licence, Copyright (c) 2026 Audrey Roy Greenfeld): endings of names, first bytes,
//! and the trained decision tree.

use super::Feature;
use super::Feature::{
    Big5, ControlShare, Entropy, EucKr, EvenNullShare, HighShare, NullShare, OddNullShare, PrintableRun,
    PrintableShare, ShiftJis, Signature, Utf8, Utf16Big, Utf16Little, Utf16LittleMark,
};

/// A step of the decision tree: a feature of at most `limit` leads to `below`, anything else to `above`.
pub(super) struct Step {
    pub feature: Feature,
    pub limit: f64,
    pub below: Next,
    pub above: Next,
}

/// Where a step leads to.
#[derive(Clone, Copy)]
pub(super) enum Next {
    Step(usize),
    Text,
    Binary,
}

const fn step(feature: Feature, limit: f64, below: Next, above: Next) -> Step {
    Step { feature, limit, below, above }
}

/// Ends of file names, in small letters, that make a file binary whatever is in it.
#[rustfmt::skip]
pub(super) const EXTENSIONS: &[&str] = &[
    "3ds", "7z", "aac", "accdb", "aif", "aiff", "alac", "ape", "arrow", "avi", "avif", "avro", "bin", "blend",
    "bmp", "bz2", "cab", "class", "com", "cr2", "cr3", "dae", "db", "dbf", "dll", "dmg", "dng", "doc", "docx",
    "dwf", "dwg", "dxb", "eot", "epub", "exe", "fbx", "fit", "fits", "flac", "flv", "fw", "gba", "gif", "glb", "gz",
    "hdf5", "heic", "heif", "ico", "img", "iso", "jar", "jfif", "jp2", "jpeg", "jpg", "jxl", "lz", "lz4", "lzma",
    "m4a", "m4v", "mat", "mdb", "mid", "midi", "mkv", "mobi", "mov", "mp3", "mp4", "mpeg", "mpg", "msi", "n64",
    "nds", "nef", "nes", "npy", "npz", "o", "odt", "ogg", "ogv", "opus", "orf", "otf", "pages", "pak", "parquet",
    "pcap", "pcapng", "pdf", "png", "ppt", "pptx", "psd", "pyc", "pyo", "qcow2", "rar", "raw", "rom", "sav", "sfc",
    "shp", "shx", "smc", "so", "sqlite", "sqlite3", "step", "stl", "stp", "tar", "tif", "tiff", "ttc", "ttf",
    "usdz", "vdi", "vhd", "vmdk", "wasm", "wav", "webm", "webp", "wma", "wmv", "woff", "woff2", "xcf", "xls",
    "xlsx", "xz", "z", "zip", "zst",
];

/// What files of known formats begin with.
pub(super) const SIGNATURES: &[&[u8]] = &[
    b"\x89PNG\x0d\x0a\x1a\x0a",
    b"\xff\xd8\xff\xe0",
    b"\xff\xd8\xff\xe1",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"MM\x00*",
    b"II*\x00",
    b"\x00\x00\x01\x00",
    b"%PDF-1.",
    b"SQLite format 3\x00",
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"\xfd7zXZ\x00",
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xce\xfa\xed\xfe",
    b"\xfe\xed\xfa\xcf",
    b"\xcf\xfa\xed\xfe",
    b"MZ",
    b"\xca\xfe\xba\xbe",
    b"RIFF",
    b"OggS",
    b"fLaC",
    b"\x00asm",
    b"wOFF",
    b"OTTO",
    b"\x00\x01\x00\x00\x00",
    b"\x00\x00\x00\x01Bud1",
    b"wOF2",
    b"RIFF\x00\x00\x00\x00WEBP",
    b"\x00\x00\x00\x18ftyp",
    b"ID3",
    b"BZh",
    b"7z\xbc\xaf'\x1c",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"(\xb5/\xfd",
    b"Rar!\x1a\x07",
    b"\x1aE\xdf\xa3",
    b"MThd",
    b"8BPS",
    b"\x00\x00\x00\x1cftypheic",
    b"PAR1",
    b"dex\x0a",
    b"BC\xc0\xde",
    b"PACK",
    b"bplist",
    b"!<arch>\x0a",
    b"\x04\x22M\x18",
    b"ARROW1",
    b"Obj\x01",
    b"]\x00\x00",
    b"\xa1\xb2\xc3\xd4",
    b"\xff\x06\x00\x00sNaPpY",
    b"\xfe\xed\xfe\xed",
    b"070701",
];

/// The decision tree; its first step is its root. Steps whose two ends agree are left out.
#[rustfmt::skip]
pub(super) const TREE: &[Step] = &[
    step(ControlShare, 0.000977, Next::Step(1), Next::Step(26)),
    step(PrintableRun, 0.000977, Next::Step(2), Next::Step(6)),
    step(Utf8, 0.5, Next::Step(3), Next::Text),
    step(EucKr, 0.5, Next::Step(4), Next::Text),
    step(Entropy, 1.953445, Next::Binary, Next::Step(5)),
    step(Entropy, 2.74947, Next::Text, Next::Binary),
    step(Utf8, 0.5, Next::Step(7), Next::Text),
    step(PrintableRun, 0.063636, Next::Step(8), Next::Step(9)),
    step(Entropy, 2.021329, Next::Binary, Next::Text),
    step(Entropy, 3.047898, Next::Text, Next::Step(10)),
    step(PrintableShare, 0.758706, Next::Step(11), Next::Text),
    step(PrintableRun, 0.134848, Next::Step(12), Next::Step(17)),
    step(HighShare, 0.633612, Next::Step(13), Next::Step(16)),
    step(Entropy, 3.851786, Next::Text, Next::Step(14)),
    step(HighShare, 0.483333, Next::Text, Next::Step(15)),
    step(PrintableRun, 0.129167, Next::Binary, Next::Text),
    step(PrintableShare, 0.145455, Next::Text, Next::Binary),
    step(Big5, 0.5, Next::Step(18), Next::Step(25)),
    step(Entropy, 3.572021, Next::Step(19), Next::Step(21)),
    step(HighShare, 0.49, Next::Step(20), Next::Binary),
    step(PrintableShare, 0.651515, Next::Text, Next::Binary),
    step(PrintableShare, 0.615079, Next::Step(22), Next::Step(24)),
    step(ShiftJis, 0.5, Next::Binary, Next::Step(23)),
    step(PrintableRun, 0.176923, Next::Text, Next::Binary),
    step(PrintableRun, 0.252381, Next::Text, Next::Binary),
    step(Entropy, 3.889752, Next::Binary, Next::Text),
    step(NullShare, 0.163978, Next::Step(27), Next::Step(68)),
    step(Utf8, 0.5, Next::Step(28), Next::Step(66)),
    step(Entropy, 3.264621, Next::Step(29), Next::Step(34)),
    step(PrintableRun, 0.022678, Next::Step(30), Next::Step(32)),
    step(PrintableShare, 0.000977, Next::Step(31), Next::Binary),
    step(EvenNullShare, 0.001953, Next::Text, Next::Binary),
    step(ControlShare, 0.095455, Next::Step(33), Next::Text),
    step(PrintableRun, 0.306818, Next::Text, Next::Binary),
    step(Utf16LittleMark, 0.5, Next::Step(35), Next::Text),
    step(PrintableShare, 0.455534, Next::Step(36), Next::Step(46)),
    step(HighShare, 0.79057, Next::Step(37), Next::Text),
    step(ControlShare, 0.485714, Next::Step(38), Next::Text),
    step(Entropy, 3.540884, Next::Step(39), Next::Step(43)),
    step(Entropy, 3.528408, Next::Step(40), Next::Text),
    step(PrintableShare, 0.316667, Next::Step(41), Next::Binary),
    step(PrintableShare, 0.286364, Next::Binary, Next::Step(42)),
    step(Utf16Little, 0.5, Next::Text, Next::Binary),
    step(PrintableShare, 0.446657, Next::Binary, Next::Step(44)),
    step(PrintableRun, 0.066638, Next::Step(45), Next::Binary),
    step(PrintableShare, 0.450099, Next::Text, Next::Binary),
    step(HighShare, 0.425959, Next::Step(47), Next::Step(58)),
    step(HighShare, 0.394552, Next::Step(48), Next::Step(53)),
    step(Entropy, 4.209417, Next::Step(49), Next::Binary),
    step(Entropy, 4.175213, Next::Step(50), Next::Text),
    step(HighShare, 0.100962, Next::Text, Next::Step(51)),
    step(HighShare, 0.248047, Next::Binary, Next::Step(52)),
    step(PrintableRun, 0.106443, Next::Text, Next::Binary),
    step(PrintableRun, 0.082906, Next::Text, Next::Step(54)),
    step(ControlShare, 0.025, Next::Text, Next::Step(55)),
    step(Entropy, 3.520764, Next::Text, Next::Step(56)),
    step(ControlShare, 0.1225, Next::Binary, Next::Step(57)),
    step(NullShare, 0.033333, Next::Text, Next::Binary),
    step(PrintableRun, 0.098599, Next::Step(59), Next::Step(61)),
    step(ControlShare, 0.012902, Next::Binary, Next::Step(60)),
    step(Signature, 0.5, Next::Text, Next::Binary),
    step(Entropy, 4.453697, Next::Step(62), Next::Binary),
    step(HighShare, 0.472136, Next::Step(63), Next::Binary),
    step(PrintableRun, 0.121324, Next::Text, Next::Step(64)),
    step(PrintableRun, 0.302885, Next::Step(65), Next::Text),
    step(Entropy, 3.539612, Next::Text, Next::Binary),
    step(ControlShare, 0.45, Next::Step(67), Next::Binary),
    step(ControlShare, 0.006212, Next::Binary, Next::Text),
    step(Signature, 0.5, Next::Step(69), Next::Binary),
    step(HighShare, 0.082843, Next::Step(70), Next::Step(76)),
    step(OddNullShare, 0.282534, Next::Text, Next::Step(71)),
    step(Entropy, 3.088801, Next::Step(72), Next::Step(75)),
    step(NullShare, 0.822852, Next::Step(73), Next::Binary),
    step(PrintableShare, 0.291667, Next::Text, Next::Step(74)),
    step(ControlShare, 0.521739, Next::Text, Next::Binary),
    step(EvenNullShare, 0.140625, Next::Text, Next::Binary),
    step(PrintableRun, 0.291667, Next::Step(77), Next::Binary),
    step(Entropy, 0.698576, Next::Binary, Next::Step(78)),
    step(Entropy, 5.613847, Next::Step(79), Next::Step(85)),
    step(PrintableShare, 0.361264, Next::Step(80), Next::Step(83)),
    step(ShiftJis, 0.5, Next::Text, Next::Step(81)),
    step(Utf16Big, 0.5, Next::Step(82), Next::Text),
    step(NullShare, 0.379808, Next::Text, Next::Binary),
    step(PrintableShare, 0.408333, Next::Step(84), Next::Text),
    step(ControlShare, 0.26, Next::Text, Next::Binary),
    step(PrintableRun, 0.012485, Next::Text, Next::Binary),
];

/// The second bytes that a first byte takes, as ranges with both ends: `(first, last, seconds)`.
pub(super) type Pairs = &'static [(u8, u8, &'static [(u8, u8)])];

/// The characters of two bytes that Python's codec for Big5 knows.
#[rustfmt::skip]
pub(super) const BIG5: Pairs = &[
    (0xa1, 0xa2, &[(0x40, 0x7e), (0xa1, 0xfe)]),
    (0xa3, 0xa3, &[(0x40, 0x7e), (0xa1, 0xbf)]),
    (0xa4, 0xc6, &[(0x40, 0x7e), (0xa1, 0xfe)]),
    (0xc7, 0xc7, &[(0x40, 0x7e), (0xa1, 0xfc)]),
    (0xc9, 0xf8, &[(0x40, 0x7e), (0xa1, 0xfe)]),
    (0xf9, 0xf9, &[(0x40, 0x7e), (0xa1, 0xd5)]),
];

/// The characters of two bytes that Python's codec for Shift-JIS knows.
#[rustfmt::skip]
pub(super) const SHIFT_JIS: Pairs = &[
    (0x81, 0x81, &[(0x40, 0x7e), (0x80, 0xac), (0xb8, 0xbf), (0xc8, 0xce), (0xda, 0xe8), (0xf0, 0xf7), (0xfc, 0xfc)]),
    (0x82, 0x82, &[(0x4f, 0x58), (0x60, 0x79), (0x81, 0x9a), (0x9f, 0xf1)]),
    (0x83, 0x83, &[(0x40, 0x7e), (0x80, 0x96), (0x9f, 0xb6), (0xbf, 0xd6)]),
    (0x84, 0x84, &[(0x40, 0x60), (0x70, 0x7e), (0x80, 0x91), (0x9f, 0xbe)]),
    (0x88, 0x88, &[(0x9f, 0xfc)]),
    (0x89, 0x97, &[(0x40, 0x7e), (0x80, 0xfc)]),
    (0x98, 0x98, &[(0x40, 0x72), (0x9f, 0xfc)]),
    (0x99, 0x9f, &[(0x40, 0x7e), (0x80, 0xfc)]),
    (0xe0, 0xe9, &[(0x40, 0x7e), (0x80, 0xfc)]),
    (0xea, 0xea, &[(0x40, 0x7e), (0x80, 0xa4)]),
];

/// The characters of two bytes that Python's codec for EUC-KR knows.
#[rustfmt::skip]
pub(super) const EUC_KR: Pairs = &[
    (0xa1, 0xa1, &[(0xa1, 0xfe)]),
    (0xa2, 0xa2, &[(0xa1, 0xe7)]),
    (0xa3, 0xa3, &[(0xa1, 0xfe)]),
    (0xa4, 0xa4, &[(0xa1, 0xd3), (0xd5, 0xfe)]),
    (0xa5, 0xa5, &[(0xa1, 0xaa), (0xb0, 0xb9), (0xc1, 0xd8), (0xe1, 0xf8)]),
    (0xa6, 0xa6, &[(0xa1, 0xe4)]),
    (0xa7, 0xa7, &[(0xa1, 0xef)]),
    (0xa8, 0xa8, &[(0xa1, 0xa4), (0xa6, 0xa6), (0xa8, 0xaf), (0xb1, 0xfe)]),
    (0xa9, 0xa9, &[(0xa1, 0xfe)]),
    (0xaa, 0xaa, &[(0xa1, 0xf3)]),
    (0xab, 0xab, &[(0xa1, 0xf6)]),
    (0xac, 0xac, &[(0xa1, 0xc1), (0xd1, 0xf1)]),
    (0xb0, 0xc8, &[(0xa1, 0xfe)]),
    (0xca, 0xfd, &[(0xa1, 0xfe)]),
];
