//! Members that reach one another over TLS: who has no certificate of their authority, or trusts another one, is
//! refused, which both sides say, and the cluster goes on; with the right certificate it takes part.

use std::io::{Read, Write};
use std::net::TcpStream;

use ferrovn_tests::member::*;
use ferrovn_tests::peers::Scratch;
use ferrovn_tests::pki::{Authority, identity};
use ferrovn_tests::server::{Kind, Server};

/// Starts the server of a member that is `who` and trusts `ca`.
fn start_as(scratch: &Scratch, name: &str, who: &str, ca: &str) -> Server {
    let options = identity(Kind::Ours, scratch, who, ca);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    start(Kind::Ours, scratch, name, &options)
}

fn ssl_address() -> String {
    address().replace("tcp:", "ssl:")
}

/// Waits until a member's status and log say that it is refused, and what to do.
fn wait_for_refusal(server: &Server, scratch: &Scratch, name: &str, at: &str, what: &str) {
    let told = format!("{at}: no greeting of a member: ");
    let remedy = "mend the address, or for \"ssl:\" the certificate or the authority on either side";
    wait(&format!("{name} ({what}) to say that it is refused"), || {
        let status = status(scratch, name);
        let line = status
            .lines()
            .find(|line| line.contains(&format!("Refused by {told}")))?;
        line.ends_with(remedy).then_some(())
    });
    let log = server.log(scratch);
    assert!(
        log.lines()
            .any(|line| line.contains(&told) && line.contains(remedy)),
        "{what}: {log}"
    );
}

#[test]
fn only_members_with_certificates_of_their_authority_take_part() {
    let scratch = folder("member-tls");
    let ours = Authority::new(&scratch, "ours");
    for name in ["a", "b", "c"] {
        ours.sign(&scratch, name);
    }
    Authority::new(&scratch, "theirs").sign(&scratch, "stranger");
    let at = ssl_address();
    said(Kind::Ours, &scratch, &["create-cluster", "s1", "schema", &at]);
    let one = start_as(&scratch, "s1", "a", "ours");
    wait_until_served(&one, &scratch);
    make_joining(&scratch, "s2", &ssl_address(), &["s1"]);
    let two = start_as(&scratch, "s2", "b", "ours");
    wait_for_membership(&scratch, "s2");
    insert(&two, &scratch, "0");
    make_joining(&scratch, "s3", &ssl_address(), &["s1"]);
    let sid = said(Kind::Ours, &scratch, &["db-sid", "s3"]);

    let mut expected = "0".to_owned();
    let mut goes_on = |what: &str| {
        let next = expected.len().to_string();
        insert(&two, &scratch, &next);
        expected += &next;
        assert_eq!(names(&two, &scratch), expected, "{what}");
        let seen = status(&scratch, "s1");
        assert!(seen.contains("Status: cluster member"), "{what}: {seen}");
        assert!(!seen.contains(&sid[..4]), "{what}: {seen}");
    };
    // Who it is, whom it trusts, and whether the member that is asked has something to say of it.
    for (who, ca, is_told) in [
        ("stranger", "ours", "invalid peer certificate: UnknownIssuer"),
        ("stranger", "theirs", "alert"),
        ("c", "theirs", "alert"),
    ] {
        let what = format!("{who} who trusts {ca}");
        let before = one.log(&scratch).len();
        let three = start_as(&scratch, "s3", who, ca);
        wait_for_refusal(&three, &scratch, "s3", &at, &what);
        assert!(
            status(&scratch, "s3").contains("Status: joining cluster"),
            "{what}"
        );
        wait(&format!("{what} to be in the log"), || {
            let log = one.log(&scratch);
            let mut lines = log[before..].lines();
            let refused = |line: &&str| line.contains("ssl:127.0.0.1:") && line.contains(is_told);
            lines.find(refused).map(|_| ())
        });
        goes_on(&what);
        three.stop();
    }
    let three = start(Kind::Ours, &scratch, "s3", &[]);
    wait_for_refusal(&three, &scratch, "s3", &at, "without a certificate");
    goes_on("without a certificate");
    three.stop();
    // Without TLS at all.
    let mut plain = TcpStream::connect(&at["ssl:".len()..]).expect("it listens");
    plain
        .write_all(b"FRVNRAFT and nonsense\r\n\r\n")
        .expect("it reads");
    // An alert or a reset, and the end.
    let _ = plain.read_to_end(&mut Vec::new());
    goes_on("plain");
    assert!(
        one.log(&scratch).contains("refused: received corrupt message"),
        "{}",
        one.log(&scratch)
    );

    let three = start_as(&scratch, "s3", "c", "ours");
    wait_for_membership(&scratch, "s3");
    wait_until_served(&three, &scratch);
    wait("all to have it", || {
        (names(&three, &scratch) == names(&one, &scratch)).then_some(())
    });
    assert!(
        !status(&scratch, "s3").contains("Refused by"),
        "{}",
        status(&scratch, "s3")
    );
}

/// Its files were replaced by somebody else's: the others go on without it, and it comes back with its own.
#[test]
fn a_member_whose_certificate_is_no_good_is_missed_and_comes_back() {
    let scratch = folder("member-tls-lost");
    let ours = Authority::new(&scratch, "ours");
    Authority::new(&scratch, "theirs").sign(&scratch, "stranger");
    let mut servers = Vec::new();
    for name in ["s1", "s2", "s3"] {
        ours.sign(&scratch, name);
        match name {
            "s1" => drop(said(
                Kind::Ours,
                &scratch,
                &["create-cluster", name, "schema", &ssl_address()],
            )),
            _ => make_joining(&scratch, name, &ssl_address(), &["s1"]),
        }
        let server = start_as(&scratch, name, name, "ours");
        wait_until_served(&server, &scratch);
        wait_for_membership(&scratch, name);
        servers.push(server);
    }
    insert(&servers[0], &scratch, "a");
    servers.pop().expect("three").stop();
    let before = exported(&scratch, "s3");
    let three = start_as(&scratch, "s3", "stranger", "ours");
    // Whoever leads says that it cannot be reached, and it says that nobody talks to it.
    let at = address_of(&scratch, "s3");
    wait("the leader to say so", || {
        let told = |name: &&str| {
            status(&scratch, name).contains(&format!("Refused by {at}: no greeting of a member"))
        };
        ["s1", "s2"].iter().find(|name| told(name)).map(|_| ())
    });
    wait("it to say so", || {
        status(&scratch, "s3").contains("Refused by ssl:").then_some(())
    });
    insert(&servers[0], &scratch, "b");
    insert(&servers[1], &scratch, "c");
    three.stop();
    assert_eq!(exported(&scratch, "s3"), before, "nothing came of it");
    let three = start_as(&scratch, "s3", "s3", "ours");
    wait_until_served(&three, &scratch);
    wait("it to have all", || {
        (names(&three, &scratch) == "abc").then_some(())
    });
}
