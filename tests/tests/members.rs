//! Files of members, beside the folders of their servers: what `ovsdb-tool` makes of them while they are served and
//! after, what comes from files of the C programs, and what the C programs make of ours.

use ferrovn_tests::member::*;
use ferrovn_tests::server::Kind;

#[test]
fn members_are_read_while_they_are_served_and_after() {
    let scratch = folder("member");
    let [server] = found(&scratch, ["db"]);
    insert(&server, &scratch, "a");
    insert(&server, &scratch, "b");
    wait_until_settled(&scratch, "db");
    let check = |expected: &str| {
        assert_eq!(exported(&scratch, "db"), expected);
        assert_eq!(said(Kind::Ours, &scratch, &["check-cluster", "db"]), "");
        let shown = said(Kind::Ours, &scratch, &["-mm", "show-log", "db"]);
        for name in expected.chars() {
            assert!(shown.contains(&format!("name={name}")), "{name} in\n{shown}");
        }
    };
    check("ab");
    control(&scratch, "db", &["ovsdb-server/compact", "D"]).expect("it is ours");
    insert(&server, &scratch, "c");
    check("abc");
    let last = index(&server, &scratch);
    let refusal = refused(Kind::Ours, &scratch, &["force-new-cluster", "db"]);
    assert!(refusal.contains("failed to lock lockfile"), "{refusal}");
    server.stop();
    let before = files(&scratch.host(".db.raft"));
    check("abc");
    assert_eq!(files(&scratch.host(".db.raft")), before, "reading writes nothing");

    // What the file is, by either program.
    for command in ["db-name", "db-sid", "db-cid", "db-local-address"] {
        let args = [command, "db"];
        assert_eq!(said(Kind::C, &scratch, &args), said(Kind::Ours, &scratch, &args));
    }
    assert_eq!(run(Kind::C, &scratch, &["db-is-clustered", "db"]).0, 0);
    assert_eq!(run(Kind::C, &scratch, &["db-is-standalone", "db"]).0, 2);
    for args in [
        &["query", "db", SELECT][..],
        &["transact", "db", SELECT],
        &["db-version", "db"],
        &["compact", "db"],
    ] {
        assert_eq!(
            refused(Kind::C, &scratch, args),
            refused(Kind::Ours, &scratch, args)
        );
    }

    // Another cluster of it goes on where it was.
    let [next] = found_of(&scratch, "db", ["next"]);
    check_ahead(&next, &scratch, "abc", last);
    assert_eq!(exported(&scratch, "next"), "abc");
    next.stop();
    assert_ne!(
        said(Kind::Ours, &scratch, &["db-cid", "next"]),
        said(Kind::Ours, &scratch, &["db-cid", "db"])
    );
    // The same contents, but not the same cluster.
    let refusal = refused(Kind::Ours, &scratch, &["check-cluster", "db", "next"]);
    assert!(refusal.contains("has cluster ID"), "{refusal}");

    let again = serve(Kind::Ours, &scratch, "db");
    check_ahead(&again, &scratch, "abc", last - 1);
    again.stop();
}

#[test]
fn clusters_come_from_the_c_program_and_go_to_it() {
    let scratch = folder("from-c");
    said(Kind::C, &scratch, &["create-cluster", "db", "schema", &address()]);
    let identity = |kind| {
        ["db-name", "db-sid", "db-cid", "db-local-address"]
            .map(|command| said(kind, &scratch, &[command, "db"]))
    };
    let before = identity(Kind::C);
    let c = serve(Kind::C, &scratch, "db");
    for name in ["a", "b", "c"] {
        insert(&c, &scratch, name);
    }
    let last = index(&c, &scratch);
    c.stop();
    std::fs::copy(scratch.host("db"), scratch.host("kept")).expect("it is readable");

    // A new cluster of the old one's file, by the tool.
    let [new] = found_of(&scratch, "kept", ["new"]);
    check_ahead(&new, &scratch, "abc", last);
    let refusal = refused(Kind::Ours, &scratch, &["check-cluster", "new", "kept"]);
    assert!(refusal.contains("has cluster ID"), "{refusal}");
    new.stop();

    // The same file, served by us.
    let own = serve(Kind::Ours, &scratch, "db");
    check_ahead(&own, &scratch, "abc", last);
    insert(&own, &scratch, "d");
    wait_until_settled(&scratch, "db");
    assert_eq!(identity(Kind::C), before);
    assert_eq!(identity(Kind::Ours), before);
    let refusal = refused(Kind::Ours, &scratch, &["check-cluster", "db", "kept"]);
    assert!(refusal.contains("Duplicate server ID"), "{refusal}");
    assert_eq!(exported(&scratch, "db"), "abcd");
    let last = index(&own, &scratch);
    own.stop();

    // Back: a standalone database of the C program, and a cluster of it.
    assert_eq!(exported(&scratch, "db"), "abcd");
    let standalone = start(Kind::C, &scratch, "out", &[]);
    assert_eq!(names(&standalone, &scratch), "abcd");
    standalone.stop();
    let [rebuilt] = found_of(&scratch, "out", ["rebuilt"]);
    check_ahead(&rebuilt, &scratch, "abcd", last);
    rebuilt.stop();
    said(Kind::C, &scratch, &["create-cluster", "back", "out", &address()]);
    let back = serve(Kind::C, &scratch, "back");
    assert_eq!(names(&back, &scratch), "abcd");
    back.stop();
}

