//! What stands around every page of ours.

use super::escape::text;
use crate::chart::ink::page_css;

const STYLE: &str = include_str!("style.css");

/// Nothing may be fetched, whatever a record holds.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// A page with this title, these styles besides those of every page, and this body.
pub(crate) fn shell(title: &str, style: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{}{STYLE}{style}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        text(title),
        page_css(),
    )
}
