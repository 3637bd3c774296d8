//! A client's place on the bus, given from one process to another.

use std::process::Command;

use ll_mp::LlmpClient;
use shmem_providers::ShMemProvider;

use crate::{
    Outcome,
    args::Args,
    clients::connect,
    description,
    exchange::{Client, Incoming, exchange, quit},
    hold,
    pattern::Outgoing,
    report,
};

/// Connects, sends, and reads all own messages but the last `--leave-unread`.
fn begin<SP: ShMemProvider>(args: &mut Args) -> Outcome<(Client<SP>, u64)> {
    let port = args.need_number("port")?;
    let mut out = Outgoing::from_args(args)?;
    let unread: u64 = args.number("leave-unread")?.unwrap_or(0);
    let count = out.end - out.next;
    let back_until = out.end.saturating_sub(unread);
    let mut client = connect::<SP>(port)?;
    exchange(
        &mut client,
        &mut out,
        &mut Incoming::new(Some(0)),
        back_until,
    )?;
    Ok((client, count))
}

/// Takes over where another process stood, and ends the client properly.
fn resume<SP: ShMemProvider>(
    mut client: Client<SP>,
    mut out: Outgoing,
    receive: u64,
    unread: u64,
) -> Outcome<()> {
    report::joined(client.sender().id().0);
    let (sent, end) = (out.end - out.next, out.end);
    out.back -= unread;
    let mut incoming = Incoming::new(Some(receive));
    exchange(&mut client, &mut out, &mut incoming, end)?;
    quit(&mut client)?;
    report::done(sent, incoming.got);
    Ok(())
}

/// Takes the options called RESUME in the usage.
fn resume_args(args: &mut Args) -> Outcome<(Outgoing, u64, u64)> {
    let out = Outgoing::from_args(args)?;
    let receive = args.number("receive")?.unwrap_or(0);
    let unread = args.number("unread")?.unwrap_or(0);
    if unread > out.next {
        return Err("--unread is larger than --start".into());
    }
    Ok((out, receive, unread))
}

pub fn to_env<SP: ShMemProvider>(mut args: Args) -> Outcome<()> {
    let name = args.need_text("name")?;
    let child = std::mem::take(&mut args.rest);
    let (program, child_args) = child
        .split_first()
        .ok_or("which command takes over? -- COMMAND ARGS")?;
    let (client, sent) = begin::<SP>(&mut args)?;
    args.finish()?;
    // SAFETY: the time-out's thread, the only other one, does not read the environment.
    unsafe { client.to_env(&name)? };
    let status = Command::new(program).args(child_args).status()?;
    if !status.success() {
        return Err(format!("the command that took over ended with {status}").into());
    }
    report::done(sent, 0);
    Ok(())
}

pub fn from_env<SP: ShMemProvider>(mut args: Args) -> Outcome<()> {
    let name = args.need_text("name")?;
    let (out, receive, unread) = resume_args(&mut args)?;
    args.finish()?;
    let client = LlmpClient::on_existing_from_env(SP::new()?, &name)?;
    resume::<SP>(client, out, receive, unread)
}

pub fn describe<SP: ShMemProvider>(mut args: Args) -> Outcome<()> {
    let (client, sent) = begin::<SP>(&mut args)?;
    args.finish()?;
    report::description(&description::to_hex(&client.describe()?)?);
    hold::until_stdin_closes();
    report::done(sent, 0);
    Ok(())
}

pub fn from_description<SP: ShMemProvider>(mut args: Args) -> Outcome<()> {
    let description = description::from_hex(&args.need_text("description")?)?;
    let (out, receive, unread) = resume_args(&mut args)?;
    args.finish()?;
    let client = LlmpClient::existing_client_from_description(SP::new()?, &description)?;
    resume::<SP>(client, out, receive, unread)
}
