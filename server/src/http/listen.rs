//! Accepts connections, and gives none of them for ever: `axum::serve` has no limit on how slowly a head may arrive, nor
//! on how many connections are open at once.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

/// A head arrives within this time of the connection, or of the answer before, or the connection is closed.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(20);

/// More connections wait in the system's queue.
const MOST_CONNECTIONS: usize = 4096;

/// After an error of `accept`, such as too many open files, which only time mends.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stopping` turns true, and then until every request that had begun is answered.
pub async fn serve(listener: TcpListener, app: Router, mut stopping: watch::Receiver<bool>, head_timeout: Duration) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(head_timeout);
    // An error of either means that the other side is gone, which is the end too.
    while let Some((stream, peer, place)) = tokio::select! {
        _ = stopping.wait_for(|stopping| *stopping) => None,
        accepted = accept(&listener, &places) => accepted,
    } {
        let app = app.clone();
        let service = service_fn(move |request| answer(app.clone(), peer, request));
        let connection = graceful.watch(protocol.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

type Place = tokio::sync::OwnedSemaphorePermit;

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, Place)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Without it small answers wait for the acknowledgement of the one before; it is only about speed.
                let _ = stream.set_nodelay(true);
                return Some((stream, peer, place));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn answer(app: Router, peer: SocketAddr, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    app.oneshot(request).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn serving(head_timeout: Duration) -> (SocketAddr, watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let slow = get(|| async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "whole"
        });
        let app = Router::new().route("/slow", slow);
        (address, stop, tokio::spawn(serve(listener, app, stopping, head_timeout)))
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_closes_the_connection() {
        let (address, _stop, _serving) = serving(Duration::from_millis(100)).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nx-slow: ").await.unwrap();
        let mut answer = Vec::new();
        tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn what_had_begun_is_answered_before_the_end() {
        let (address, stop, serving) = serving(HEAD_TIMEOUT).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.send(true).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("whole"), "{answer}");
        tokio::time::timeout(Duration::from_secs(5), serving).await.unwrap().unwrap();
        assert_eq!(idle.read(&mut [0; 1]).await.unwrap_or(0), 0);
    }
}
