//! Containers and what happens to them.

mod containers;
mod events;
mod holds;

use axum::Router;
use axum::routing::get;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing::info!("starting");
    let store = events::Store::open(&std::env::var("DATABASE_URL")?).await?;
    let customs = holds::Customs::new(std::env::var("CUSTOMS_URL")?);
    let app = Router::new()
        .route("/containers/{number}", get(containers::show))
        .route("/containers/{number}/moves", get(containers::moves))
        .route("/arrivals", get(containers::arrivals))
        .route("/healthz", get(|| async { "ok" }))
        .with_state((store, customs));
    let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
