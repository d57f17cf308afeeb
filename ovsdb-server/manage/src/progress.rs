//! How far a transfer is, on stderr, for whoever looks at it.

use std::io::{self, IsTerminal, Write};

/// Of a transfer. Where stderr is a terminal, one line that is drawn anew with each megabyte; elsewhere nothing.
pub struct Progress {
    shows: bool,
    shown_mb: Option<u64>,
}

impl Default for Progress {
    fn default() -> Progress {
        Progress {
            shows: io::stderr().is_terminal(),
            shown_mb: None,
        }
    }
}

impl Progress {
    /// So many bytes have gone, of so many, if that is known.
    pub fn show(&mut self, so_far: u64, total: Option<u64>) {
        let mb = so_far / 1_000_000;
        if !self.shows || self.shown_mb == Some(mb) {
            return;
        }
        self.shown_mb = Some(mb);
        eprint!("\r{}", text(so_far, total));
        // Nothing depends on it.
        let _ = io::stderr().flush();
    }

    /// There is no more to come.
    pub fn end(&self) {
        if self.shown_mb.is_some() {
            eprintln!();
        }
    }
}

fn text(so_far: u64, total: Option<u64>) -> String {
    let mb = so_far / 1_000_000;
    match total {
        Some(total) => {
            let percent = (so_far * 100).checked_div(total).unwrap_or(100);
            format!("{mb} of {} MB, {percent} %", total / 1_000_000)
        }
        None => format!("{mb} MB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_in_megabytes() {
        assert_eq!(text(2_600_000, Some(5_200_000)), "2 of 5 MB, 50 %");
        assert_eq!(text(0, Some(0)), "0 of 0 MB, 100 %");
        assert_eq!(text(2_600_000, None), "2 MB");
    }
}
