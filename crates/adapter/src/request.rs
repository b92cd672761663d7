//! An HTTP request as an adapter writes it, and as it is sent.

use crate::template::Template;
use crate::values::{FillError, Values};

/// A request whose parts have holes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct RequestTemplate {
    pub(crate) method: String,
    pub(crate) url: Template,
    pub(crate) headers: Vec<(String, Template)>,
    pub(crate) body: Option<Template>,
}

/// A request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// Its method, as in `POST`.
    pub method: String,
    /// A path below the server's URL, or a whole URL.
    pub url: String,
    /// Its headers but for those that carry it (`Host`, lengths, the upgrade), in their order.
    pub headers: Vec<(String, String)>,
    /// Its body; `None` where it has none.
    pub body: Option<Vec<u8>>,
}

impl RequestTemplate {
    /// The request. A header whose value is empty is left out, so that a place that is not known yet
    /// is not sent.
    pub(crate) fn fill(&self, values: &mut Values) -> Result<Request, FillError> {
        let no_break = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 128..);
        let in_url = |byte: &u8| matches!(byte, b'!'..=b'~');
        let url = values.fill(&self.url)?;
        let url = fit(url, "the URL", in_url, "visible ASCII without spaces", values)?;
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            let what = format!("the header {name}");
            let value = values.fill(value)?;
            let value = fit(value, &what, no_break, "text without line breaks", values)?;
            if !value.is_empty() {
                headers.push((name.clone(), value));
            }
        }
        let body = self.body.as_ref().map(|body| values.fill(body)).transpose()?;
        Ok(Request { method: self.method.clone(), url, headers, body })
    }
}

fn fit(
    value: Vec<u8>,
    what: &str,
    may_have: impl Fn(&u8) -> bool,
    expected: &'static str,
    values: &Values,
) -> Result<String, FillError> {
    match String::from_utf8(value) {
        Ok(text) if text.bytes().all(|byte| may_have(&byte)) => Ok(text),
        other => {
            let bytes =
                other.map_or_else(std::string::FromUtf8Error::into_bytes, String::into_bytes);
            let found = values.hide(&bytes).chars().take(100).collect();
            Err(FillError::Unfit { what: what.to_owned(), found, expected })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_make_another_request_of_it() {
        let template = |text: &str| Template::parse(text).expect("a template");
        let request = RequestTemplate {
            method: "POST".to_owned(),
            url: template("/pub/${channel}"),
            headers: vec![("If-None-Match".to_owned(), template("${etag}"))],
            body: Some(template("${channel}")),
        };
        let fill = |channel: &str, etag: &str| {
            let mut values = Values::default();
            values.set("channel", channel);
            values.set("etag", etag);
            request.fill(&mut values)
        };
        let filled = fill("c1", "").expect("it fits");
        assert_eq!((filled.url.as_str(), filled.headers.len()), ("/pub/c1", 0));
        assert_eq!(fill("c1", "7").expect("it fits").headers[0].1, "7");
        for (channel, etag) in
            [("c 1", "7"), ("c1\r\nHost: x", "7"), ("é", ""), ("c1", "7\r\nA: b")]
        {
            let refused = fill(channel, etag).expect_err("it does not fit");
            assert!(matches!(refused, FillError::Unfit { .. }), "{refused}");
        }
    }
}
