//! Figures of two programs, beside one another.

/// A figure.
pub struct Figure {
    /// Of what, and in what it is counted.
    pub name: String,
    /// How much.
    pub value: f64,
}

/// The smallest figure that at least `share` of all are not above.
pub fn percentile(mut figures: Vec<f64>, share: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    let rank = (share * figures.len() as f64).ceil() as usize;
    figures.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// A table, as Markdown; who did not run has no figures.
pub fn table(c: Option<&[Figure]>, ours: Option<&[Figure]>) -> String {
    let mut text = "| figure | C | ours | ours / C |\n|---|--:|--:|--:|\n".to_owned();
    for Figure { name, .. } in c.or(ours).unwrap_or_default() {
        let of = |figures: Option<&[Figure]>| {
            let found = figures?.iter().find(|figure| figure.name == *name);
            found.map(|figure| figure.value)
        };
        let (c, ours) = (of(c), of(ours));
        let ratio = c.zip(ours).map(|(c, ours)| ours / c);
        let [c, ours] = [c, ours].map(|value| value.map_or("–".to_owned(), |v| format!("{v:.2}")));
        let ratio = ratio.map_or("–".to_owned(), |ratio| match ratio < 0.1 {
            true => format!("{ratio:.5}"),
            false => format!("{ratio:.2}"),
        });
        text.push_str(&format!("| {name} | {c} | {ours} | {ratio} |\n"));
    }
    text
}

/// How busy the machine was of late.
pub fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().unwrap_or("unknown").to_owned()
}
