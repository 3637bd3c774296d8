//! Clients that connect over TCP.

use std::collections::VecDeque;

use libafl_core::Error;
use ll_mp::{LlmpClient, Tag};
use shmem_providers::ShMemProvider;

use crate::{
    Outcome,
    args::Args,
    exchange::{Client, Incoming, exchange, quit},
    hold::Backoff,
    pattern::Outgoing,
    report,
};

/// Connects and reports the client id.
pub fn connect<SP: ShMemProvider>(port: u16) -> Outcome<Client<SP>> {
    let client = LlmpClient::create_attach_to_tcp(SP::new()?, port)?;
    report::joined(client.sender().id().0);
    Ok(client)
}

pub fn send<SP: ShMemProvider>(mut args: Args) -> Outcome<()> {
    let port = args.need_number("port")?;
    let mut out = Outgoing::from_args(&mut args)?;
    args.finish()?;
    let mut client = connect::<SP>(port)?;
    let (sent, end) = (out.end - out.next, out.end);
    exchange(&mut client, &mut out, &mut Incoming::new(Some(0)), end)?;
    quit(&mut client)?;
    report::done(sent, 0);
    Ok(())
}

/// Reports what comes; with `--count 0` until the broker ends.
pub fn recv<SP: ShMemProvider>(mut args: Args) -> Outcome<()> {
    let port = args.need_number("port")?;
    let count: u64 = args.need_number("count")?;
    let mut incoming = Incoming::new((count > 0).then_some(count));
    incoming.tag = args.number("tag")?;
    incoming.skip_own = args.switch("skip-own")?;
    args.finish()?;
    let mut client = connect::<SP>(port)?;
    exchange(&mut client, &mut Outgoing::none(), &mut incoming, 0)?;
    quit(&mut client)?;
    report::done(0, incoming.got);
    Ok(())
}

pub fn mixed<SP: ShMemProvider>(mut args: Args) -> Outcome<()> {
    let port = args.need_number("port")?;
    let mut out = Outgoing::from_args(&mut args)?;
    let mut incoming = Incoming::new(Some(args.need_number("receive")?));
    incoming.skip_own = true;
    args.finish()?;
    let mut client = connect::<SP>(port)?;
    let (sent, end) = (out.end - out.next, out.end);
    exchange(&mut client, &mut out, &mut incoming, end)?;
    quit(&mut client)?;
    report::done(sent, incoming.got);
    Ok(())
}

/// Sends each message back under another tag, until it has seen `count` of
/// them and all its answers have been broadcast.
pub fn echo<SP: ShMemProvider>(mut args: Args) -> Outcome<()> {
    let port = args.need_number("port")?;
    let count: u64 = args.need_number("count")?;
    let tag: u32 = args.need_number("tag")?;
    let reply_tag: u32 = args.need_number("reply-tag")?;
    args.finish()?;
    let mut client = connect::<SP>(port)?;
    let own_id = client.sender().id();
    let mut answers: VecDeque<Vec<u8>> = VecDeque::new();
    let (mut seen, mut sent, mut back) = (0, 0, 0);
    let mut backoff = Backoff::default();
    while back < count {
        if client.safe_to_unmap()
            && let Some(answer) = answers.pop_front()
        {
            client.send_buf(Tag(reply_tag), &answer)?;
            sent += 1;
        }
        match client.recv_buf() {
            Ok(Some((sender, Tag(got), payload))) => {
                backoff.reset();
                if sender == own_id && got == reply_tag {
                    back += 1;
                } else if got == tag && seen < count {
                    answers.push_back(payload.to_vec());
                    seen += 1;
                }
            }
            Ok(None) => backoff.pause(),
            Err(Error::ShuttingDown) => return Err("the broker ended before we were done".into()),
            Err(error) => return Err(error.into()),
        }
    }
    quit(&mut client)?;
    report::done(sent, seen);
    Ok(())
}
