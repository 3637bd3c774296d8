//! The wire form of a client's place: postcard, in hex on the command line.

use ll_mp::{LlmpClientDescription, LlmpDescription};
use serde::Deserialize;
use shmem_providers::{ShMemDescription, ShMemId};

use crate::{Outcome, hex};

pub fn to_hex(description: &LlmpClientDescription) -> Outcome<String> {
    Ok(hex::encode(&postcard::to_allocvec(description)?))
}

pub fn from_hex(text: &str) -> Outcome<LlmpClientDescription> {
    Ok(postcard::from_bytes(&hex::decode(text)?)?)
}

/// The receiving half alone.
pub fn receiver_from_hex(text: &str) -> Outcome<LlmpDescription> {
    let (_sender, receiver): (LlmpDescription, LlmpDescription) =
        postcard::from_bytes(&hex::decode(text)?)?;
    Ok(receiver)
}

/// `ll_mp` keeps the fields of its descriptions private; this has the same ones.
#[derive(Deserialize)]
struct Fields {
    shmem: ShMemDescription,
    _last_message_offset: Option<u64>,
}

/// The page that a half of a client stands on.
pub fn map_of(description: &LlmpDescription) -> Outcome<ShMemDescription> {
    let fields: Fields = postcard::from_bytes(&postcard::to_allocvec(description)?)?;
    Ok(fields.shmem)
}

/// The map of `size` bytes called `id`.
pub fn map(id: &str, size: usize) -> Outcome<ShMemDescription> {
    let mut name = [0; 20];
    if id.len() >= name.len() {
        return Err(format!("a map id has at most 19 bytes, {id:?} has more").into());
    }
    name[..id.len()].copy_from_slice(id.as_bytes());
    let id = ShMemId::from_array(&name);
    Ok(ShMemDescription { size, id })
}
