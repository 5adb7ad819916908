//! Outgoing HTTP: by the operator's proxy and certificate authorities, bounded in bytes and time, and not to addresses that
//! only this machine or its network's own services have, unless an operator names them.
//!
//! `forge::http` adds to it what GitHub asks for.

mod addresses;
mod client;
mod connect;
mod exchange;
mod remote;

pub(crate) use self::addresses::Reach;
pub(crate) use self::client::Client;
pub use self::connect::Proxy;
pub(crate) use self::connect::{Connections, Way, connections, tls, trusted};
pub(crate) use self::exchange::{Failure, Limits, exchange};
pub use self::remote::{Remote, RemoteAnswer};
