//! `ll_mp`: the pieces that the measurements put together.

use std::net::TcpListener;

use libafl_core::ClientId;
use ll_mp::{Listener, LlmpBroker, LlmpClient, LlmpDescription, LlmpReceiver, LlmpSender, Tag};
use shmem_providers::{ShMemProvider, StdShMem, StdShMemProvider};

use crate::{Outcome, round_trip::Endpoint};

pub type Broker = LlmpBroker<(), StdShMem, StdShMemProvider>;
pub type Client = LlmpClient<StdShMem, StdShMemProvider>;
type Sender = LlmpSender<StdShMem, StdShMemProvider>;
type Receiver = LlmpReceiver<StdShMem, StdShMemProvider>;

pub const TAG: Tag = Tag(0x4242);

/// A broker and the port on which clients find it.
pub fn broker() -> Outcome<(Broker, u16)> {
    let mut broker = LlmpBroker::new(StdShMemProvider::new()?, ())?;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    broker
        .inner_mut()
        .launch_listener(Listener::Tcp(listener))?;
    Ok((broker, port))
}

pub fn client(port: u16) -> Outcome<Client> {
    Ok(LlmpClient::create_attach_to_tcp(
        StdShMemProvider::new()?,
        port,
    )?)
}

/// Spins until there is a message and looks at its payload. (`recv_buf_blocking`
/// panics where it meets the end of a page before the next page's first message.)
pub fn next<T>(receiver: &mut Receiver, look: impl FnOnce(&[u8]) -> T) -> Outcome<T> {
    loop {
        if let Some((_sender, _tag, payload)) = receiver.recv_buf()? {
            return Ok(look(payload));
        }
        std::hint::spin_loop();
    }
}

/// One end of two one-way channels between two processes.
pub struct P2p {
    sender: Sender,
    receiver: Receiver,
}

impl Endpoint for P2p {
    const NAME: &str = "ll_mp";
    type Offer = Sender;

    fn offer(leader: bool, _size: usize, _name: &str) -> Outcome<(Sender, String)> {
        let id = ClientId(u32::from(leader));
        let mut sender = LlmpSender::new(StdShMemProvider::new()?, id, false)?;
        // The receiver joins each page but the first; without this the sender
        // would take that one for unread, and give up three pages later.
        // SAFETY: the sender keeps its pages as long as the other process runs.
        unsafe { sender.mark_safe_to_unmap() };
        let place = postcard::to_allocvec(&sender.describe()?)?;
        let text: Vec<String> = place.iter().map(u8::to_string).collect();
        Ok((sender, text.join(" ")))
    }

    fn join(sender: Sender, theirs: &str) -> Outcome<Self> {
        let place: Vec<u8> = theirs
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let place: LlmpDescription = postcard::from_bytes(&place)?;
        let receiver =
            LlmpReceiver::on_existing_from_description(StdShMemProvider::new()?, &place)?;
        Ok(Self { sender, receiver })
    }

    fn send(&mut self, payload: &[u8]) -> Outcome<()> {
        Ok(self.sender.send_buf(TAG, payload)?)
    }

    fn receive(&mut self) -> Outcome<usize> {
        next(&mut self.receiver, <[u8]>::len)
    }
}
