//! Runs one state machine from many threads without a thread of its own on the fast path.
//!
//! In: events, from any thread. Out: calls of one function, one event at a time, in the order of arrival.
//! Never here: what an event means.
//!
//! Whoever posts an event to an idle actor runs it at once, on its own thread: a request costs no wake-up of
//! another thread, which is most of what a small transaction would cost. Whoever posts while another thread is
//! running leaves the event behind for that thread. A runner that has done its share hands the rest to the actor's
//! own thread, as does one that meets an event called heavy: connections keep answering echo requests meanwhile.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use parking_lot::{Condvar, Mutex};

/// Events one poster runs for others before it hands over to the actor's own thread.
const SHARE: usize = 64;

/// What an actor runs.
pub trait Machine: Send + 'static {
    /// What happens to it.
    type Event: Send + 'static;

    /// Takes one event. Must not block for long when [`Machine::is_heavy`] is false.
    fn handle(&mut self, event: Self::Event);

    /// Whether an event may take so long that only the actor's own thread should run it.
    fn is_heavy(event: &Self::Event) -> bool;
}

struct Queue<E> {
    events: VecDeque<E>,
    /// Some thread runs, or has been asked to.
    running: bool,
    /// The actor's own thread has been asked to run.
    handed_over: bool,
    stopped: bool,
}

struct Shared<M: Machine> {
    queue: Mutex<Queue<M::Event>>,
    handover: Condvar,
    machine: Mutex<M>,
}

/// A handle on a running machine. Cloning shares it.
pub struct Actor<M: Machine>(Arc<Shared<M>>);

impl<M: Machine> Clone for Actor<M> {
    fn clone(&self) -> Self {
        Actor(self.0.clone())
    }
}

/// A handle that does not keep the machine alive.
pub struct WeakActor<M: Machine>(Weak<Shared<M>>);

impl<M: Machine> WeakActor<M> {
    /// The machine, while it lives.
    pub fn upgrade(&self) -> Option<Actor<M>> {
        self.0.upgrade().map(Actor)
    }
}

impl<M: Machine> Actor<M> {
    /// A handle that does not keep the machine alive.
    pub fn downgrade(&self) -> WeakActor<M> {
        WeakActor(Arc::downgrade(&self.0))
    }

    /// Starts a machine and its thread, which ends at [`Actor::stop`].
    pub fn start(name: &str, machine: M) -> std::io::Result<Actor<M>> {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue {
                events: VecDeque::new(),
                running: false,
                handed_over: false,
                stopped: false,
            }),
            handover: Condvar::new(),
            machine: Mutex::new(machine),
        });
        let actor = Actor(shared);
        let own = actor.clone();
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || own.run_handed_over())?;
        Ok(actor)
    }

    /// Posts an event; perhaps runs it, and others, before it returns.
    pub fn post(&self, event: M::Event) {
        let heavy = M::is_heavy(&event);
        let mut queue = self.0.queue.lock();
        queue.events.push_back(event);
        if queue.running {
            return;
        }
        queue.running = true;
        if heavy {
            self.hand_over(&mut queue);
            return;
        }
        drop(queue);
        self.run(SHARE);
    }

    /// Runs events until none is left, the share is spent, or a heavy one is next.
    fn run(&self, share: usize) {
        let own_thread = share == usize::MAX;
        let mut machine = self.0.machine.lock();
        for _ in 0..share {
            let event = {
                let mut queue = self.0.queue.lock();
                match queue.events.front() {
                    None => {
                        queue.running = false;
                        return;
                    }
                    Some(event) if !own_thread && M::is_heavy(event) => {
                        self.hand_over(&mut queue);
                        return;
                    }
                    Some(_) => queue.events.pop_front(),
                }
            };
            if let Some(event) = event {
                machine.handle(event);
            }
        }
        self.hand_over(&mut self.0.queue.lock());
    }

    fn hand_over(&self, queue: &mut Queue<M::Event>) {
        queue.handed_over = true;
        self.0.handover.notify_one();
    }

    fn run_handed_over(&self) {
        loop {
            let mut queue = self.0.queue.lock();
            while !queue.handed_over && !queue.stopped {
                self.0.handover.wait(&mut queue);
            }
            if queue.stopped {
                return;
            }
            queue.handed_over = false;
            drop(queue);
            self.run(usize::MAX);
        }
    }

    /// Ends the actor's thread; events left behind are dropped.
    pub fn stop(&self) {
        self.0.queue.lock().stopped = true;
        self.0.handover.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    struct Log(mpsc::Sender<u32>);

    impl Machine for Log {
        type Event = u32;
        fn handle(&mut self, event: u32) {
            self.0.send(event).expect("the test listens");
        }
        fn is_heavy(event: &u32) -> bool {
            event.is_multiple_of(7)
        }
    }

    #[test]
    fn every_event_runs_once_and_in_order_of_its_poster() {
        let (tx, rx) = mpsc::channel();
        let actor = Actor::start("log", Log(tx)).expect("a thread");
        let threads: Vec<_> = (0..4u32)
            .map(|t| {
                let actor = actor.clone();
                std::thread::spawn(move || (0..1000).for_each(|i| actor.post(t * 1000 + i)))
            })
            .collect();
        for thread in threads {
            thread.join().expect("posting does not panic");
        }
        let mut seen: Vec<Vec<u32>> = vec![Vec::new(); 4];
        for event in rx.iter().take(4000) {
            seen[(event / 1000) as usize].push(event);
        }
        for (t, events) in seen.iter().enumerate() {
            let expected: Vec<u32> = (0..1000).map(|i| t as u32 * 1000 + i).collect();
            assert_eq!(*events, expected);
        }
        actor.stop();
    }
}
