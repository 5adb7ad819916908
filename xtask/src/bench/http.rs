//! The little of HTTP/1.1 that measuring needs: one kept-open connection, nothing compressed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

pub struct Connection {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
    /// Headers of each request, each with its line end.
    says: String,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self {
            address,
            stream: BufReader::with_capacity(256 * 1024, stream),
            body: Vec::new(),
            says: String::new(),
        })
    }

    /// With these headers in each request, each with its line end.
    pub fn saying(self, headers: &str) -> Self {
        Self { says: headers.to_owned(), ..self }
    }

    /// The text of a path that answers 200.
    pub fn text(&mut self, path: &str) -> Result<String> {
        match self.ask("GET", path, "", &[])? {
            200 => Ok(String::from_utf8_lossy(&self.body).into_owned()),
            status => bail!("{path} answered {status}"),
        }
    }

    /// Status and length of the body.
    pub fn get(&mut self, path: &str) -> Result<(u16, usize)> {
        let status = self.ask("GET", path, "", &[])?;
        Ok((status, self.body.len()))
    }

    /// The JSON of a path that answers 200.
    pub fn json(&mut self, path: &str) -> Result<Value> {
        match self.ask("GET", path, "", &[])? {
            200 => serde_json::from_slice(&self.body).with_context(|| format!("{path} is no JSON")),
            status => bail!("{path} answered {status}: {}", String::from_utf8_lossy(&self.body)),
        }
    }

    /// The JSON of an answer to a POST without a body.
    pub fn post(&mut self, path: &str) -> Result<Value> {
        self.tell(path, &[])
    }

    /// The JSON of an answer to a POST.
    pub fn tell(&mut self, path: &str, body: &[u8]) -> Result<Value> {
        self.send(path, &[], body)?;
        serde_json::from_slice(&self.body).with_context(|| format!("{path} is no JSON"))
    }

    /// The JSON of an answer to a POST of JSON.
    pub fn tell_json(&mut self, path: &str, body: &Value) -> Result<Value> {
        self.send(path, &[("Content-Type", "application/json")], body.to_string().as_bytes())?;
        serde_json::from_slice(&self.body).with_context(|| format!("{path} is no JSON"))
    }

    /// A POST that is taken, whatever is answered.
    pub fn send(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<()> {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let status = self.ask("POST", path, &format!("{headers}Content-Length: {}\r\n", body.len()), body)?;
        if !(200..300).contains(&status) {
            bail!("POST {path} answered {status}: {}", String::from_utf8_lossy(&self.body));
        }
        Ok(())
    }

    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<u16> {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{}{headers}\r\n", self.address, self.says).into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request)?;
        let mut line = String::new();
        self.line(&mut line)?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .with_context(|| format!("no status: {line:?}"))?;
        let (mut length, mut chunked) = (0, false);
        loop {
            self.line(&mut line)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.trim().eq_ignore_ascii_case("chunked");
            }
        }
        self.body.clear();
        if chunked {
            self.chunks()?;
        } else {
            self.exactly(length)?;
        }
        Ok(status)
    }

    fn chunks(&mut self) -> Result<()> {
        let mut line = String::new();
        loop {
            self.line(&mut line)?;
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)?;
            self.exactly(size)?;
            self.line(&mut line)?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    fn exactly(&mut self, length: usize) -> Result<()> {
        let start = self.body.len();
        self.body.resize(start + length, 0);
        self.stream.read_exact(&mut self.body[start..])?;
        Ok(())
    }

    fn line(&mut self, line: &mut String) -> Result<()> {
        line.clear();
        if self.stream.read_line(line)? == 0 {
            bail!("the connection was closed");
        }
        line.truncate(line.trim_end().len());
        Ok(())
    }
}

/// How long each of `count` requests took, sorted.
pub fn latencies(address: SocketAddr, path: &str, count: usize) -> Result<Vec<Duration>> {
    latencies_with(address, path, "", count)
}

/// The same with headers, each with its line end.
pub fn latencies_with(address: SocketAddr, path: &str, headers: &str, count: usize) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(address)?.saying(headers);
    let mut took = Vec::with_capacity(count);
    // The first tenth warms up.
    for number in 0..count + count / 10 {
        let start = Instant::now();
        let (status, _) = connection.get(path)?;
        if status != 200 {
            bail!("{path} answered {status}");
        }
        if number >= count / 10 {
            took.push(start.elapsed());
        }
    }
    took.sort();
    Ok(took)
}

/// Answers per second over so many connections.
pub fn throughput(address: SocketAddr, path: &str, connections: usize, time: Duration) -> Result<f64> {
    let start = Instant::now();
    let workers: Vec<_> = (0..connections)
        .map(|_| {
            let path = path.to_owned();
            std::thread::spawn(move || -> Result<usize> {
                let mut connection = Connection::open(address)?;
                let mut answers = 0;
                while start.elapsed() < time {
                    if connection.get(&path)?.0 != 200 {
                        bail!("{path} did not answer 200");
                    }
                    answers += 1;
                }
                Ok(answers)
            })
        })
        .collect();
    let mut answers = 0;
    for worker in workers {
        answers += worker.join().map_err(|_| anyhow::anyhow!("a client failed"))??;
    }
    Ok(answers as f64 / start.elapsed().as_secs_f64())
}
