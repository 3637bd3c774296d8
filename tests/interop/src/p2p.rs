//! A channel between two processes, without a broker.

use libafl_core::{ClientId, Error};
use ll_mp::{Flags, LlmpClient, LlmpReceiver, Tag};
use shmem_providers::ShMemProvider;

use crate::{
    Outcome,
    args::Args,
    description,
    exchange::Client,
    hold::{self, Backoff},
    pattern::Outgoing,
    report,
};

pub fn send<SP: ShMemProvider>(mut args: Args) -> Outcome<()> {
    let id = ClientId(args.number("as-id")?.unwrap_or(1));
    let mut out = Outgoing::from_args(&mut args)?;
    args.finish()?;
    let mut client: Client<SP> = LlmpClient::new_p2p(SP::new()?, id)?;
    report::description(&description::to_hex(&client.describe()?)?);
    // Receivers of ll_mp count themselves in on all pages but the first one,
    // which would then stay unread in the eyes of the sender.
    // SAFETY: this process keeps the page mapped until its end.
    unsafe { client.mark_safe_to_unmap() };
    let sent = out.end - out.next;
    let mut backoff = Backoff::default();
    while out.next < out.end {
        if client.safe_to_unmap() {
            let payload = out.pattern.payload(out.next);
            client.send_buf_with_flags(Tag(out.tag), Flags(out.flags), &payload)?;
            out.next += 1;
            backoff.reset();
        } else {
            backoff.pause();
        }
    }
    client.sender_mut().send_exiting()?;
    hold::until_stdin_closes();
    report::done(sent, 0);
    Ok(())
}

/// Takes the receiving half of the other process's client.
pub fn recv<SP: ShMemProvider>(mut args: Args) -> Outcome<()> {
    let place = description::receiver_from_hex(&args.need_text("description")?)?;
    let count: u64 = args.need_number("count")?;
    args.finish()?;
    let mut receiver = LlmpReceiver::on_existing_from_description(SP::new()?, &place)?;
    let mut backoff = Backoff::default();
    let mut got = 0;
    while got < count {
        match receiver.recv_buf_with_flags() {
            Ok(Some((sender, tag, flags, payload))) => {
                report::message(got, sender.0, tag.0, flags.0, payload);
                got += 1;
                backoff.reset();
            }
            Ok(None) => backoff.pause(),
            Err(Error::ShuttingDown) => {
                report::closed();
                return Err(format!("the sender ended after {got} of {count} messages").into());
            }
            Err(error) => return Err(error.into()),
        }
    }
    report::done(0, got);
    Ok(())
}
