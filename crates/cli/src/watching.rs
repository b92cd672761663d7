//! Everybody who watches a run: the terminal, a program that reads lines of JSON, a page, Prometheus.

use std::cell::RefCell;
use std::io::{Write as _, stderr};
use std::ops::ControlFlow;
use std::rc::Rc;

use pushbench_live::{Event, Events, LiveServer};
use pushbench_load::Progress;
use pushbench_runner::{Observer, TrialNote};
use pushbench_scenario::Scenario;
use pushbench_store::{DisturbedV1, RunV2, TrialV2};

use crate::arguments::{ProgressForm, RunOptions};
use crate::progress::Show;
use crate::say::say;
use crate::signals::Stop;
use crate::tui::Tui;

/// Where events go.
struct Listeners {
    as_lines: bool,
    servers: Vec<LiveServer>,
    tui: Rc<RefCell<Option<Tui>>>,
}

impl Listeners {
    fn take(&self, event: &Event) {
        for server in &self.servers {
            server.take(event);
        }
        if let Some(tui) = &*self.tui.borrow() {
            tui.take(event);
        }
        if self.as_lines {
            let line = serde_json::to_string(event).expect("plain values with names for keys");
            // Best effort, as every line of progress.
            let _ = writeln!(stderr().lock(), "{}", pushbench_report::printable_json(&line));
        }
    }
}

/// Shows a run to all of them. The terminal's signals end it.
pub(crate) struct Watching {
    show: Option<Show>,
    stop: Stop,
    /// The view, which has the terminal while it is shown.
    tui: Rc<RefCell<Option<Tui>>>,
    events: Events<Box<dyn FnMut(Event)>>,
}

impl Watching {
    /// Begins to listen where that was asked for, and says where.
    ///
    /// # Errors
    ///
    /// If an address cannot be listened on, or the terminal not be taken.
    pub(crate) fn begin(
        options: &RunOptions,
        stop: Stop,
        run: &RunV2,
        scenario: &Scenario,
    ) -> anyhow::Result<Self> {
        let mut servers = Vec::new();
        for (address, what, path) in
            [(options.live, "the run, live", ""), (options.prometheus, "metrics", "metrics")]
        {
            if let Some(address) = address {
                let server = LiveServer::start(address)?;
                say(format_args!("pushbench: {what}: http://{}/{path}", server.address()));
                servers.push(server);
            }
        }
        let is_quiet = options.quiet || options.progress != ProgressForm::Auto;
        let tui = options.tui.then(|| Tui::begin(coming(scenario))).transpose()?;
        let tui = Rc::new(RefCell::new(tui));
        let as_lines = options.progress == ProgressForm::Json;
        let listeners = Listeners { as_lines, servers, tui: Rc::clone(&tui) };
        let mut events = Events::new(
            Box::new(move |event: Event| listeners.take(&event)) as Box<dyn FnMut(Event)>
        );
        events.tell(Event::RunBegins {
            scenario: run.scenario.name.clone(),
            question: run.scenario.question.clone(),
            run: run.id.clone(),
        });
        Ok(Self { show: Some(Show::new(stop.clone(), is_quiet)), stop, tui, events })
    }

    /// No trial will be played any more: the terminal is free.
    pub(crate) fn all_played(&mut self) {
        self.tui.replace(None);
        self.show = None;
    }

    /// Tells how the run has ended.
    pub(crate) fn end(mut self, exit_code: u8, folder: Option<String>) {
        self.events.tell(Event::RunEnds { exit_code, folder });
    }

    fn both(&mut self, tell: impl Fn(&mut dyn Observer) -> ControlFlow<()>) -> ControlFlow<()> {
        let _ = tell(&mut self.events);
        if self.tui.borrow().as_ref().is_some_and(Tui::is_shown) {
            return self.stop.flow();
        }
        self.show.as_mut().map_or(ControlFlow::Continue(()), |show| tell(show))
    }
}

/// The trials that are planned, in their order; a search plans none before the last is over.
fn coming(scenario: &Scenario) -> Vec<String> {
    if scenario.find.is_some() {
        return Vec::new();
    }
    let plans = scenario.trials().into_iter();
    let plans = plans.map(|plan| {
        let cell = plan.cell.map(|cell| {
            let settings = scenario.cells[cell].settings.iter();
            let settings = settings.map(|(name, value)| format!("{name} {value}"));
            format!(" ({})", settings.collect::<Vec<_>>().join(", "))
        });
        let transport = &scenario.transports[plan.transport].label;
        format!("{transport}{} round {}", cell.unwrap_or_default(), plan.round + 1)
    });
    plans.collect()
}

impl Observer for Watching {
    fn trial_begins(&mut self, note: TrialNote<'_>) {
        let _ = self.both(|observer| {
            observer.trial_begins(note);
            ControlFlow::Continue(())
        });
    }

    fn progress(&mut self, note: TrialNote<'_>, progress: Progress) -> ControlFlow<()> {
        self.both(|observer| observer.progress(note, progress))
    }

    fn floor(&mut self, note: TrialNote<'_>) -> ControlFlow<()> {
        self.both(|observer| observer.floor(note))
    }

    fn trial_disturbed(&mut self, note: TrialNote<'_>, disturbed: &DisturbedV1) {
        let _ = self.both(|observer| {
            observer.trial_disturbed(note, disturbed);
            ControlFlow::Continue(())
        });
    }

    fn trial_ends(&mut self, note: TrialNote<'_>, trial: &TrialV2) {
        let _ = self.both(|observer| {
            observer.trial_ends(note, trial);
            ControlFlow::Continue(())
        });
    }
}
