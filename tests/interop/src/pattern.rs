//! Payloads that both sides of a test can compute.

use crate::{Outcome, args::Args};

/// A series of messages: how large they are and what is in them.
#[derive(Clone)]
pub struct Pattern {
    seed: u64,
    sizes: Vec<usize>,
}

impl Pattern {
    pub fn new(seed: u64, sizes: Vec<usize>) -> Self {
        Self { seed, sizes }
    }

    /// The payload of message `index`.
    pub fn payload(&self, index: u64) -> Vec<u8> {
        let base = self.base(index);
        (0..self.size(index))
            .map(|offset| base.wrapping_add(low_byte(offset as u64)))
            .collect()
    }

    /// Whether `bytes` are the payload of message `index`.
    pub fn matches(&self, index: u64, bytes: &[u8]) -> bool {
        let base = self.base(index);
        bytes.len() == self.size(index)
            && bytes
                .iter()
                .enumerate()
                .all(|(offset, byte)| *byte == base.wrapping_add(low_byte(offset as u64)))
    }

    fn size(&self, index: u64) -> usize {
        self.sizes[usize::try_from(index).expect("64 bit") % self.sizes.len()]
    }

    fn base(&self, index: u64) -> u8 {
        low_byte(
            self.seed
                .wrapping_mul(131)
                .wrapping_add(index.wrapping_mul(31)),
        )
    }
}

fn low_byte(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

/// What a client is to send, and how far it has come.
pub struct Outgoing {
    pub pattern: Pattern,
    pub tag: u32,
    pub flags: u32,
    /// Index of the message to send next.
    pub next: u64,
    /// Index behind the last one.
    pub end: u64,
    /// Index of the own message that has to come back next.
    pub back: u64,
}

impl Outgoing {
    /// Nothing to send.
    pub fn none() -> Self {
        Self {
            pattern: Pattern::new(0, vec![0]),
            tag: 0,
            flags: 0,
            next: 0,
            end: 0,
            back: 0,
        }
    }

    /// Takes the options called MESSAGES in the usage.
    pub fn from_args(args: &mut Args) -> Outcome<Self> {
        let count: u64 = args.need_number("count")?;
        let start = args.number("start")?.unwrap_or(0);
        Ok(Self {
            pattern: Pattern::new(
                args.number("seed")?.unwrap_or(0),
                args.need_numbers("sizes")?,
            ),
            tag: args.need_number("tag")?,
            flags: args.number("flags")?.unwrap_or(0),
            next: start,
            end: start + count,
            back: start,
        })
    }
}
