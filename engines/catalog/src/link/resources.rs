//! Databases, queues and caches that run beside components: only those that a component's configuration names.

use std::collections::HashMap;

use model::Evidence;

use super::parts::Parts;
use super::workloads::Runs;
use super::world::World;
use crate::draft::Call;
use crate::manifest::ci::without_tag;

/// Images of well-known stores, and what kind of resource they are.
const STORES: [(&str, &str); 26] = [
    ("postgres", "database"),
    ("postgresql", "database"),
    ("postgis", "database"),
    ("timescaledb", "database"),
    ("mysql", "database"),
    ("mariadb", "database"),
    ("mongo", "database"),
    ("mongodb", "database"),
    ("cassandra", "database"),
    ("cockroach", "database"),
    ("clickhouse-server", "database"),
    ("influxdb", "database"),
    ("neo4j", "database"),
    ("redis", "cache"),
    ("valkey", "cache"),
    ("memcached", "cache"),
    ("kafka", "message-broker"),
    ("cp-kafka", "message-broker"),
    ("redpanda", "message-broker"),
    ("rabbitmq", "message-broker"),
    ("nats", "message-broker"),
    ("activemq", "message-broker"),
    ("elasticsearch", "search"),
    ("opensearch", "search"),
    ("minio", "object-storage"),
    ("vault", "secret-store"),
];

/// A store that runs beside components.
pub(super) struct Store {
    pub repository: usize,
    /// Of the workload.
    pub name: String,
    pub resource_type: &'static str,
    pub evidence: Evidence,
    /// The parts that name its host, and where.
    pub users: Vec<(usize, Call)>,
}

/// Two signs each: it is run, and a component of the same repository calls it by its name.
pub(super) fn stores(world: &World, parts: &Parts, runs: &Runs) -> Vec<Store> {
    let mut stores = Vec::new();
    let mut by_host: HashMap<(usize, String), usize> = HashMap::new();
    for (repository, draft) in world.drafts() {
        for (at, workload) in draft.workloads.iter().enumerate() {
            let image = workload.image.as_deref().map(without_tag).and_then(|image| image.rsplit('/').next());
            let Some((_, resource_type)) = STORES.iter().find(|(name, _)| Some(*name) == image) else { continue };
            if runs.module.contains_key(&(repository, at)) {
                continue;
            }
            by_host.entry((repository, workload.name.to_lowercase())).or_insert_with(|| {
                let evidence = Evidence { rule: "resource.store".to_owned(), ..workload.evidence.clone() };
                let evidence = world.stamp(&evidence, repository, Some(repository));
                stores.push(Store {
                    repository,
                    name: workload.name.clone(),
                    resource_type,
                    evidence,
                    users: Vec::new(),
                });
                stores.len() - 1
            });
        }
    }
    for (part, called) in parts.parts.iter().enumerate() {
        for (holder, call) in &called.calls {
            if let Some(&store) = by_host.get(&(*holder, call.host.clone())) {
                stores[store].users.push((part, call.clone()));
            }
        }
    }
    stores.retain(|store| !store.users.is_empty());
    stores
}
