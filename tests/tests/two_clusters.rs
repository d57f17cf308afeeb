//! Two clusters of databases of one name never become one, whatever addresses and files get mixed up: who is meant for
//! another cluster, another database or another server is refused and told why, and nothing changes.

use ferrovn_tests::member::*;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::server::Kind;

/// Waits until a member's status and log say by whom it is refused, and why.
fn wait_for_refusal(scratch: &Scratch, name: &str, at: &str, why: &str) {
    let told = format!("Refused by {at}: {why}");
    wait(&format!("\"{told}\" in the status of {name}"), || {
        status(scratch, name).contains(&told).then_some(())
    });
    let log = std::fs::read_to_string(scratch.host(&format!("{name}.log"))).expect("it logs");
    assert!(log.contains(&format!("{at}: {why}")), "{log}");
}

#[test]
fn who_joins_the_wrong_one_is_told_and_taken_in_by_neither() {
    let scratch = folder("wrong-one");
    let [a] = found(&scratch, ["a"]);
    insert(&a, &scratch, "a");
    let [b] = found(&scratch, ["b"]);
    insert(&b, &scratch, "b");
    let (at_a, at_b) = (address_of(&scratch, "a"), address_of(&scratch, "b"));
    let cid = said(Kind::Ours, &scratch, &["db-cid", "a"]);
    let other = said(Kind::Ours, &scratch, &["db-cid", "b"]);
    assert_ne!(cid, other);
    // Meant for the first, pointed at the second.
    let own = address();
    let of_a = format!("--cid={cid}");
    said(
        Kind::Ours,
        &scratch,
        &[&of_a, "join-cluster", "x", "D", &own, &at_b],
    );
    let x = start(Kind::Ours, &scratch, "x", &[]);
    let (meant, found) = (&cid[..4], &other[..4]);
    let why = format!(
        "wrong cluster: {meant} was meant, this is a member of {found}; remove the stale address or member"
    );
    wait_for_refusal(&scratch, "x", &at_b, &why);
    x.stop();
    // Meant for a database that is not served there.
    let own = address();
    said(Kind::Ours, &scratch, &["join-cluster", "y", "Y", &own, &at_a]);
    let y = start(Kind::Ours, &scratch, "y", &[]);
    let why = "database D is served here, not Y: mend the address";
    wait("it to be told", || {
        let seen = control(&scratch, "y", &["cluster/status", "Y"]).expect("it is joining");
        seen.contains(&format!("Refused by {at_a}: {why}")).then_some(())
    });
    y.stop();
    for (server, name, rows) in [(&a, "a", "a"), (&b, "b", "b")] {
        assert_eq!(names(server, &scratch), rows);
        let seen = status(&scratch, name);
        let members = seen.split("Servers:").nth(1).unwrap_or_default();
        assert_eq!(members.trim().lines().count(), 1, "{seen}");
    }
    assert_eq!(said(Kind::Ours, &scratch, &["db-cid", "x"]), cid);
    assert_eq!(
        run(Kind::Ours, &scratch, &["db-cid", "y"]).0,
        2,
        "it knows no cluster yet"
    );
}

#[test]
fn an_address_that_went_to_another_cluster_is_no_way_into_it() {
    let scratch = folder("address");
    let [one, two] = found(&scratch, ["a1", "a2"]);
    insert(&one, &scratch, "a");
    wait("both to have it", || (names(&two, &scratch) == "a").then_some(()));
    let [b] = found(&scratch, ["b1"]);
    insert(&b, &scratch, "b");
    let taken = address_of(&scratch, "a2");
    two.stop();
    make_joining(&scratch, "b2", &taken, &["b1"]);
    let intruder = serve(Kind::Ours, &scratch, "b2");
    wait_for_membership(&scratch, "b2");
    wait_for_refusal(&scratch, "a1", &taken, "wrong cluster: ");
    insert(&b, &scratch, "c");
    wait("its own to reach it", || {
        (names(&intruder, &scratch) == "bc").then_some(())
    });
    // The first cluster has lost its majority, and nothing else.
    assert_eq!(exported(&scratch, "a1"), "a");
    let sid = said(Kind::Ours, &scratch, &["db-sid", "b2"]);
    control(&scratch, "b1", &["cluster/kick", "D", &sid]).expect("both agree");
    wait("it to be gone", || {
        (!status(&scratch, "b1").contains(&sid[..4])).then_some(())
    });
    intruder.stop();
    let two = serve(Kind::Ours, &scratch, "a2");
    insert(&two, &scratch, "d");
    wait("both to have it", || {
        (names(&one, &scratch) == "ad").then_some(())
    });
    wait("it to be forgotten", || {
        (!status(&scratch, "a1").contains("Refused by")).then_some(())
    });
    insert(&b, &scratch, "e");
    assert_eq!(names(&b, &scratch), "bce");
}
