//! The lines on stdout. Each is a JSON object whose `event` says what it is.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::hex;

fn line(value: &Value) {
    println!("{value}");
}

/// A broker takes clients on this port.
pub fn listening(port: u16) {
    line(&json!({"event": "listening", "port": port}));
}

/// A client sends under this id.
pub fn joined(client_id: u32) {
    line(&json!({"event": "joined", "client_id": client_id}));
}

/// Message number `index` of those reported.
pub fn message(index: u64, sender: u32, tag: u32, flags: u32, payload: &[u8]) {
    let sha256 = hex::encode(&Sha256::digest(payload));
    line(&json!({
        "event": "message", "index": index, "sender": sender, "tag": tag, "flags": flags,
        "len": payload.len(), "sha256": sha256,
    }));
}

/// Where a client stands, as postcard in hex.
pub fn description(hex: &str) {
    line(&json!({"event": "description", "postcard": hex}));
}

/// A page that a broker has been told about.
pub fn announced(id: &str, size: usize) {
    line(&json!({"event": "announced", "id": id, "size": size}));
}

/// The broker said that it ends.
pub fn closed() {
    line(&json!({"event": "closed"}));
}

/// The command did all that it was to do.
pub fn done(sent: u64, received: u64) {
    line(&json!({"event": "done", "sent": sent, "received": received}));
}

pub fn error(text: &str) {
    line(&json!({"event": "error", "error": text}));
}
