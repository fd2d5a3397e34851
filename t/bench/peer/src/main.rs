//! The peer of make bench: what a program in Rust makes of the same two
//! requests, with the same statements, on the same PostgreSQL and Redis.
//!
//!     peer PORT REDIS-SOCKET CONNINFO POINT.sql LIST.sql COUNT.sql
//!
//! Two threads, as nginx has two workers, each with a pipelined connection to
//! PostgreSQL and one to Redis.  The cookie's session is looked up in Redis by
//! its SHA-256; without one the answer is 401.  Columns become JSON by their
//! types.

use chrono::{NaiveDateTime, SecondsFormat, TimeZone, Utc};
use hyper::header::{HeaderValue, CACHE_CONTROL, CONTENT_TYPE, COOKIE};
use hyper::service::{make_service_fn, service_fn};
use hyper::{Body, Request, Response, Server, StatusCode};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, NoTls, Row, Statement};

const THREADS: usize = 2;

type Answer = oneshot::Sender<Option<Vec<u8>>>;

struct Lane {
    pg: Client,
    point: Statement,
    list: Statement,
    count: Statement,
    redis: mpsc::UnboundedSender<(String, Answer)>,
}

/// A value as PostgreSQL sends it, for the types that are JSON already.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Raw(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn value(out: &mut Vec<u8>, row: &Row, i: usize) {
    let column = row.columns()[i].type_();
    let raw = match row.get::<_, Option<Raw>>(i) {
        Some(Raw(raw)) => raw,
        None => return out.extend_from_slice(b"null"),
    };
    match *column {
        Type::BOOL => out.extend_from_slice(if raw[0] == 1 { b"true" } else { b"false" }),
        Type::INT2 => drop(write!(out, "{}", i16::from_be_bytes(raw.try_into().unwrap()))),
        Type::INT4 => drop(write!(out, "{}", i32::from_be_bytes(raw.try_into().unwrap()))),
        Type::INT8 => drop(write!(out, "{}", i64::from_be_bytes(raw.try_into().unwrap()))),
        Type::JSON => out.extend_from_slice(raw),
        Type::JSONB => out.extend_from_slice(&raw[1..]),
        Type::TIMESTAMPTZ => {
            // microseconds since 2000-01-01
            let us = i64::from_be_bytes(raw.try_into().unwrap());
            let at = NaiveDateTime::from_timestamp_opt(
                946_684_800 + us.div_euclid(1_000_000),
                us.rem_euclid(1_000_000) as u32 * 1000,
            );
            let text = Utc
                .from_utc_datetime(&at.unwrap())
                .to_rfc3339_opts(SecondsFormat::Micros, true);
            let _ = write!(out, "\"{}\"", text);
        }
        _ => serde_json::to_writer(out, &String::from_utf8_lossy(raw)).unwrap(),
    }
}

fn object(out: &mut Vec<u8>, row: &Row) {
    for (i, column) in row.columns().iter().enumerate() {
        out.push(if i == 0 { b'{' } else { b',' });
        serde_json::to_writer(&mut *out, column.name()).unwrap();
        out.push(b':');
        value(out, row, i);
    }
    out.push(b'}');
}

/// GETs of all requests of a thread on one connection, answered in order.
async fn redis(socket: &str) -> std::io::Result<mpsc::UnboundedSender<(String, Answer)>> {
    let (read, mut write) = UnixStream::connect(socket).await?.into_split();
    let (ask, mut asked) = mpsc::unbounded_channel::<(String, Answer)>();
    let (wait, mut waiting) = mpsc::unbounded_channel::<Answer>();

    tokio::spawn(async move {
        let mut out = Vec::new();
        while let Some(first) = asked.recv().await {
            let mut all = VecDeque::from([first]);
            while let Ok(next) = asked.try_recv() {
                all.push_back(next);
            }
            out.clear();
            for (key, answer) in all {
                let _ = write!(out, "*2\r\n$3\r\nGET\r\n${}\r\n{}\r\n", key.len(), key);
                let _ = wait.send(answer);
            }
            if write.write_all(&out).await.is_err() {
                return;
            }
        }
    });

    tokio::spawn(async move {
        let mut read = BufReader::new(read);
        let mut line = String::new();
        while let Some(answer) = waiting.recv().await {
            line.clear();
            if read.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let size: i64 = line.trim_start_matches('$').trim_end().parse().unwrap_or(-1);
            if size < 0 {
                let _ = answer.send(None);
                continue;
            }
            let mut data = vec![0; size as usize + 2];
            if read.read_exact(&mut data).await.is_err() {
                return;
            }
            data.truncate(size as usize);
            let _ = answer.send(Some(data));
        }
    });

    Ok(ask)
}

