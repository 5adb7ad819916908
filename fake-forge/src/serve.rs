//! The socket, with TLS or without, and the faults that concern the connection.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Extract};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use axum::serve::Listener;
use bytes::Bytes;
use futures::StreamExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::control;
use crate::fault::{self, Fault};
use crate::git::{self, Smart};
use crate::routes::{self, Asked};
use crate::{Certificates, State, oauth, registration};

type Shared = Arc<Mutex<State>>;

const LARGEST_BODY: usize = 8 * 1024 * 1024;

pub(crate) async fn start(
    state: Shared,
    port: u16,
    certificates: Option<&Certificates>,
) -> std::io::Result<(String, JoinHandle<()>)> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    let router = Router::new().fallback(answer).with_state(state);
    let tls = certificates.map(Certificates::server).transpose().map_err(std::io::Error::other)?;
    let origin = format!("{}://{address}", if tls.is_some() { "https" } else { "http" });
    let server = tokio::spawn(async move {
        let served = match tls {
            Some(tls) => axum::serve(Tls { listener, acceptor: Arc::new(tls).into() }, router).await,
            None => axum::serve(listener, router).await,
        };
        drop(served);
    });
    Ok((origin, server))
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            // A client that does not trust us hangs up here.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

async fn answer(Extract(state): Extract<Shared>, request: Request) -> Result<Response, Infallible> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.unwrap_or_default();
    if let Some(request) = smart(&state, &parts, &body) {
        let answered = tokio::task::spawn_blocking(move || git::smart(&request)).await;
        return Ok(answered
            .ok()
            .and_then(Result::ok)
            .map_or_else(|| of(500, &[], Vec::new()), |(status, headers, body)| of(status, &headers, body)));
    }
    let asked = Asked::new(&parts, body.clone());
    if let Some(what) = asked.path_and_query.strip_prefix("/_fake/") {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        return Ok(control::answer(&mut state, what, &body));
    }
    if registration::is_page(&asked.path) {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        return Ok(registration::page(&mut state, &asked, &body));
    }
    if oauth::is_page(&asked.path) {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        return Ok(oauth::page(&mut state, &asked, &body));
    }
    let (fault, response) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = fault::take(&mut state.faults, &format!("{} {}", asked.method, asked.path_and_query));
        let response = routes::answer(&mut state, &asked, fault.as_ref());
        (fault, response)
    };
    Ok(match fault {
        Some(Fault::Silence { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            response
        }
        Some(Fault::SlowBody { milliseconds }) => dribble(response, Duration::from_millis(milliseconds)).await,
        Some(Fault::Reset) => cut(response).await,
        _ => response,
    })
}

/// A request for a real repository, as `git` sends it: `/owner/name.git/info/refs`.
fn smart(state: &Shared, parts: &Parts, body: &Bytes) -> Option<Smart> {
    let (name, path) = parts.uri.path().split_once(".git/")?;
    let (owner, name) = name.trim_start_matches('/').split_once('/')?;
    let state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let found = state.repositories.values().find(|found| found.owner == owner && found.name == name)?;
    let header =
        |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    Some(Smart {
        bare: found.git.clone()?,
        path: format!("/{path}"),
        method: parts.method.to_string(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: ["content-type", "content-encoding", "git-protocol"].map(header),
        body: body.to_vec(),
    })
}

fn of(status: u16, headers: &[(String, String)], body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    for (name, value) in headers.iter().filter(|(name, _)| name != "Status") {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn dribble(response: Response, pause: Duration) -> Response {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let slow = futures::stream::iter(bytes).then(move |byte| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, Infallible>(Bytes::from(vec![byte]))
    });
    Response::from_parts(parts, Body::from_stream(slow))
}

/// Half of the body, and then an error, upon which the connection is closed.
async fn cut(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = bytes.slice(..bytes.len() / 2);
    let broken = futures::stream::iter([Ok(half), Err(std::io::Error::other("cut off"))]);
    Response::from_parts(parts, Body::from_stream(broken))
}
