//! tokio's watch channel, except that who waits is woken in the order in which it came: tokio leaves that to chance.

use std::sync::Arc;

use openraft::OptionalSend;
use openraft::async_runtime::watch;
use tokio::sync::Notify;
use tokio::sync::watch as tokio_watch;

/// See the module.
pub struct Watch;

/// The side that sets the value.
pub struct Sender<T> {
    // Goes before the other field.
    inner: tokio_watch::Sender<T>,
    changes: Arc<Changes>,
}

/// The side that looks at it.
pub struct Receiver<T> {
    inner: tokio_watch::Receiver<T>,
    changed: Arc<Notify>,
}

/// The senders' side of what receivers wait for. With the last sender they wait in vain.
struct Changes(Arc<Notify>);

impl Drop for Changes {
    fn drop(&mut self) {
        self.0.notify_waiters();
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender {
            inner: self.inner.clone(),
            changes: self.changes.clone(),
        }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Receiver {
            inner: self.inner.clone(),
            changed: self.changed.clone(),
        }
    }
}

impl watch::Watch for Watch {
    type Sender<T: OptionalSend + Sync> = Sender<T>;
    type Receiver<T: OptionalSend + Sync> = Receiver<T>;
    type Ref<'a, T: OptionalSend + 'a> = tokio_watch::Ref<'a, T>;

    fn channel<T: OptionalSend + Sync>(init: T) -> (Sender<T>, Receiver<T>) {
        let (sender, receiver) = tokio_watch::channel(init);
        let changed = Arc::new(Notify::new());
        (
            Sender {
                inner: sender,
                changes: Arc::new(Changes(changed.clone())),
            },
            Receiver {
                inner: receiver,
                changed,
            },
        )
    }
}

impl<T: OptionalSend + Sync> watch::WatchSender<Watch, T> for Sender<T> {
    fn send(&self, value: T) -> Result<(), watch::SendError<T>> {
        let sent = self.inner.send(value);
        self.changes.0.notify_waiters();
        sent.map_err(|unsent| watch::SendError(unsent.0))
    }

    fn send_if_modified<F: FnOnce(&mut T) -> bool>(&self, modify: F) -> bool {
        let is_modified = self.inner.send_if_modified(modify);
        if is_modified {
            self.changes.0.notify_waiters();
        }
        is_modified
    }

    fn borrow_watched(&self) -> tokio_watch::Ref<'_, T> {
        self.inner.borrow()
    }

    fn subscribe(&self) -> Receiver<T> {
        Receiver {
            inner: self.inner.subscribe(),
            changed: self.changes.0.clone(),
        }
    }
}

impl<T: OptionalSend + Sync> watch::WatchReceiver<Watch, T> for Receiver<T> {
    async fn changed(&mut self) -> Result<(), watch::RecvError> {
        loop {
            // It is told of what happens from here on.
            let changed = self.changed.notified();
            match self.inner.has_changed() {
                Ok(false) => changed.await,
                // These end at once.
                _ => return self.inner.changed().await.map_err(|_| watch::RecvError(())),
            }
        }
    }

    fn borrow_watched(&self) -> tokio_watch::Ref<'_, T> {
        self.inner.borrow()
    }

    fn borrow_and_update(&mut self) -> tokio_watch::Ref<'_, T> {
        self.inner.borrow_and_update()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use openraft::async_runtime::watch::{Watch as _, WatchReceiver as _, WatchSender as _};
    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test]
    async fn who_waits_is_woken_in_order() {
        let (sender, receiver) = Watch::channel(0);
        let (woken, mut order) = tokio::sync::mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        for i in 0..20 {
            let (mut receiver, woken) = (receiver.clone(), woken.clone());
            tasks.spawn(async move {
                while receiver.changed().await.is_ok() {
                    let value = *receiver.borrow_watched();
                    woken.send((value, i)).expect("it is read");
                }
            });
        }
        tokio::task::yield_now().await;
        for value in 1..4 {
            sender.send(value).expect("somebody waits");
            for i in 0..20 {
                assert_eq!(order.recv().await, Some((value, i)));
            }
        }
        let another = sender.clone();
        drop(sender);
        assert!(!another.send_if_modified(|_| false));
        drop(another);
        while let Some(ended) = tasks.join_next().await {
            ended.expect("without a sender it ends");
        }
        // What was not seen yet is seen, also after the end.
        let (sender, mut receiver) = Watch::channel(0);
        sender.send(1).expect("somebody is there");
        drop(sender);
        assert_eq!(receiver.changed().now_or_never(), Some(Ok(())));
        assert!(receiver.changed().now_or_never().is_some_and(|r| r.is_err()));
    }
}
