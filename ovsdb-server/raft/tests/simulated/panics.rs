//! Panics of tasks, which their runtimes would keep to themselves.

use std::cell::Cell;
use std::sync::Once;

thread_local! {
    static PANICKED: Cell<bool> = const { Cell::new(false) };
}

/// From now on panics are noticed.
pub fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICKED.set(true);
            tell(panic);
        }));
    });
}

/// Whether something has panicked on this thread since this was asked last.
pub fn take() -> bool {
    PANICKED.take()
}
