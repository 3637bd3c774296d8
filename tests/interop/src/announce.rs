//! One client tells the broker about another one's page.

use libafl_core::ClientId;
use ll_mp::{Flags, LlmpSender, Tag};
use shmem_providers::{ShMemDescription, ShMemProvider};

use crate::{
    Outcome,
    args::Args,
    clients::connect,
    description,
    exchange::{Client, quit},
    hold::Backoff,
    pattern::Outgoing,
    report,
};

/// What `ll_mp` announces a client with; it does so in private, for its listener.
const TAG_NEW_SHM_CLIENT: Tag = Tag(0x0C11_E471);

/// Its payload.
#[repr(C)]
struct MapInfo {
    size: usize,
    id: [u8; 20],
}

pub fn run<SP: ShMemProvider>(mut args: Args) -> Outcome<()> {
    match args.text("map")? {
        Some(id) => announce_other::<SP>(args, &id),
        None => announce_second::<SP>(args),
    }
}

/// Somebody else's page, by id. Ends once the broker has read what was said.
fn announce_other<SP: ShMemProvider>(mut args: Args, id: &str) -> Outcome<()> {
    let port = args.need_number("port")?;
    let map = description::map(id, args.need_number("size")?)?;
    args.finish()?;
    let mut client = connect::<SP>(port)?;
    announce::<SP>(&mut client, map)?;
    quit(&mut client)?;
    report::done(0, 0);
    Ok(())
}

/// A sender of this process, read by the broker as a client of its own. What
/// it sends comes back to the client that announced it.
fn announce_second<SP: ShMemProvider>(mut args: Args) -> Outcome<()> {
    let port = args.need_number("port")?;
    let id = ClientId(args.need_number("as-id")?);
    let mut out = Outgoing::from_args(&mut args)?;
    args.finish()?;
    let mut client = connect::<SP>(port)?;
    let mut second = LlmpSender::new(SP::new()?, id, false)?;
    announce::<SP>(&mut client, description::map_of(&second.describe()?)?)?;
    let sent = out.end - out.next;
    let mut backoff = Backoff::default();
    while out.back < out.end {
        if out.next < out.end && second.safe_to_unmap() {
            second.send_buf_with_flags(
                Tag(out.tag),
                Flags(out.flags),
                &out.pattern.payload(out.next),
            )?;
            out.next += 1;
        }
        match client.recv_buf()? {
            Some((sender, tag, payload)) if sender == id && tag.0 == out.tag => {
                if !out.pattern.matches(out.back, payload) {
                    return Err(format!("message {} came back changed", out.back).into());
                }
                out.back += 1;
            }
            Some(_) => backoff.reset(),
            None => backoff.pause(),
        }
    }
    second.send_exiting()?;
    quit(&mut client)?;
    report::done(sent, 0);
    Ok(())
}

fn announce<SP: ShMemProvider>(client: &mut Client<SP>, map: ShMemDescription) -> Outcome<()> {
    // SAFETY: the message is as large as what is written to it, payloads are
    // 8-aligned, and it is sent before anything else is allocated.
    unsafe {
        let message = client.alloc_next(size_of::<MapInfo>())?;
        (*message).tag = TAG_NEW_SHM_CLIENT;
        let payload = (&raw mut (*message).buf).cast::<MapInfo>();
        payload.write(MapInfo {
            size: map.size,
            id: *map.id.as_array(),
        });
        client.send(message)?;
    }
    report::announced(map.id.as_str(), map.size);
    Ok(())
}
