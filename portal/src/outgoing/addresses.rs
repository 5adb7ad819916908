//! Which addresses may be reached.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower::Service;

/// Services that a cloud answers only to its own machines, outside of the link-local addresses: Alibaba's, Oracle's and
/// Azure's metadata, and Amazon's over IPv6.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)),
];

/// Which addresses may be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Reach {
    #[default]
    Anywhere,
    /// Not those that [`is_inside`], but for hosts of these names, which an operator has written down.
    Outside { but: Arc<[String]> },
}

/// Whether only this machine, or its network's own services, have this address: loopback, link-local, metadata, none at
/// all, or many at once.
pub(super) fn is_inside(address: IpAddr) -> bool {
    let address = match address {
        IpAddr::V4(_) => address,
        // An IPv4 address within an IPv6 one: RFC 4291 section 2.5.5.2, and RFC 6052 section 2.1.
        IpAddr::V6(six) => match six.segments() {
            [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
                let [.., a, b, c, d] = six.octets();
                IpAddr::V4(Ipv4Addr::new(a, b, c, d))
            }
            _ => address,
        },
    };
    let inside = match address {
        IpAddr::V4(four) => four.is_link_local() || four.is_broadcast() || four.octets()[0] == 0,
        IpAddr::V6(six) => six.is_unicast_link_local() || six.to_ipv4().is_some_and(|four| is_inside(four.into())),
    };
    inside || address.is_loopback() || address.is_unspecified() || address.is_multicast() || METADATA.contains(&address)
}

/// The system's, without the addresses that are out of reach.
#[derive(Clone)]
pub(crate) struct Resolver {
    system: GaiResolver,
    reach: Reach,
}

impl Resolver {
    pub(super) fn new(reach: Reach) -> Self {
        Self { system: GaiResolver::new(), reach }
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Self::Response>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.system.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let is_free = match &self.reach {
            Reach::Anywhere => true,
            Reach::Outside { but } => but.iter().any(|host| host.eq_ignore_ascii_case(name.as_str())),
        };
        let found = self.system.call(name);
        async move {
            let all: Vec<SocketAddr> = found.await?.collect();
            if let Some(inside) = all.iter().find(|address| !is_free && is_inside(address.ip())) {
                return Err(io::Error::other(format!(
                    "its address {} is one that only this machine or its network’s own services have",
                    inside.ip()
                )));
            }
            Ok(all.into_iter())
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn addresses_of_this_machine_and_its_network_are_told_apart() {
        let inside = [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "::127.0.0.1",
            "fe80::1",
            "fd00:ec2::254",
            "ff02::1",
        ];
        for address in inside {
            assert!(is_inside(address.parse().unwrap()), "{address}");
        }
        for address in ["10.1.2.3", "192.168.0.1", "172.16.0.1", "140.82.121.4", "fd12::1", "2606:50c0:8000::153"] {
            assert!(!is_inside(address.parse().unwrap()), "{address}");
        }
    }
}
