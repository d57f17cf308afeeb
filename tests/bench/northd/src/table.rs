//! The table, as Markdown.

use crate::args::Args;
use crate::figures::Figure;

/// The whole text.
pub fn render(args: &Args, c: Option<&[Figure]>, ours: Option<&[Figure]>) -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown");
    let mut text = format!(
        "{:?}, scale {}, {} repeats, {:?} databases, unix sockets; load at the end {load}\n\n\
         | figure | C | ours | ours / C |\n|---|--:|--:|--:|\n",
        args.form, args.scale, args.repeats, args.databases
    );
    for Figure { name, .. } in c.or(ours).unwrap_or_default() {
        let of = |figures: Option<&[Figure]>| {
            let found = figures?.iter().find(|figure| figure.name == *name);
            found.map(|figure| figure.value)
        };
        let (c, ours) = (of(c), of(ours));
        let ratio = c.zip(ours).map(|(c, ours)| ours / c);
        let [c, ours, ratio] =
            [c, ours, ratio].map(|value| value.map_or("–".to_owned(), |v| format!("{v:.2}")));
        text.push_str(&format!("| {name} | {c} | {ours} | {ratio} |\n"));
    }
    text
}
