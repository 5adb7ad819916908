//! Forty values a second from six cranes.

use std::collections::VecDeque;
use std::net::UdpSocket;

/// A minute of packets.
const KEPT: usize = 6 * 40 * 60;

#[derive(Debug, Clone, Copy)]
struct Packet {
    crane: u8,
    number: u32,
    wind: f32,
}

fn parse(bytes: &[u8]) -> Option<Packet> {
    let (crane, rest) = bytes.split_first()?;
    let number = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
    let wind = f32::from_be_bytes(rest.get(4..8)?.try_into().ok()?);
    Some(Packet { crane: *crane, number, wind })
}

fn main() -> std::io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:5005")?;
    let mut kept: VecDeque<Packet> = VecDeque::with_capacity(KEPT);
    let mut last = [0; 256];
    let mut buffer = [0; 64];
    loop {
        let (length, _) = socket.recv_from(&mut buffer)?;
        let Some(packet) = parse(&buffer[..length]) else { continue };
        let lost = packet.number.saturating_sub(last[packet.crane as usize] + 1);
        last[packet.crane as usize] = packet.number;
        if lost > 0 || packet.wind > 20.0 {
            println!("crane {} lost {lost} packets, wind {:.1} m/s", packet.crane, packet.wind);
        }
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(packet);
    }
}
