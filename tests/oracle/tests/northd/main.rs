//! Every case: the packaged northd and ours say the same.
//!
//! `ORACLE_CASE=text` runs the cases with that text in their names, `ORACLE_AT=text` looks at the tables and stages
//! with that text in theirs, all of them, done or not, and says how many differences each case has there.

mod coverage;
mod operations;
mod sequences;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use northd_oracle::compare::{Difference, differences, northbound, ours, row_by_row, unwritten};
use northd_oracle::fixture::{Contents, Fixture};
use northd_oracle::{Case, cases};

/// What is the same already: tables, and stages of flows.
const DONE: &[&str] = &[
    "ACL_ID",
    "Datapath_Binding",
    "lr_in_unsnat",
    "lr_in_post_unsnat",
    "lr_out_chk_dnat_local",
    "lr_out_post_undnat",
    "lr_out_post_snat",
    "lr_out_egr_loop",
    "Meter",
    "Multicast_Group",
    "Meter_Band",
    "Mirror",
    "Port_Group",
    "ls_in_acl_action",
    "ls_in_acl_after_lb_action",
    "ls_in_acl_after_lb_eval",
    "ls_in_acl_after_lb_sample",
    "ls_in_acl_eval",
    "ls_in_acl_hint",
    "ls_in_acl_sample",
    "ls_in_pre_acl",
    "ls_in_qos",
    "ls_in_stateful",
    "ls_out_acl_action",
    "ls_out_acl_eval",
    "ls_out_acl_hint",
    "ls_out_acl_sample",
    "ls_out_pre_acl",
    "ls_out_qos",
    "ls_out_stateful",
    "DHCP_Options",
    "DHCPv6_Options",
    "DNS",
    "IP_Multicast",
    "ls_in_check_port_sec",
    "BFD",
    "Chassis_Template_Var",
    "HA_Chassis",
    "HA_Chassis_Group",
    "Port_Binding",
    "RBAC_Permission",
    "RBAC_Role",
    "SB_Global",
    "Static_MAC_Binding",
    "ls_in_apply_port_sec",
    "ls_in_lookup_fdb",
    "ls_in_put_fdb",
    "ls_in_dhcp_options",
    "ls_in_dhcp_response",
    "ls_in_dns_lookup",
    "ls_in_dns_response",
    "ls_in_external_port",
    "ls_in_l2_lkup",
    "ls_in_l2_unknown",
    "ls_out_lookup_fdb",
    "ls_out_put_fdb",
    "Load_Balancer",
    "Service_Monitor",
    "ls_in_pre_lb",
    "ls_in_pre_stateful",
    "ls_in_lb_aff_check",
    "ls_in_lb",
    "ls_in_lb_aff_learn",
    "ls_in_pre_hairpin",
    "ls_in_nat_hairpin",
    "ls_in_hairpin",
    "ls_out_pre_lb",
    "ls_out_pre_stateful",
    "ls_out_check_port_sec",
    "ls_out_apply_port_sec",
    "nb BFD",
    "nb Logical_Router_Port",
    "nb Logical_Switch_Port",
    "nb NB_Global",
    "Advertised_Route",
    "ECMP_Nexthop",
    "FDB",
    "IGMP_Group",
    "Learned_Route",
    "MAC_Binding",
    "lr_in_admission",
    "lr_in_arp_resolve",
    "lr_in_ip_input",
    "lr_in_lookup_neighbor",
    "lr_in_learn_neighbor",
    "lr_in_dhcp_relay_req",
    "lr_in_ecmp_stateful",
    "lr_in_nd_ra_options",
    "lr_in_nd_ra_response",
    "lr_in_ip_routing_pre",
    "lr_in_ip_routing",
    "lr_in_ip_routing_ecmp",
    "lr_in_policy",
    "lr_in_policy_ecmp",
    "lr_in_dhcp_relay_resp_chk",
    "lr_in_dhcp_relay_resp",
    "lr_in_chk_pkt_len",
    "lr_in_larger_pkts",
    "lr_in_arp_request",
    "lr_out_delivery",
    "lr_in_defrag",
    "lr_in_dnat",
    "lr_in_gw_redirect",
    "lr_out_undnat",
    "lr_out_snat",
    "Address_Set",
    "ls_in_arp_rsp",
    "lr_in_lb_aff_check",
    "lr_in_lb_aff_learn",
];

