//! The table, as Markdown.

use crate::measure::{Metric, Requirement};

/// One line: a figure of both servers.
pub struct Line {
    /// The work it is of.
    pub work: &'static str,
    /// What it is.
    pub metric: Metric,
    /// C's median.
    pub c: Option<f64>,
    /// Our median.
    pub ours: Option<f64>,
    /// What a reader must know.
    pub note: String,
}

/// The whole text.
pub fn render(lines: &[Line], head: &[String]) -> String {
    let mut text =
        String::from("# Both servers, side by side\n\nWritten by `cargo run -p ferrovn-bench`.\n\n");
    for line in head {
        text.push_str(&format!("- {line}\n"));
    }
    text.push_str("\n| work | figure | C | ours | ours / C | required | |\n|---|---|--:|--:|--:|---|---|\n");
    for Line {
        work,
        metric,
        c,
        ours,
        note,
    } in lines
    {
        let ratio = c
            .zip(*ours)
            .map_or("–".to_owned(), |(c, ours)| format!("{:.2}", ours / c));
        let required = match metric.requirement {
            Requirement::RatioAtLeast(least) => format!("≥ {least:.2}×"),
            Requirement::RatioAtMost(most) => format!("≤ {most:.2}×"),
            Requirement::OursAtMost(most) => format!("≤ {most} {}", metric.unit),
            Requirement::Report => String::new(),
        };
        let verdict = match metric.verdict(*c, *ours) {
            Some(true) => "pass",
            Some(false) => "**miss**",
            None => "",
        };
        let [c, ours] = [c, ours].map(|value| value.map_or("–".to_owned(), number));
        let remarks = [verdict, note.as_str()]
            .iter()
            .filter(|part| !part.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join("; ");
        text.push_str(&format!(
            "| {work} | {}, {} | {c} | {ours} | {ratio} | {required} | {remarks} |\n",
            metric.name, metric.unit
        ));
    }
    text
}

/// Three digits that matter.
fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_both_figures_and_the_verdict() {
        let metric = Metric::new("time", "s", Requirement::RatioAtMost(0.25));
        let render = |c, ours, note: &str| {
            let text = render(
                &[Line {
                    work: "dump-50",
                    metric,
                    c,
                    ours,
                    note: note.to_owned(),
                }],
                &[],
            );
            text.lines().last().unwrap_or_default().to_owned()
        };
        assert_eq!(
            render(Some(16.0), Some(2.0), ""),
            "| dump-50 | time, s | 16.0 | 2.00 | 0.12 | ≤ 0.25× | pass |"
        );
        assert_eq!(
            render(Some(16.0), Some(8.0), "bound hit"),
            "| dump-50 | time, s | 16.0 | 8.00 | 0.50 | ≤ 0.25× | **miss**; bound hit |"
        );
        assert_eq!(
            render(Some(160.0), None, ""),
            "| dump-50 | time, s | 160 | – | – | ≤ 0.25× |  |"
        );
    }
}
