//! Many hosts.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::endpoint::Endpoint;
use crate::error::SshError;
use crate::host::{Host, through};

/// Handshakes at once, unless told otherwise.
pub const DEFAULT_HANDSHAKES: usize = 64;

/// Connections by endpoint: made when first asked for, kept, made again when lost. Clones share them.
///
/// A bastion is one connection, however many hosts are behind it.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
}

struct Inner {
    handshakes: Semaphore,
    slots: Mutex<HashMap<Endpoint, Arc<Slot>>>,
}

#[derive(Default)]
struct Slot {
    /// Held while connecting, so that two who ask at once share one connection.
    host: tokio::sync::Mutex<Option<Host>>,
    round_trips: Arc<AtomicU64>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.inner.slots.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Pool").field("endpoints", &known).finish_non_exhaustive()
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self::new(DEFAULT_HANDSHAKES)
    }
}

impl Pool {
    /// An empty pool that makes at most so many handshakes at once.
    pub fn new(handshakes: usize) -> Self {
        Self { inner: Arc::new(Inner { handshakes: Semaphore::new(handshakes.max(1)), slots: Mutex::default() }) }
    }

    /// The endpoint's connection, made now if there is none or if it was lost.
    ///
    /// # Errors
    /// As [`Host::connect`].
    pub async fn get(&self, endpoint: &Endpoint) -> Result<Host, SshError> {
        let slot = self.slot(endpoint);
        let mut held = slot.host.lock().await;
        if let Some(host) = held.as_ref().filter(|h| !h.is_lost()) {
            return Ok(host.clone());
        }
        *held = None;
        // Before our own permit: else the hosts behind a bastion could hold every permit it needs.
        let via = match &endpoint.bastion {
            Some(bastion) => Some(Box::pin(self.get(bastion)).await.map_err(|e| through(endpoint, e))?),
            None => None,
        };
        let permit = self.inner.handshakes.acquire().await;
        let host = Host::establish(endpoint, via, Arc::clone(&slot.round_trips)).await?;
        drop(permit);
        *held = Some(host.clone());
        Ok(host)
    }

    /// Connects to all of them at once; the results are in the order of the endpoints.
    pub async fn connect_all(&self, endpoints: &[Endpoint]) -> Vec<Result<Host, SshError>> {
        let tasks: Vec<_> = endpoints
            .iter()
            .map(|endpoint| {
                let (pool, endpoint) = (self.clone(), endpoint.clone());
                tokio::spawn(async move { pool.get(&endpoint).await })
            })
            .collect();
        let mut results = Vec::with_capacity(tasks.len());
        for (task, endpoint) in tasks.into_iter().zip(endpoints) {
            results.push(task.await.unwrap_or_else(|error| {
                Err(SshError::ConnectionLost {
                    host: endpoint.name.clone(),
                    what: "connecting".into(),
                    reason: error.to_string(),
                })
            }));
        }
        results
    }

    /// Commands, scripts and uploads sent to an endpoint so far, over all its connections.
    pub fn round_trips(&self, endpoint: &Endpoint) -> u64 {
        self.slot(endpoint).round_trips.load(Ordering::Relaxed)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        let slots: Vec<_> =
            self.inner.slots.lock().unwrap_or_else(PoisonError::into_inner).drain().map(|(_, slot)| slot).collect();
        for slot in slots {
            if let Some(host) = slot.host.lock().await.take() {
                host.close().await;
            }
        }
    }

    fn slot(&self, endpoint: &Endpoint) -> Arc<Slot> {
        let mut slots = self.inner.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(endpoint) {
            return Arc::clone(slot);
        }
        Arc::clone(slots.entry(endpoint.clone()).or_default())
    }
}
