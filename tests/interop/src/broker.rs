//! `LibAFL`'s broker, alone or joined with another one.

use std::{
    net::{TcpListener, ToSocketAddrs},
    num::NonZeroUsize,
    sync::atomic::Ordering,
};

use ll_mp::{Broker, Listener, LlmpBroker, Tag};
use shmem_providers::ShMemProvider;

use crate::{
    Outcome,
    args::Args,
    hold::{self, Backoff},
    report,
};

/// What a broker of `ll_mp` says when it ends; the crate keeps the name private.
const TAG_EXITING: Tag = Tag(0x013C_5171);

pub fn run<SP: ShMemProvider + 'static>(mut args: Args) -> Outcome<()> {
    let port = args.need_number("port")?;
    let exit_after: Option<usize> = args.number("exit-after")?;
    args.finish()?;
    let mut broker = LlmpBroker::new(SP::new()?, ())?;
    if let Some(clients) = exit_after.and_then(NonZeroUsize::new) {
        broker.set_exit_after(clients);
    }
    listen(&mut broker, port)?;
    serve(&mut broker)
}

pub fn run_b2b<SP: ShMemProvider + 'static>(mut args: Args) -> Outcome<()> {
    let port = args.need_number("port")?;
    let other = args.need_text("connect")?;
    args.finish()?;
    let address = other
        .to_socket_addrs()?
        .next()
        .ok_or("--connect names no address")?;
    let mut broker = LlmpBroker::new(SP::new()?, ())?;
    // Connect before listening: the other way round ll_mp gives the id of the
    // thread that serves the other broker to the first local client as well,
    // and that client's messages never cross.
    broker.inner_mut().connect_b2b(address)?;
    listen(&mut broker, port)?;
    serve(&mut broker)
}

/// Binds here rather than in `ll_mp`, which does not tell which port it got.
fn listen<SP: ShMemProvider + 'static>(
    broker: &mut LlmpBroker<(), SP::ShMem, SP>,
    port: u16,
) -> Outcome<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let port = listener.local_addr()?.port();
    broker
        .inner_mut()
        .launch_listener(Listener::Tcp(listener))?;
    report::listening(port);
    Ok(())
}

/// Forwards until stdin closes, or as many clients as were set have come and gone.
fn serve(broker: &mut dyn Broker) -> Outcome<()> {
    let stop = hold::stdin_closed();
    let mut backoff = Backoff::default();
    while !stop.load(Ordering::Acquire) && !all_gone(broker) {
        if broker.broker_once()? {
            backoff.reset();
        } else {
            backoff.pause();
        }
    }
    broker.send_buf(TAG_EXITING, &[])?;
    report::done(0, 0);
    Ok(())
}

fn all_gone(broker: &dyn Broker) -> bool {
    broker.exit_after().is_some_and(|clients| {
        !broker.has_clients() && broker.num_clients_seen() - broker.nb_listeners() >= clients.into()
    })
}
