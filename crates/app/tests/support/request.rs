//! Requests put together from parts, well-formed unless a part says otherwise.

/// A request; its bytes are made from the parts as they are, without a check.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    framed: bool,
}

impl Request {
    /// A request without a body.
    pub(crate) fn new(method: &str, target: impl Into<String>) -> Self {
        let headers = vec![("Host".to_owned(), b"127.0.0.1".to_vec())];
        Self { method: method.to_owned(), target: target.into(), headers, body: Vec::new(), framed: true }
    }

    /// A GET request.
    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    /// A POST request.
    pub(crate) fn post(target: impl Into<String>) -> Self {
        Self::new("POST", target)
    }

    /// With the key.
    pub(crate) fn key(self, key: &str) -> Self {
        self.header("x-api-key", key)
    }

    /// With a header more.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Without the headers of this name.
    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
        self
    }

    /// With a body and the length of it.
    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// With a body of JSON.
    pub(crate) fn json(self, body: impl AsRef<[u8]>) -> Self {
        self.header("Content-Type", "application/json").body(body)
    }

    /// Leaves out `Content-Length`: the test frames the body itself.
    pub(crate) fn unframed(mut self) -> Self {
        self.framed = false;
        self
    }

    /// With another target.
    pub(crate) fn target(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    /// With another method.
    pub(crate) fn method(mut self, method: &str) -> Self {
        self.method = method.to_owned();
        self
    }

    /// The head: everything before the body.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        let has_body = !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH");
        if self.framed && has_body {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// All of it in two parts: all but the last `held_back` bytes, and those.
    pub(crate) fn parted(&self, held_back: usize) -> (Vec<u8>, Vec<u8>) {
        let mut first = self.bytes();
        let last = first.split_off(first.len().saturating_sub(held_back));
        (first, last)
    }
}

/// One chunk of a chunked body.
pub(crate) fn chunk(data: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:x}\r\n", data.len()).into_bytes();
    bytes.extend_from_slice(data);
    bytes.extend_from_slice(b"\r\n");
    bytes
}