async fn session(lane: &Lane, request: &Request<Body>) -> Option<Vec<u8>> {
    let cookie = request.headers().get(COOKIE)?.to_str().ok()?;
    let secret = cookie
        .split("; ")
        .find_map(|c| c.strip_prefix("taifish_session="))?;
    let mut key = String::from("peer:");
    for byte in Sha256::digest(secret.as_bytes()) {
        let _ = write!(key, "{:02x}", byte);
    }
    let (answer, found) = oneshot::channel();
    lane.redis.send((key, answer)).ok()?;
    found.await.ok()?
}

async fn body(lane: &Lane, path: &str) -> Result<Option<Vec<u8>>, tokio_postgres::Error> {
    let mut out = Vec::with_capacity(4096);
    out.extend_from_slice(b"{\"success\":true,\"error\":false,\"data\":");
    let rest = path.strip_prefix("/api/v1/instances");

    if let Some(id) = rest.and_then(|r| r.strip_prefix('/')?.parse::<i64>().ok()) {
        match lane.pg.query_opt(&lane.point, &[&id]).await? {
            Some(row) => {
                out.extend_from_slice(b"{\"instance\":");
                object(&mut out, &row);
                out.push(b'}');
            }
            None => return Ok(None),
        }
    } else if rest == Some("") {
        // both leave together: the connection is pipelined
        let rows = lane.pg.query(&lane.list, &[]);
        let count = lane.pg.query_one(&lane.count, &[]);
        let (rows, count) = tokio::try_join!(rows, count)?;
        out.extend_from_slice(b"{\"items\":[");
        for (i, row) in rows.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            object(&mut out, row);
        }
        out.extend_from_slice(b"],\"total\":");
        value(&mut out, &count, 0);
        out.push(b'}');
    } else {
        return Ok(None);
    }
    out.extend_from_slice(b",\"message\":\"ok\"}");

    Ok(Some(out))
}

async fn serve(lane: Arc<Lane>, request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let (status, text) = match session(&lane, &request).await {
        None => (StatusCode::UNAUTHORIZED, b"{\"success\":false}".to_vec()),
        Some(_) => match body(&lane, request.uri().path()).await {
            Ok(Some(text)) => (StatusCode::OK, text),
            Ok(None) => (StatusCode::NOT_FOUND, b"{\"success\":false}".to_vec()),
            Err(e) => {
                eprintln!("{}", e);
                (StatusCode::INTERNAL_SERVER_ERROR, b"{\"success\":false}".to_vec())
            }
        },
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));

    Ok(response)
}

async fn lane(args: &[String]) -> Result<Lane, Box<dyn Error>> {
    let (pg, connection) = tokio_postgres::connect(&args[3], NoTls).await?;
    tokio::spawn(connection);
    // as nginx's fast lane, which plans a statement once
    pg.batch_execute("SET plan_cache_mode = force_generic_plan; SET jit = off").await?;

    let mut statements = Vec::new();
    for file in &args[4..7] {
        statements.push(pg.prepare(&std::fs::read_to_string(file)?).await?);
    }
    let count = statements.pop().unwrap();
    let list = statements.pop().unwrap();
    let point = statements.pop().unwrap();

    Ok(Lane { pg, point, list, count, redis: redis(&args[2]).await? })
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()?;

    runtime.block_on(async move {
        let mut lanes = Vec::new();
        for _ in 0..THREADS {
            lanes.push(Arc::new(lane(&args).await?));
        }
        let lanes = Arc::new(lanes);
        let next = Arc::new(AtomicUsize::new(0));
        let address = SocketAddr::from(([127, 0, 0, 1], args[1].parse()?));

        let make = make_service_fn(move |_| {
            let lane = lanes[next.fetch_add(1, Ordering::Relaxed) % THREADS].clone();
            async move {
                Ok::<_, Infallible>(service_fn(move |request| serve(lane.clone(), request)))
            }
        });
        Server::try_bind(&address)?.tcp_nodelay(true).serve(make).await?;
        Ok(())
    })
}
