//! The lab in a real browser: headless Chromium, driven through chromedriver.
//!
//! Each test has a lab and a browser of its own. Nothing sleeps: everything is waited for, with a
//! bound that only a program that hangs meets. `walk` follows the guided walk, `panels` the sliders
//! and the books, `socket` the WebSocket's panel, `killed` a server that dies, `secure` TLS, `texts`
//! languages and labels, `units` the page's pure modules, `served` a server without the lab, over
//! HTTP/2.

mod browser;
mod killed;
mod panels;
mod secure;
mod served;
mod socket;
mod texts;
mod units;
mod walk;
