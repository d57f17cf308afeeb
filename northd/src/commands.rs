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
const THREADS_MAX: u32 = 256;

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
            let text = arguments.first().map_or("", String::as_str);
            match text.parse::<u32>() {
                Ok(n) if (1..=THREADS_MAX).contains(&n) => {
                    turn.service.n_threads = threads(text);
                    Ok(String::new())
                }
                _ => Err(format!("invalid n_threads: {text}\n")),
            }
        },
    );
}

/// A number of threads, made fit as the C program does: what does not begin with a number is none, and too few.
pub fn threads(text: &str) -> u32 {
    let n = leading_number(text);
    let fit = n.clamp(1, i64::from(THREADS_MAX)) as u32;
    if i64::from(fit) != n {
        OvnNorthd::warn(&format!(
            "Setting n_threads to {fit} as --n-threads option was set to : [{text}]"
        ));
    }
    if fit != 1 {
        OvnNorthd::inform(&format!("Using {fit} threads"));
    }
    fit
}

fn leading_number(text: &str) -> i64 {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let too_long = if end > 0 { i64::MAX } else { 0 };
    sign * digits[..end].parse().unwrap_or(too_long)
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
    fn threads_are_made_fit() {
        let check = |text: &str, n: u32| assert_eq!(threads(text), n, "{text:?}");
        check("1", 1);
        check(" 4", 4);
        check("+4x", 4);
        check("256", 256);
        check("257", 256);
        check("99999999999999999999", 256);
        check("0", 1);
        check("-3", 1);
        check("x", 1);
        check("", 1);
    }
}
