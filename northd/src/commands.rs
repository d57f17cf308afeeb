//! Control commands of its own (ovn-northd(8) "Runtime Management Commands").

use std::time::Duration;

use northd_core::databases::Databases;
use northd_core::model::features::Features;
use northd_core::{Northd, Side};
use ovn_schemas::rows::ovn_northbound::NbGlobal;
use ovn_schemas::rows::ovn_southbound::Chassis;
use ovn_service::{Desk, Service};
use ovsdb_data::typed::Table;

use crate::OvnNorthd;

/// The most threads that may be asked for.
const THREADS_MAX: i32 = 256;

/// Registers them.
pub fn register(desk: &Desk<OvnNorthd>) {
    desk.register("inc-engine/show-stats", "", 0, 2, |turn, arguments| {
        Ok(turn.service.engine.show(arguments))
    });
    desk.obey("inc-engine/clear-stats", |turn| turn.service.engine.clear());
    desk.register("inc-engine/compute-log-timeout", "", 1, 1, |turn, arguments| {
        let ms = arguments.first().and_then(|text| text.parse::<u32>().ok());
        let ms = ms.ok_or("unsigned integer required")?;
        turn.log_timeout = Duration::from_millis(ms.into());
        Ok(String::new())
    });
    desk.tell("debug/chassis-features-list", |turn| {
        features(turn.machine.databases())
    });
    desk.tell("parallel-build/get-n-threads", |turn| {
        format!("{}\n", turn.service.n_threads)
    });
    desk.register(
        "parallel-build/set-n-threads",
        "N_THREADS",
        1,
        1,
        |turn, arguments| {
            let n = atoi(arguments.first().map_or("", String::as_str));
            if !(1..=THREADS_MAX).contains(&n) {
                return Err(format!("invalid n_threads: {n}\n"));
            }
            turn.service.n_threads = n;
            Ok(String::new())
        },
    );
}

/// The number of threads that `--n-threads` asks for, made fit as the C program does.
pub fn threads(text: &str) -> i32 {
    // The C program takes an unsigned long for an int: of what does not fit the lower half stays.
    let n = strtoul(text) as i32;
    let fit = n.clamp(1, THREADS_MAX);
    if fit != n {
        OvnNorthd::warn(&format!(
            "Setting n_threads to {fit} as --n-threads option was set to : [{text}]"
        ));
    }
    if fit != 1 {
        OvnNorthd::inform(&format!("Using {fit} threads"));
    }
    fit
}

/// strtoul(3): what is below zero counts back from the end, what is too long is the most.
fn strtoul(text: &str) -> u64 {
    match leading_number(text) {
        (_, None) => u64::MAX,
        (true, Some(n)) => n.wrapping_neg(),
        (false, Some(n)) => n,
    }
}

/// atoi(3): what is too long is the most or the least that a long takes, and of that the lower half.
fn atoi(text: &str) -> i32 {
    let (is_below, n) = leading_number(text);
    let n = n.and_then(|n| i64::try_from(n).ok());
    let long = match is_below {
        true => n.map_or(i64::MIN, |n| -n),
        false => n.unwrap_or(i64::MAX),
    };
    long as i32
}

/// The number that a text begins with, without its sign: whether that is `-`, and none where the number is too long.
/// A text that begins with no number is zero.
fn leading_number(text: &str) -> (bool, Option<u64>) {
    let text = text.trim_start();
    let is_below = text.starts_with('-');
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    match &digits[..end] {
        "" => (is_below, Some(0)),
        digits => (is_below, digits.parse().ok()),
    }
}

/// The one feature that the C program lists: whether all chassis of this zone say when MAC bindings were used.
fn features(databases: &Databases) -> String {
    let chassis = databases.rows(Side::Sb, Chassis::TABLE_INDEX).map(Chassis::of);
    let options = databases.only().map(NbGlobal::options);
    let is_ignored = options.and_then(|options| options.get("ignore_chassis_features")) == Some("true");
    let features = Features::of(chassis, is_ignored);
    format!("mac_binding_timestamp: {}\n", features.mac_binding_timestamp)
}

/// A number among the options of the northbound database.
pub fn option(northd: &Northd, key: &str) -> Option<i64> {
    let global: NbGlobal<'_> = northd.databases().only()?;
    global.options().get(key)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_the_c_program_reads_them() {
        // What was seen of ovn-northd 25.03.0: `--n-threads`, and what `set-n-threads` makes of it.
        let check = |text: &str, option: i32, command: i32| {
            assert_eq!((threads(text), atoi(text)), (option, command), "{text:?}");
        };
        check("1", 1, 1);
        check(" 4", 4, 4);
        check("+4x", 4, 4);
        check("256", 256, 256);
        check("257", 256, 257);
        check("0", 1, 0);
        check("-3", 1, -3);
        check("x", 1, 0);
        check("", 1, 0);
        check("4294967298", 2, 2);
        check("-4294967292", 4, 4);
        check("99999999999", 256, 1_215_752_191);
        check("99999999999999999999", 1, -1);
        check("-99999999999999999999", 1, 0);
        check("-18446744073709551612", 4, 0);
    }
}
