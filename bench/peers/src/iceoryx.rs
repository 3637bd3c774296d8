//! iceoryx2's publish and subscribe, as the pieces of the measurements.

use std::{fs, path::PathBuf};

use iceoryx2::{
    config::Config,
    node::Node,
    port::{publisher::Publisher, subscriber::Subscriber, update_connections::UpdateConnections},
    prelude::{FileName, LogLevel, NodeBuilder, Path, SemanticString, ipc, set_log_level},
    service::port_factory::publish_subscribe::PortFactory,
};

use crate::{Outcome, round_trip::Endpoint};

type Service = PortFactory<ipc::Service, [u8], ()>;
type Out = Publisher<ipc::Service, [u8], ()>;
type In = Subscriber<ipc::Service, [u8], ()>;

/// The files of one measurement, apart from those of other programs and gone
/// with the one that made them: iceoryx2 keeps some for the next program.
pub struct Domain {
    name: String,
    owner: bool,
}

impl Domain {
    /// `name` is a file name; both processes of a measurement give the same.
    pub fn new(name: &str, owner: bool) -> Self {
        set_log_level(LogLevel::Error);
        Self {
            name: name.to_owned(),
            owner,
        }
    }

    pub fn node(&self) -> Outcome<Node<ipc::Service>> {
        let mut config = Config::default();
        config.global.prefix = FileName::new(self.prefix().as_bytes())?;
        let folder = self.folder();
        let folder = folder.to_str().ok_or("the folder's name is no text")?;
        config.global.set_root_path(&Path::new(folder.as_bytes())?);
        Ok(NodeBuilder::new()
            .config(&config)
            .create::<ipc::Service>()?)
    }

    fn prefix(&self) -> String {
        format!("{}_", self.name)
    }

    fn folder(&self) -> PathBuf {
        std::env::temp_dir().join(&self.name)
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        if !self.owner {
            return;
        }
        let _ = fs::remove_dir_all(self.folder());
        for entry in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with(&self.prefix())
            {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// A one-way channel that holds `depth` messages that were not read.
pub fn service(node: &Node<ipc::Service>, name: &str, depth: usize) -> Outcome<Service> {
    Ok(node
        .service_builder(&name.try_into()?)
        .publish_subscribe::<[u8]>()
        .max_publishers(1)
        .max_subscribers(1)
        .subscriber_max_buffer_size(depth)
        .enable_safe_overflow(false)
        .open_or_create()?)
}

pub fn publisher(service: &Service, size: usize) -> Outcome<Out> {
    Ok(service
        .publisher_builder()
        .initial_max_slice_len(size)
        .create()?)
}

pub fn subscriber(service: &Service) -> Outcome<In> {
    Ok(service.subscriber_builder().create()?)
}

/// Makes the publisher see subscribers before its first message.
pub fn connect(publisher: &Out) -> Outcome<()> {
    Ok(publisher.update_connections()?)
}

pub fn publish(publisher: &Out, payload: &[u8]) -> Outcome<()> {
    let sample = publisher.loan_slice_uninit(payload.len())?;
    sample.write_from_slice(payload).send()?;
    Ok(())
}

/// One end of two services between two processes.
pub struct Duplex {
    publisher: Out,
    subscriber: In,
    _node: Node<ipc::Service>,
    _domain: Domain, // dropped last
}

impl Endpoint for Duplex {
    const NAME: &str = "iceoryx2";
    type Offer = Self;

    fn offer(leader: bool, size: usize, name: &str) -> Outcome<(Self, String)> {
        let domain = Domain::new(name, leader);
        let node = domain.node()?;
        let there = service(&node, "there", 2)?;
        let back = service(&node, "back", 2)?;
        let (out, input) = if leader {
            (&there, &back)
        } else {
            (&back, &there)
        };
        let duplex = Self {
            publisher: publisher(out, size)?,
            subscriber: subscriber(input)?,
            _node: node,
            _domain: domain,
        };
        Ok((duplex, "ready".to_owned()))
    }

    fn join(offer: Self, _theirs: &str) -> Outcome<Self> {
        // Both ends exist by now.
        connect(&offer.publisher)?;
        Ok(offer)
    }

    fn send(&mut self, payload: &[u8]) -> Outcome<()> {
        publish(&self.publisher, payload)
    }

    fn receive(&mut self) -> Outcome<usize> {
        loop {
            if let Some(sample) = self.subscriber.receive()? {
                return Ok(sample.payload().len());
            }
            std::hint::spin_loop();
        }
    }
}
