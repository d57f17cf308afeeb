//! Control commands (ovn-northd(8), ovn-ic(8) "Runtime Management Commands").
//!
//! In: commands. Out: questions to the loop ([`Question`]), which answers between two of its turns.

use std::sync::Arc;

use ovn_incremental::graph::Count;
use ovn_incremental::{NodeId, Program, Side};
use ovsdb_daemon::unixctl::{Commands, Reply};
use ovsdb_data::Row;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::Service;
use crate::turn::Turn;

/// Something that is asked of the loop, or wished.
pub(crate) type Question<S> = Box<dyn FnOnce(&mut Turn<S>) + Send>;

/// Where commands are registered that the loop answers.
pub struct Desk<'a, S: Service> {
    commands: &'a Commands,
    questions: UnboundedSender<Question<S>>,
}

impl<S: Service> Desk<'_, S> {
    /// Adds a command. `usage` describes the arguments.
    pub fn register(
        &self,
        name: &str,
        usage: &str,
        min: usize,
        max: usize,
        answer: impl Fn(&mut Turn<S>, &[String]) -> Reply + Send + Sync + 'static,
    ) {
        let (answer, questions) = (Arc::new(answer), self.questions.clone());
        self.commands
            .register_deferred(name, usage, min, max, move |arguments| {
                let (sender, reply) = oneshot::channel();
                let answer = answer.clone();
                // Who asked may have gone; and where the loop has, the dropped sender says so.
                let question = move |turn: &mut Turn<S>| _ = sender.send(answer(turn, &arguments));
                let _ = questions.send(Box::new(question));
                reply
            });
    }

    /// Adds a command without arguments that always has an answer.
    pub fn tell(&self, name: &str, answer: impl Fn(&mut Turn<S>) -> String + Send + Sync + 'static) {
        self.register(name, "", 0, 0, move |turn, _| Ok(answer(turn)));
    }

    /// Adds a command without arguments whose answer is that it is done.
    pub fn obey(&self, name: &str, act: impl Fn(&mut Turn<S>) + Send + Sync + 'static) {
        self.tell(name, move |turn| {
            act(turn);
            String::new()
        });
    }
}

/// Registers every command but `exit`; returns what will be asked.
pub(crate) fn register<S: Service>(commands: &Commands) -> UnboundedReceiver<Question<S>> {
    let (questions, receiver) = unbounded_channel();
    let desk = Desk { commands, questions };
    desk.obey("pause", |turn| turn.pause(true));
    desk.obey("resume", |turn| turn.pause(false));
    desk.tell("is-paused", |turn| turn.is_paused().to_string());
    desk.tell("status", |turn| format!("Status: {}\n", turn.status()));
    for database in S::DATABASES {
        let (side, short) = (database.side, database.short);
        desk.tell(&format!("{short}-connection-status"), move |turn| {
            let is_connected = turn
                .follower(side)
                .is_some_and(|follower| follower.client.is_connected());
            match is_connected {
                true => "connected".to_owned(),
                false => "not connected".to_owned(),
            }
        });
        desk.obey(&format!("{short}-cluster-state-reset"), move |turn| {
            S::inform(&format!("Resetting {} database cluster state", in_words(side)));
            if let Some(follower) = turn.follower(side) {
                follower.client.forget_index();
            }
        });
    }
    desk.obey("inc-engine/recompute", Turn::recompute);
    desk.tell("derivations/show-counts", counts);
    desk.obey("derivations/clear-counts", |turn| {
        turn.counted = turn.machine.counts().collect();
    });
    desk.register("stopwatch/show", "[NAME]", 0, 1, |turn, arguments| {
        turn.stopwatches.show(arguments.first())
    });
    desk.register("stopwatch/reset", "[NAME]", 0, 1, |turn, arguments| {
        turn.stopwatches.reset(arguments.first());
        Ok(String::new())
    });
    desk.tell("memory/show", memory);
    desk.tell("coverage/show", |turn| turn.coverage.show());
    desk.register("coverage/read-counter", "COUNTER", 1, 1, |turn, arguments| {
        turn.coverage.read(arguments.first().map_or("", String::as_str))
    });
    S::register(&desk);
    receiver
}

fn in_words(side: Side) -> &'static str {
    match side {
        Side::Nb => "northbound",
        Side::Sb => "southbound",
        Side::IcNb => "interconnection northbound",
        Side::IcSb => "interconnection southbound",
    }
}

fn counts<S: Service>(turn: &mut Turn<S>) -> String {
    let line = |(node, count): (NodeId, Count)| {
        let (name, words) = S::Program::NODES[node.place()];
        let before = turn.counted.get(&node).copied().unwrap_or_default();
        let (made, equal) = (count.made - before.made, count.equal - before.equal);
        format!("{name:<28} made {made:>10}, {equal:>10} of them equal: {words}\n")
    };
    turn.machine.counts().map(line).collect()
}

/// How much there is of everything.
fn memory<S: Service>(turn: &mut Turn<S>) -> String {
    let atoms = |row: &Row| row.iter().map(|(_, value)| value.n_atoms()).sum::<usize>();
    let cells = S::DATABASES.iter().map(|database| {
        let rows = turn.machine.databases().all(database.side);
        let n: usize = rows.filter_map(|change| change.new.as_ref().map(atoms)).sum();
        format!("idl-cells-{}:{n}", database.side.db().name())
    });
    let cells: Vec<String> = cells.collect();
    format!("{}{}\n", S::memory(&turn.machine), cells.join(" "))
}
