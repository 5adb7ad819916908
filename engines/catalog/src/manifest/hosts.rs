//! Hosts in the values of configuration.

/// Ends of keys whose value is a host, even if nothing about the value says so.
const HOST_KEYS: [&str; 8] = ["_host", "_hostname", "_addr", "_address", "_endpoint", "_server", "_url", "_uri"];

/// Names that every machine gives itself.
const OWN: [&str; 6] = ["localhost", "127.0.0.1", "0.0.0.0", "::1", "host.docker.internal", "host"];

/// The hosts that a value names, lower-cased: of addresses with a scheme, of `host:port`, and of a bare name where the
/// key ends as keys of hosts do. At most ten.
pub fn hosts(key: &str, value: &str) -> Vec<String> {
    let mut found = Vec::new();
    if value.len() > 2_000 {
        return found;
    }
    for part in value.split([',', ' ', ';', '"', '\'']).filter(|part| !part.is_empty()).take(50) {
        if let Some(host) = host(key, part).filter(|host| !found.contains(host) && found.len() < 10) {
            found.push(host);
        }
    }
    found
}

fn host(key: &str, part: &str) -> Option<String> {
    let (scheme, rest) = part.split_once("://").map_or((None, part), |(scheme, rest)| (Some(scheme), rest));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let (name, port) = authority.split_once(':').map_or((authority, None), |(name, port)| (name, Some(port)));
    let name = name.to_lowercase();
    let has_port =
        port.is_some_and(|port| (2..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()));
    let key = key.to_lowercase().replace(['-', '.'], "_");
    let is_host = scheme.is_some_and(|scheme| !scheme.contains("file") && !scheme.contains("unix"))
        || has_port && part.len() == authority.len()
        || is_cluster_host(&name)
        || part == authority && port.is_none() && HOST_KEYS.iter().any(|end| key.ends_with(end) || key == end[1..]);
    (is_host && is_name(&name) && !OWN.contains(&name.as_str())).then_some(name)
}

fn is_cluster_host(name: &str) -> bool {
    name.ends_with(".svc.cluster.local") || name.ends_with(".svc")
}

fn is_name(name: &str) -> bool {
    name.len() <= 253
        && name.starts_with(|character: char| character.is_ascii_lowercase())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_'))
        && !name.ends_with(['.', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_from_other_values() {
        let table: [(&str, &str, &[&str]); 12] = [
            ("DATABASE_URL", "postgres://user:secret@db:5432/x", &["db"]),
            ("CART_ADDR", "cartservice:7070", &["cartservice"]),
            ("X", "http://ledger.payments.svc.cluster.local/api", &["ledger.payments.svc.cluster.local"]),
            ("X", "ledger.payments.svc", &["ledger.payments.svc"]),
            ("LEDGER_HOST", "ledger", &["ledger"]),
            ("KAFKA_BROKERS", "kafka-0:9092,kafka-1:9092", &["kafka-0", "kafka-1"]),
            ("LOG_LEVEL", "info", &[]),
            ("IMAGE", "python:3.12", &[]),
            ("TIME", "12:30", &[]),
            ("X", "http://localhost:80", &[]),
            ("X", "http://${HOST}/", &[]),
            ("X", "file:///etc/passwd", &[]),
        ];
        for (key, value, expected) in table {
            assert_eq!(hosts(key, value), expected, "{key}={value}");
        }
    }
}
