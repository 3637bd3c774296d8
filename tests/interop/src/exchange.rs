//! The loop of every client: send, take what comes, until both are done.

use libafl_core::{ClientId, Error};
use ll_mp::{Flags, LlmpClient, Tag};
use shmem_providers::ShMemProvider;

use crate::{Outcome, hold::Backoff, pattern::Outgoing, report};

pub type Client<SP> = LlmpClient<<SP as ShMemProvider>::ShMem, SP>;

/// Which messages are reported, and how many.
pub struct Incoming {
    /// How many are wanted; none: all until the broker ends.
    pub limit: Option<u64>,
    pub tag: Option<u32>,
    pub skip_own: bool,
    pub got: u64,
}

impl Incoming {
    pub fn new(limit: Option<u64>) -> Self {
        Self {
            limit,
            tag: None,
            skip_own: false,
            got: 0,
        }
    }

    fn complete(&self) -> bool {
        self.limit.is_some_and(|limit| self.got >= limit)
    }

    fn take(&mut self, own: bool, sender: ClientId, tag: Tag, flags: Flags, payload: &[u8]) {
        let wanted = self.tag.is_none_or(|only| only == tag.0) && !(own && self.skip_own);
        if wanted && !self.complete() {
            report::message(self.got, sender.0, tag.0, flags.0, payload);
            self.got += 1;
        }
    }
}

/// What a look at the broadcast page has led to.
enum Look {
    Message,
    Nothing,
    BrokerEnded,
}

/// Sends all of `out`, reports what `incoming` wants, and waits until the own
/// messages below index `back_until` have come back, each as it was sent.
pub fn exchange<SP: ShMemProvider>(
    client: &mut Client<SP>,
    out: &mut Outgoing,
    incoming: &mut Incoming,
    back_until: u64,
) -> Outcome<()> {
    let mut backoff = Backoff::default();
    loop {
        let all_sent = out.next == out.end && out.back >= back_until;
        if all_sent && incoming.complete() {
            return Ok(());
        }
        let sent = send_one(client, out)?;
        if out.back >= back_until && incoming.complete() {
            if !sent {
                backoff.pause();
            }
            continue; // what comes now is left unread
        }
        match receive_one(client, out, incoming)? {
            Look::BrokerEnded if all_sent && incoming.limit.is_none() => return Ok(()),
            Look::BrokerEnded => return Err("the broker ended before we were done".into()),
            Look::Nothing if !sent => backoff.pause(),
            Look::Message | Look::Nothing => backoff.reset(),
        }
    }
}

/// Sends the next message, once the broker has mapped the page it goes to: a
/// sender of `ll_mp` panics when its pages go unread.
fn send_one<SP: ShMemProvider>(client: &mut Client<SP>, out: &mut Outgoing) -> Outcome<bool> {
    if out.next == out.end || !client.safe_to_unmap() {
        return Ok(false);
    }
    let payload = out.pattern.payload(out.next);
    client.send_buf_with_flags(Tag(out.tag), Flags(out.flags), &payload)?;
    out.next += 1;
    Ok(true)
}

fn receive_one<SP: ShMemProvider>(
    client: &mut Client<SP>,
    out: &mut Outgoing,
    incoming: &mut Incoming,
) -> Outcome<Look> {
    let own_id = client.sender().id();
    match client.recv_buf_with_flags() {
        Ok(None) => Ok(Look::Nothing),
        Ok(Some((sender, tag, flags, payload))) => {
            let own = sender == own_id;
            if own && tag.0 == out.tag && out.back < out.next {
                if !out.pattern.matches(out.back, payload) {
                    return Err(format!("own message {} came back changed", out.back).into());
                }
                out.back += 1;
            }
            incoming.take(own, sender, tag, flags, payload);
            Ok(Look::Message)
        }
        Err(Error::ShuttingDown) => {
            report::closed();
            Ok(Look::BrokerEnded)
        }
        Err(error) => Err(error.into()),
    }
}

/// Tells the broker that this client ends, and waits until it has the page on
/// which that stands.
pub fn quit<SP: ShMemProvider>(client: &mut Client<SP>) -> Outcome<()> {
    client.sender_mut().send_exiting()?;
    let mut backoff = Backoff::default();
    while !client.safe_to_unmap() {
        backoff.pause();
    }
    Ok(())
}