#[test]
fn one_member_goes_on_alone() {
    let scratch = folder("alone");
    let [one, two] = found(&scratch, ["s1", "s2"]);
    let first = address_of(&scratch, "s1");
    insert(&two, &scratch, "a");
    assert_eq!(said(Kind::Ours, &scratch, &["check-cluster", "s1", "s2"]), "");
    let cid = said(Kind::Ours, &scratch, &["db-cid", "s1"]);
    assert_eq!(said(Kind::Ours, &scratch, &["db-cid", "s2"]), cid);
    wait("both have it", || (names(&one, &scratch) == "a").then_some(()));
    let last = index(&two, &scratch);
    one.stop();
    two.stop();
    assert_eq!(said(Kind::Ours, &scratch, &["check-cluster", "s1", "s2"]), "");

    let told = said(Kind::Ours, &scratch, &["force-new-cluster", "s2"]);
    for part in [
        "is the only member of \"D\" now",
        &format!("(was {cid})"),
        &format!(" at {first}"),
    ] {
        assert!(told.contains(part), "{part} in\n{told}");
    }
    assert_ne!(said(Kind::Ours, &scratch, &["db-cid", "s2"]), cid);
    let alone = serve(Kind::Ours, &scratch, "s2");
    check_ahead(&alone, &scratch, "a", last);
    insert(&alone, &scratch, "b");
    // Whoever comes back is no member, and is told so; whoever joins is.
    let back = start(Kind::Ours, &scratch, "s1", &[]);
    let three = join(&scratch, "s3", &["s2"]);
    insert(&three, &scratch, "c");
    wait("both have it", || {
        (names(&alone, &scratch) == "abc").then_some(())
    });
    wait("the one that comes back to be told", || {
        status(&scratch, "s1").contains("wrong cluster").then_some(())
    });
    back.stop();
    three.stop();
    alone.stop();
    assert_eq!(said(Kind::Ours, &scratch, &["check-cluster", "s2", "s3"]), "");
    assert_eq!(exported(&scratch, "s1"), "a");
    let refusal = refused(Kind::Ours, &scratch, &["check-cluster", "s1", "s2"]);
    assert!(refusal.contains("has cluster ID"), "{refusal}");
}

/// Whoever left goes on in another cluster only.
#[test]
fn a_member_that_left_does_not_go_on_alone() {
    let scratch = folder("left");
    let [one, two] = found(&scratch, ["s1", "s2"]);
    insert(&one, &scratch, "a");
    wait("both have it", || (names(&two, &scratch) == "a").then_some(()));
    let last = index(&two, &scratch);
    control(&scratch, "s2", &["cluster/leave", "D"]).expect("both agree");
    wait("it to be gone", || {
        let left = control(&scratch, "s2", &["cluster/status", "D"]);
        left.is_err_and(|error| error.contains("unknown cluster"))
            .then_some(())
    });
    two.stop();
    let before = (
        files(&scratch.host(".s2.raft")),
        std::fs::read(scratch.host("s2")).expect("it is there"),
    );
    let file = scratch.host("s2").display().to_string();
    let refusal = refused(Kind::Ours, &scratch, &["force-new-cluster", &file]);
    let told = format!(
        "{file}: its server was taken out of its cluster; \"ovsdb-tool create-cluster NEW {file} ADDRESS\" makes \
         another cluster of what it holds"
    );
    assert!(refusal.contains(&told), "{refusal}");
    let left = refused_server(&scratch, "s2");
    assert!(
        left.contains("use \"ovsdb-tool join-cluster\" to add a new server"),
        "{left}"
    );
    let now = (
        files(&scratch.host(".s2.raft")),
        std::fs::read(scratch.host("s2")).expect("it is there"),
    );
    assert_eq!(now, before);
    // What was said to be done helps.
    let [new] = found_of(&scratch, "s2", ["new"]);
    check_ahead(&new, &scratch, "a", last);
    let refusal = refused(Kind::Ours, &scratch, &["check-cluster", "s1", "new"]);
    assert!(refusal.contains("has cluster ID"), "{refusal}");
    insert(&one, &scratch, "b");
}

#[test]
fn leftover_folders_are_put_aside() {
    let scratch = folder("leftover");
    let [one] = found(&scratch, ["s1"]);
    let first = address_of(&scratch, "s1");
    insert(&one, &scratch, "a");
    let [two] = found(&scratch, ["s2"]);
    let second = address_of(&scratch, "s2");
    insert(&two, &scratch, "b");
    two.stop();
    let left = files(&scratch.host(".s2.raft"));
    // As scripts do: the file alone is removed.
    std::fs::remove_file(scratch.host("s2")).expect("it is there");
    let (_, said_of_none) = run(Kind::Ours, &scratch, &["db-sid", "s2"]);
    assert!(said_of_none.contains("No such file"), "{said_of_none}");
    said(
        Kind::Ours,
        &scratch,
        &["join-cluster", "s2", "D", &second, &first],
    );
    assert_eq!(files(&scratch.host(".s2.raft.orphan-1")), left);
    assert!(!scratch.host(".s2.raft").exists());
    let joined = serve(Kind::Ours, &scratch, "s2");
    assert_eq!(names(&joined, &scratch), "a");
    wait_for_membership(&scratch, "s2");
    joined.stop();
    one.stop();
    // A file whose folder was lost is not served, and is told so.
    std::fs::rename(scratch.host(".s2.raft"), scratch.host("elsewhere")).expect("it is there");
    for args in [
        &["check-cluster", "s2"][..],
        &["cluster-to-standalone", "out", "s2"],
        &["show-log", "s2"],
    ] {
        let refusal = refused(Kind::Ours, &scratch, args);
        assert!(refusal.contains("inconsistent data"), "{args:?}: {refusal}");
    }
}
