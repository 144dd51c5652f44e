//! Inputs: what somebody meant, spoilt; words in a row; any bytes; and one thing repeated very often.

use crate::random::Random;
use crate::target::Target;

/// Inputs grow no longer than this.
const BYTES_MAX: usize = 128 << 10;
/// What an input may grow to by copies of its own parts.
const SPLICED_MAX: usize = 16 << 10;

/// The input of a case.
pub(crate) fn make(target: &Target, random: &mut Random) -> Vec<u8> {
    let corpus = (target.corpus)();
    match random.below(16) {
        0 => random_bytes(random),
        1..=3 => words(target, random, 40),
        4 => bomb(target, &corpus, random),
        // What is meant as it was meant: the corpus must pass too.
        5 => random.pick(&corpus).cloned().unwrap_or_default(),
        _ => spoilt(target, &corpus, random),
    }
}

fn random_bytes(random: &mut Random) -> Vec<u8> {
    let len = random.below(200);
    (0..len).map(|_| random.byte()).collect()
}

fn word<'a>(target: &Target, random: &mut Random) -> &'a [u8] {
    random.pick(target.words).map_or(b"", |word| word.as_bytes())
}

fn words(target: &Target, random: &mut Random, count_max: usize) -> Vec<u8> {
    let count = random.below(count_max) + 1;
    let mut bytes = Vec::new();
    for _ in 0..count {
        bytes.extend_from_slice(word(target, random));
    }
    bytes
}

/// A word, some words, or a piece of something meaningful, over and over, perhaps with a beginning and an end.
fn bomb(target: &Target, corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let unit = match random.below(3) {
        0 => word(target, random).to_vec(),
        1 => words(target, random, 4),
        _ => piece(corpus, random).to_vec(),
    };
    if unit.is_empty() {
        return unit;
    }
    let size = 1 << (8 + random.below(10));
    let mut bytes = if random.one_in(3) { piece(corpus, random).to_vec() } else { Vec::new() };
    let times = size.min(BYTES_MAX) / unit.len() + 1;
    bytes.extend(unit.repeat(times));
    if random.one_in(3) {
        let end = words(target, random, 4);
        bytes.extend(end);
    }
    bytes.truncate(BYTES_MAX);
    bytes
}

fn piece<'a>(corpus: &'a [Vec<u8>], random: &mut Random) -> &'a [u8] {
    let whole = random.pick(corpus).map_or(&[][..], Vec::as_slice);
    &whole[random.range(whole.len())]
}

fn spoilt(target: &Target, corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = random.pick(corpus).cloned().unwrap_or_default();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        match random.below(9) {
            0 => flip(&mut bytes, random),
            1 => insert(&mut bytes, at, &[random.byte()]),
            2 => insert(&mut bytes, at, word(target, random)),
            3 => {
                bytes.drain(random.range(bytes.len()));
            }
            4 => bytes.truncate(at),
            5 => insert(&mut bytes, at, &number(random)),
            6 => overwrite(&mut bytes, at, &number(random)),
            7 => {
                let part = bytes[random.range(bytes.len())].to_vec();
                let times = 1 << random.below(6);
                insert(&mut bytes, at, &part.repeat(times));
            }
            _ => insert(&mut bytes, at, piece(corpus, random)),
        }
    }
    bytes
}

fn flip(bytes: &mut [u8], random: &mut Random) {
    let at = random.below(bytes.len());
    let bit = random.below(8);
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << bit;
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, part: &[u8]) {
    if bytes.len() + part.len() <= SPLICED_MAX {
        bytes.splice(at..at, part.iter().copied());
    }
}

fn overwrite(bytes: &mut [u8], at: usize, part: &[u8]) {
    for (place, byte) in bytes[at..].iter_mut().zip(part) {
        *place = *byte;
    }
}

/// A number at an edge: as text, as bytes, or as a varint.
fn number(random: &mut Random) -> Vec<u8> {
    const EDGES: [i64; 14] = [
        0,
        1,
        -1,
        127,
        128,
        255,
        -129,
        32_767,
        65_536,
        i32::MAX as i64,
        i32::MIN as i64,
        u32::MAX as i64,
        i64::MAX,
        i64::MIN,
    ];
    let edge = random.pick(&EDGES).copied().unwrap_or_default();
    match random.below(5) {
        0 => edge.to_string().into_bytes(),
        1 => (edge as i32).to_be_bytes().to_vec(),
        2 => edge.to_be_bytes().to_vec(),
        3 => (edge as i16).to_be_bytes().to_vec(),
        _ => varint(edge as u64),
    }
}

fn varint(mut rest: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}