/// What may differ: the table or stage, texts in the difference, and why.
const INTENDED: &[(&str, &[&str], &str)] = &[
    (
        "Port_Binding",
        &["bfd-only"],
        "an option of Kube-OVN, which its ovn-northd passes on",
    ),
    (
        "lr_in_arp_resolve",
        &["~", "ct_mark.ecmp_reply_port", ": hint, tags ["],
        "of several routes through one port the packaged northd notes the one that it came to first",
    ),
    (
        "lr_in_arp_resolve",
        &["- ", " && reg0 == {} -> "],
        "of virtual addresses that are all of IPv6 the packaged northd makes an expression that no controller can read",
    ),
    (
        "IP_Multicast",
        &["~", "_src [", ", ours [\"\"]"],
        "what is no longer said the packaged northd leaves in the row",
    ),
    (
        "Port_Binding",
        &["~ ls1: options [peer=rp-ls"],
        "of two switch ports that lead to one router port the packaged northd names the one that a hash puts last",
    ),
    (
        "lr_in_defrag",
        &["~", "ct_next;", ": hint, tags ["],
        "of several routes through one port the packaged northd notes the one that it came to first",
    ),
    (
        "lr_in_ecmp_stateful",
        &["~", "ecmp_reply_port", ": hint, tags ["],
        "of several routes through one port the packaged northd notes the one that it came to first",
    ),
    (
        "lr_in_ip_routing",
        &["~", "ct_mark.ecmp_reply_port", ": hint, tags ["],
        "of several routes through one port the packaged northd notes the one that it came to first",
    ),
    (
        "lr_in_policy",
        &["~", "ct_mark.ecmp_reply_port", ": hint, tags ["],
        "of several routes through one port the packaged northd notes the one that it came to first",
    ),
    (
        "MAC_Binding",
        &["+ <sw0>"],
        "of a switch only people write neighbors: the packaged northd deletes them when any port goes, and not before",
    ),
];

fn is_intended(difference: &Difference) -> bool {
    let is = |(at, texts, _): &(&str, &[&str], &str)| {
        difference.at == *at && texts.iter().all(|text| difference.what.contains(text))
    };
    INTENDED.iter().any(is)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Every case, or those that are asked for, as the packaged northd has translated them.
static RUNS: LazyLock<Vec<(Case, Contents)>> = LazyLock::new(|| {
    let filter = variable("ORACLE_CASE");
    let is_asked_for = |case: &Case| filter.as_ref().is_none_or(|text| case.name.contains(text));
    let fixture = Fixture::start();
    let runs = cases().into_iter().filter(is_asked_for).map(|case| {
        let contents = fixture.run(&case);
        (case, contents)
    });
    runs.collect()
});

#[test]
fn both_translate_alike() {
    let at = variable("ORACLE_AT");
    assert!(!RUNS.is_empty());
    let is_looked_at = |difference: &Difference| match &at {
        Some(at) => difference.at.contains(at),
        None => DONE.contains(&difference.at.as_str()) && !is_intended(difference),
    };
    let mut failed = Vec::new();
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for (case, contents) in RUNS.iter() {
        let northd = ours(contents);
        assert_eq!(
            row_by_row(contents).all(),
            northd.all(),
            "{}: row by row",
            case.name
        );
        let mut all = differences(contents, &northd);
        all.extend(northbound(contents, &northd));
        // What was given once and stays cannot be found again from nothing.
        if !case.name.contains("kept") {
            all.extend(northbound(contents, &ours(&unwritten(contents))));
        }
        for difference in &all {
            *left.entry(difference.at.clone()).or_default() += 1;
        }
        let here: Vec<Difference> = all.into_iter().filter(is_looked_at).collect();
        if !here.is_empty() {
            println!("{}: {} differences", case.name, here.len());
            for Difference { at, what } in here.iter().take(200) {
                println!("  {at}: {what}");
            }
            failed.push(case.name.clone());
        }
    }
    println!("differences by table and stage, all cases: {left:#?}");
    assert_eq!(failed, Vec::<String>::new());
}
