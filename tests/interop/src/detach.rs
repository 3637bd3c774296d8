//! Telling a broker that a client is gone, as `LibAFL`'s restarter does for a
//! fuzzer that crashed.

use std::net::TcpStream;

use libafl_core::ClientId;
use ll_mp::{TcpRequest, recv_tcp_msg, send_tcp_msg};

use crate::{Outcome, args::Args, report};

pub fn run(mut args: Args) -> Outcome<()> {
    let port: u16 = args.need_number("port")?;
    let client_id = ClientId(args.need_number("as-id")?);
    args.finish()?;
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    recv_tcp_msg(&mut stream)?; // the broker speaks first
    send_tcp_msg(&mut stream, &TcpRequest::ClientQuit { client_id })?;
    report::done(0, 0);
    Ok(())
}
