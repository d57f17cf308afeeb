//! The rows and the requests of the works, encoded. Everything follows from indexes: two runs see the same bytes.

use serde_json::{Value, json};

/// The shape of a southbound database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Southbound {
    /// Rows of Logical_Flow.
    pub flows: usize,
    /// Rows of Datapath_Binding; the flows are spread over them evenly.
    pub datapaths: usize,
}

/// Logical switches of the northbound database; ports go to them in turn.
pub const SWITCHES: usize = 20;

/// Flows inserted by one transaction, as ovn-northd's own are cut by its size.
const FLOWS_PER_TXN: usize = 500;

/// A stage of the logical pipeline with a flow that is typical of it. `{i}` stands for the flow, `{d}` for the
/// datapath, `{m}` for a MAC address and `{a}` for an IPv4 address.
struct Stage {
    name: &'static str,
    source: &'static str,
    pipeline: &'static str,
    table: usize,
    priority: usize,
    matches: &'static str,
    actions: &'static str,
}

const fn stage(
    name: &'static str,
    source: &'static str,
    at: (&'static str, usize, usize),
    matches: &'static str,
    actions: &'static str,
) -> Stage {
    Stage {
        name,
        source,
        pipeline: at.0,
        table: at.1,
        priority: at.2,
        matches,
        actions,
    }
}

const STAGES: [Stage; 12] = [
    stage(
        "ls_in_check_port_sec",
        "northd.c:5734",
        ("ingress", 0, 50),
        "inport == \"pod-{i}.namespace-{d}\"",
        "reg0[15] = check_in_port_sec(); next;",
    ),
    stage(
        "ls_in_lookup_fdb",
        "northd.c:5797",
        ("ingress", 2, 100),
        "inport == \"pod-{i}.namespace-{d}\" && eth.src == {m}",
        "reg0[11] = lookup_fdb(inport, eth.src); next;",
    ),
    stage(
        "ls_in_pre_acl",
        "northd.c:6146",
        ("ingress", 4, 110),
        "ip && inport == \"subnet-{d}-router\" && ip4.src == {a}",
        "next;",
    ),
    stage(
        "ls_in_acl_eval",
        "northd.c:6930",
        ("ingress", 8, 2001),
        "reg0[8] == 1 && (outport == @namespace.{d}.policy.ingress.allow && ip4 && ip4.src == $namespace.{d}.peers_ip4 \
         && tcp.dst == {i})",
        "reg8[16] = 1; reg8[18] = 0; next;",
    ),
    stage(
        "ls_in_lb",
        "northd.c:7698",
        ("ingress", 13, 120),
        "ct.new && ip4.dst == {a} && reg1[16..23] == 6 && reg2[0..15] == 443",
        "reg4 = {a}; reg2[0..15] = 443; ct_lb_mark(backends={a}:8443,10.16.0.4:8443,10.16.0.5:8443,10.16.1.9:8443);",
    ),
    stage(
        "ls_in_arp_rsp",
        "northd.c:9306",
        ("ingress", 22, 50),
        "arp.tpa == {a} && arp.op == 1 && eth.dst == ff:ff:ff:ff:ff:ff",
        "eth.dst = eth.src; eth.src = {m}; arp.op = 2; /* ARP reply */ arp.tha = arp.sha; arp.sha = {m}; \
         arp.tpa = arp.spa; arp.spa = {a}; outport = inport; flags.loopback = 1; output;",
    ),
    stage(
        "ls_in_l2_lkup",
        "northd.c:9971",
        ("ingress", 29, 50),
        "eth.dst == {m}",
        "outport = \"pod-{i}.namespace-{d}\"; output;",
    ),
    stage(
        "ls_out_acl_eval",
        "northd.c:6930",
        ("egress", 4, 2002),
        "reg0[7] == 1 && (inport == @namespace.{d}.egress && ip4 && ip4.dst == {a} && udp.dst == 53)",
        "reg8[16] = 1; next;",
    ),
    stage(
        "ls_out_check_port_sec",
        "northd.c:5770",
        ("egress", 10, 150),
        "eth.mcast && outport == \"pod-{i}.namespace-{d}\"",
        "reg0[15] = 0; next;",
    ),
    stage(
        "lr_in_ip_input",
        "northd.c:13961",
        ("ingress", 3, 90),
        "inport == \"router-subnet-{d}\" && arp.op == 1 && arp.tpa == {a} && arp.spa == 10.0.0.0/8",
        "eth.dst = eth.src; eth.src = xreg0[0..47]; arp.op = 2; /* ARP reply */ arp.tha = arp.sha; \
         arp.sha = xreg0[0..47]; arp.tpa <-> arp.spa; outport = inport; flags.loopback = 1; output;",
    ),
    stage(
        "lr_in_ip_routing",
        "northd.c:11538",
        ("ingress", 15, 194),
        "reg7 == 0 && ip4.dst == {a}/32",
        "ip.ttl--; reg8[0..15] = 0; reg0 = ip4.dst; reg5 = 10.16.0.1; eth.src = {m}; \
         outport = \"router-subnet-{d}\"; flags.loopback = 1; reg9[9] = 1; next;",
    ),
    stage(
        "lr_in_arp_resolve",
        "northd.c:13243",
        ("ingress", 19, 100),
        "outport == \"router-subnet-{d}\" && reg0 == {a}",
        "eth.dst = {m}; next;",
    ),
];

/// The uuid of the `i`-th datapath: fixed, so that clients can name it without asking.
pub fn datapath_uuid(i: usize) -> String {
    spread_uuid(i as u64)
}

/// The `i`-th of the uuids that no row has.
pub fn absent_uuid(i: usize) -> String {
    spread_uuid(0xabce_0000_0000 + i as u64)
}

/// Spreads an index over a version 4 uuid (the finaliser of SplitMix64), because uuids are hashed by their bytes.
fn spread_uuid(i: u64) -> String {
    let mix = |seed: u64| {
        let z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let (a, b) = (mix(2 * i + 1), mix(2 * i + 2));
    let (time, version) = ((a >> 32) as u32, (a & 0xfff) | 0x4000);
    format!(
        "{time:08x}-{:04x}-{version:04x}-{:04x}-{:012x}",
        (a >> 16) as u16,
        (b >> 48) & 0x3fff | 0x8000,
        b & 0xffff_ffff_ffff
    )
}

fn mac(i: usize) -> String {
    format!(
        "0a:58:{:02x}:{:02x}:{:02x}:{:02x}",
        (i >> 24) & 255,
        (i >> 16) & 255,
        (i >> 8) & 255,
        i & 255
    )
}

fn ipv4(i: usize) -> String {
    format!("10.{}.{}.{}", (i >> 16) & 255, (i >> 8) & 255, i & 255)
}

fn map<const N: usize>(entries: [(&str, String); N]) -> Value {
    json!(["map", entries.map(|(key, value)| json!([key, value])).to_vec()])
}

fn uuid(text: String) -> Value {
    json!(["uuid", text])
}

/// A `transact` request.
pub fn transact(db: &str, operations: &[Value]) -> Vec<u8> {
    let mut params = vec![json!(db)];
    params.extend_from_slice(operations);
    request("transact", &json!(params))
}

/// A request of any method.
pub fn request(method: &str, params: &Value) -> Vec<u8> {
    json!({"id": 1, "method": method, "params": params})
        .to_string()
        .into_bytes()
}

/// The insertion of one flow.
pub fn flow_insert(shape: Southbound, i: usize) -> Value {
    let datapath = i % shape.datapaths;
    let stage = &STAGES[(i / shape.datapaths) % STAGES.len()];
    let fill = |text: &str| {
        text.replace("{i}", &i.to_string())
            .replace("{d}", &datapath.to_string())
            .replace("{m}", &mac(i))
            .replace("{a}", &ipv4(i))
    };
    let hint = &spread_uuid(0x1000_0000 + i as u64)[..8];
    json!({"op": "insert", "table": "Logical_Flow", "row": {
        "logical_datapath": uuid(datapath_uuid(datapath)),
        "pipeline": stage.pipeline,
        "table_id": stage.table,
        "priority": stage.priority,
        "match": fill(stage.matches),
        "actions": fill(stage.actions),
        "external_ids": map([
            ("source", stage.source.to_owned()),
            ("stage-hint", hint.to_owned()),
            ("stage-name", stage.name.to_owned()),
        ]),
    }})
}

/// The transactions that fill an empty OVN_Southbound.
pub fn southbound(shape: Southbound) -> impl Iterator<Item = Vec<u8>> {
    let datapath = |i: usize| {
        json!({"op": "insert", "table": "Datapath_Binding", "uuid": datapath_uuid(i), "row": {
            "tunnel_key": i + 1,
            "external_ids": map([
                ("logical-switch", spread_uuid(0x2000_0000 + i as u64)),
                ("name", format!("subnet-{i}")),
            ]),
        }})
    };
    let mut first: Vec<Value> = (0..shape.datapaths).map(datapath).collect();
    first.push(json!({"op": "insert", "table": "SB_Global", "row": {"nb_cfg": 0}}));
    let flows = (0..shape.flows).step_by(FLOWS_PER_TXN).map(move |from| {
        let to = shape.flows.min(from + FLOWS_PER_TXN);
        let operations: Vec<Value> = (from..to).map(|i| flow_insert(shape, i)).collect();
        transact("OVN_Southbound", &operations)
    });
    std::iter::once(transact("OVN_Southbound", &first)).chain(flows)
}

/// The `n`-th of a writer's small transactions: ovn-northd's sequence number.
pub fn nb_cfg_update(n: usize) -> Vec<u8> {
    let update = json!({"op": "update", "table": "SB_Global", "where": [], "row": {"nb_cfg": n}});
    transact("OVN_Southbound", &[update])
}

/// The transaction that fills an empty OVN_Northbound with the switches the ports go to.
pub fn switches() -> Vec<u8> {
    let switch = |i: usize| {
        json!({"op": "insert", "table": "Logical_Switch", "row": {
            "name": format!("subnet-{i}"),
            "other_config": map([("exclude_ips", ipv4(i << 8)), ("subnet", format!("{}/16", ipv4(i << 8)))]),
            "external_ids": map([("vendor", "kube-ovn".to_owned())]),
        }})
    };
    transact("OVN_Northbound", &(0..SWITCHES).map(switch).collect::<Vec<_>>())
}

/// The transaction that adds one pod's port to its switch.
pub fn port(i: usize) -> Vec<u8> {
    let address = format!("{} {}", mac(i), ipv4(i));
    let operations = [
        json!({"op": "insert", "table": "Logical_Switch_Port", "uuid-name": "port", "row": {
            "name": format!("pod-{i}.namespace-{}", i % 50),
            "addresses": address,
            "port_security": address,
            "external_ids": map([
                ("ls", format!("subnet-{}", i % SWITCHES)),
                ("pod", format!("namespace-{}/pod-{i}", i % 50)),
                ("vendor", "kube-ovn".to_owned()),
            ]),
        }}),
        json!({"op": "mutate", "table": "Logical_Switch",
            "where": [["name", "==", format!("subnet-{}", i % SWITCHES)]],
            "mutations": [["ports", "insert", ["named-uuid", "port"]]]}),
    ];
    transact("OVN_Northbound", &operations)
}

/// The tables of a schema.
pub fn tables(schema: &Value) -> Vec<String> {
    schema["tables"]
        .as_object()
        .map(|tables| tables.keys().cloned().collect())
        .unwrap_or_default()
}

/// `monitor_cond_since` on whole tables, but for the flows, of which it asks what `flows_where` matches (`None`: all,
/// without a condition).
pub fn monitor(tables: &[String], flows_where: Option<Vec<Value>>) -> Vec<u8> {
    monitor_since(tables, flows_where, "00000000-0000-0000-0000-000000000000")
}

/// The same for a client that has seen a transaction.
pub fn monitor_since(tables: &[String], flows_where: Option<Vec<Value>>, last: &str) -> Vec<u8> {
    let mut requests = serde_json::Map::new();
    for table in tables {
        let condition = flows_where.as_ref().filter(|_| table == "Logical_Flow");
        let request = condition.map_or(json!({}), |clauses| json!({"where": clauses}));
        requests.insert(table.clone(), json!([request]));
    }
    request(
        "monitor_cond_since",
        &json!(["OVN_Southbound", "bench", requests, last]),
    )
}

/// Clauses that match the flows of some datapaths.
pub fn of_datapaths(datapaths: impl Iterator<Item = usize>) -> Vec<Value> {
    datapaths
        .map(|i| json!(["logical_datapath", "==", uuid(datapath_uuid(i))]))
        .collect()
}

/// Clauses that match nothing.
pub fn of_absent_groups(n: usize) -> Vec<Value> {
    (0..n)
        .map(|i| json!(["logical_dp_group", "==", uuid(absent_uuid(i))]))
        .collect()
}

/// How many rows an update of the second or third notation brings whole.
pub fn initial_rows(text: &[u8]) -> usize {
    memchr::memmem::find_iter(text, b"\"initial\"").count()
}

/// Whether a message is a notification of changes; replies have no method.
pub fn is_update(text: &[u8]) -> bool {
    // The member stands first or last; what is between is rows.
    let ends = [
        &text[..text.len().min(100)],
        &text[text.len().saturating_sub(100)..],
    ];
    ends.iter()
        .any(|end| memchr::memmem::find(end, b"\"method\":\"update").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_well_formed_and_differ() {
        let uuids: std::collections::BTreeSet<String> = (0..1000)
            .map(datapath_uuid)
            .chain((0..3000).map(absent_uuid))
            .collect();
        assert_eq!(uuids.len(), 4000);
        for uuid in &uuids {
            let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
        }
    }

    #[test]
    fn the_flows_are_complete_and_spread_over_the_datapaths() {
        let shape = Southbound {
            flows: 1200,
            datapaths: 10,
        };
        let texts: Vec<String> = southbound(shape)
            .map(|text| String::from_utf8(text).expect("JSON is UTF-8"))
            .collect();
        let count = |what: &str| texts.iter().map(|text| text.matches(what).count()).sum::<usize>();
        assert_eq!(texts.len(), 4);
        assert_eq!(count("\"Logical_Flow\""), shape.flows);
        assert_eq!(
            count(&format!("[\"uuid\",\"{}\"]", datapath_uuid(3))),
            shape.flows / shape.datapaths
        );
    }
}
