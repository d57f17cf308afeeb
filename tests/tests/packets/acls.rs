//! ACLs: who may connect to whom, and how others learn that they may not.

use ferrovn_tests::node::wait_for;

use crate::routes::Pods;
use crate::talk::{ask, serve};
use crate::world::{World, wait_for_told};

/// 10.0.1.1 asks 10.0.2.1, through the router and across nodes.
pub fn check(world: &World, pods: &Pods) {
    let (client, server) = (&pods.net1[0], &pods.net2[0]);
    let _serving = serve(server, "server", &[1000, 1001, 1002]);
    let _answering = serve(client, "client", &[1000]);
    let to = |port: u16| ask(client, &server.address, port, 1);
    let told = "server 10.0.1.1";
    for port in [1000, 1001, 1002] {
        wait_for_told(client, &server.address, port, &[told]);
    }

    // Without a connection, nothing leaves the server.
    let into = "to-lport 1001 'outport == \"p2-1\"";
    world.nb(&format!(
        "acl-add net2 {into} && tcp.dst == 1000' allow-related \
         -- acl-add net2 {into} && tcp.dst == 1001' reject \
         -- acl-add net2 {into} && tcp.dst == 1002' drop \
         -- acl-add net2 from-lport 1000 'inport == \"p2-1\" && ip4' drop"
    ));
    world.sync();
    wait_for_told(client, &server.address, 1000, &[told]);
    wait_for_told(client, &server.address, 1001, &["refused"]);
    assert_eq!(to(1002), ["silent"]);
    assert_eq!(ask(server, &client.address, 1000, 1), ["silent"]);
    wait_for("a ping and its answer, which no ACL is about", || {
        client.pings(&server.address)
    });

    // Stateless: the answer is on its own.
    world.nb(&format!(
        "acl-del net2 -- acl-add net2 {into} && tcp.dst == 1000' allow \
         -- acl-add net2 to-lport 1000 'outport == \"p2-1\" && ip4' drop"
    ));
    world.sync();
    wait_for_told(client, &server.address, 1000, &[told]);
    assert_eq!(to(1001), ["silent"]);
    assert_eq!(
        ask(server, &client.address, 1000, 1),
        ["silent"],
        "its answer is dropped"
    );

    world.nb("acl-del net2");
    world.sync();
    wait_for_told(client, &server.address, 1002, &[told]);
    wait_for_told(server, &client.address, 1000, &["client 10.0.2.1"]);
}
