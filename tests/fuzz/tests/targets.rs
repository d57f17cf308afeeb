//! Each target over its corpus and mutations of it.

use ferrovn_fuzz::harness::check;
use ferrovn_fuzz::targets::ALL;

macro_rules! targets {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            check(ALL.iter().find(|target| target.name == stringify!($name)).expect("a target of that name"));
        })*

        #[test]
        fn every_target_and_every_corpus_is_run() {
            let mut run = vec![$(stringify!($name)),*];
            let mut targets: Vec<&str> = ALL.iter().map(|target| target.name).collect();
            run.sort_unstable();
            targets.sort_unstable();
            assert_eq!(run, targets);
            let entries = std::fs::read_dir(ferrovn_fuzz::harness::folder()).expect("the corpus is there");
            let mut corpora: Vec<String> =
                entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect();
            corpora.sort_unstable();
            assert_eq!(corpora, targets);
        }
    };
}

targets!(
    framing, message, client, schema, operations, condition, monitor, transact, log, standalone, clustered,
    image, entries, member, control, peer
);
