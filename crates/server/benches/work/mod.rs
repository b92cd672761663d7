//! The hub with subscribers, for the bench that times it and the one that counts its instructions.

use std::hint::black_box;
use std::num::NonZeroU32;

use pushbench_protocol::{Cursor, SlowPolicy, Timestamp, TopicName};
use pushbench_server::hub::{Format, Hub, HubSettings, SubscriberPlace, TopicId};
use pushbench_server::log::Message;

/// A hub with one topic, and where its subscribers stand.
pub(crate) struct Subscribed {
    hub: Hub,
    topic: TopicId,
    places: Vec<SubscriberPlace>,
}

impl Subscribed {
    /// So many subscribers by WebSocket, each at the end of the log.
    pub(crate) fn new(subscribers: usize) -> Self {
        let log = NonZeroU32::new(4_096).expect("not zero");
        let mut hub = Hub::new(HubSettings {
            epoch: 1,
            log,
            log_bytes: u64::MAX,
            total_log_bytes: u64::MAX,
            queue: log,
            slow_subscriber: SlowPolicy::DropOldest,
            conflate: None,
            topics: NonZeroU32::MIN,
        });
        let topic = hub.topic(&TopicName::numbered(0)).expect("one topic fits");
        let places = (0..subscribers).map(|_| hub.subscribe(topic, Cursor::NOW, Format::Frame));
        let places = places.collect();
        Self { hub, topic, places }
    }

    /// A message is published, and each subscriber is given it.
    pub(crate) fn fan_out(&mut self) {
        let message = Message::new(black_box(b"AAAAAAAAAAAAAAAA and an update")).expect("ASCII");
        self.hub.publish(self.topic, message);
        for place in &mut self.places {
            black_box(self.hub.next(place, Timestamp::default()));
        }
    }
}
