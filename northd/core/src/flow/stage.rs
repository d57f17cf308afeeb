//! The stages of the logical pipelines (ovn-northd(8) "Logical Flow Table Structure").

/// The half of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pipeline {
    /// From a port to the decision where to.
    Ingress,
    /// From there to a port.
    Egress,
}

impl Pipeline {
    /// As in the column `pipeline`.
    pub const fn name(self) -> &'static str {
        match self {
            Pipeline::Ingress => "ingress",
            Pipeline::Egress => "egress",
        }
    }
}

/// What a pipeline belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A logical switch.
    Switch,
    /// A logical router.
    Router,
}

impl Kind {
    /// In a word.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Switch => "switch",
            Kind::Router => "router",
        }
    }
}

macro_rules! stages {
    ($($kind:ident $pipeline:ident { $($stage:ident $name:literal $title:literal)* })*) => {
        /// A stage: which pipeline, and which table of it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Stage {
            $($(#[doc = concat!("`", $name, "`.")] $stage,)*)*
        }

        impl Stage {
            /// Every stage, pipeline by pipeline, in the order of their tables.
            pub const ALL: &'static [Stage] = &[$($(Stage::$stage,)*)*];

            /// As in `external_ids:stage-name`.
            pub const fn name(self) -> &'static str {
                match self { $($(Stage::$stage => $name,)*)* }
            }

            /// What the manual page calls it (ovn-northd(8)), its slips of the pen mended.
            pub const fn title(self) -> &'static str {
                match self { $($(Stage::$stage => $title,)*)* }
            }

            /// What it is a stage of.
            pub const fn kind(self) -> Kind {
                match self { $($(Stage::$stage => Kind::$kind,)*)* }
            }

            /// Which half.
            pub const fn pipeline(self) -> Pipeline {
                match self { $($(Stage::$stage => Pipeline::$pipeline,)*)* }
            }
        }
    };
}

impl Stage {
    /// The stage of a name.
    pub fn named(name: &str) -> Option<Stage> {
        Stage::ALL.iter().copied().find(|stage| stage.name() == name)
    }

    /// The heading of its section in the manual page.
    pub fn heading(self) -> String {
        let half = match self.pipeline() {
            Pipeline::Ingress => "Ingress",
            Pipeline::Egress => "Egress",
        };
        format!("{half} Table {}: {}", self.table(), self.title())
    }

    /// The table's number in its pipeline.
    pub fn table(self) -> u8 {
        let before = Stage::ALL[..self as usize].iter().rev();
        let same = |stage: &&Stage| (stage.kind(), stage.pipeline()) == (self.kind(), self.pipeline());
        before.take_while(same).count() as u8
    }
}

stages! {
    Switch Ingress {
        LsInCheckPortSec "ls_in_check_port_sec" "Admission Control and Ingress Port Security check"
        LsInApplyPortSec "ls_in_apply_port_sec" "Ingress Port Security - Apply"
        LsInLookupFdb "ls_in_lookup_fdb" "Lookup MAC address learning table"
        LsInPutFdb "ls_in_put_fdb" "Learn MAC of 'unknown' ports"
        LsInPreAcl "ls_in_pre_acl" "from-lport Pre-ACLs"
        LsInPreLb "ls_in_pre_lb" "Pre-LB"
        LsInPreStateful "ls_in_pre_stateful" "Pre-stateful"
        LsInAclHint "ls_in_acl_hint" "from-lport ACL hints"
        LsInAclEval "ls_in_acl_eval" "from-lport ACL evaluation before LB"
        LsInAclSample "ls_in_acl_sample" "from-lport ACL sampling"
        LsInAclAction "ls_in_acl_action" "from-lport ACL action"
        LsInQos "ls_in_qos" "from-lport QoS"
        LsInLbAffCheck "ls_in_lb_aff_check" "Load balancing affinity check"
        LsInLb "ls_in_lb" "LB"
        LsInLbAffLearn "ls_in_lb_aff_learn" "Load balancing affinity learn"
        LsInPreHairpin "ls_in_pre_hairpin" "Pre-Hairpin"
        LsInNatHairpin "ls_in_nat_hairpin" "Nat-Hairpin"
        LsInHairpin "ls_in_hairpin" "Hairpin"
        LsInAclAfterLbEval "ls_in_acl_after_lb_eval" "from-lport ACL evaluation after LB"
        LsInAclAfterLbSample "ls_in_acl_after_lb_sample" "from-lport ACL sampling after LB"
        LsInAclAfterLbAction "ls_in_acl_after_lb_action" "from-lport ACL action after LB"
        LsInStateful "ls_in_stateful" "Stateful"
        LsInArpRsp "ls_in_arp_rsp" "ARP/ND responder"
        LsInDhcpOptions "ls_in_dhcp_options" "DHCP option processing"
        LsInDhcpResponse "ls_in_dhcp_response" "DHCP responses"
        LsInDnsLookup "ls_in_dns_lookup" "DNS Lookup"
        LsInDnsResponse "ls_in_dns_response" "DNS Responses"
        LsInExternalPort "ls_in_external_port" "External ports"
        LsInL2Lkup "ls_in_l2_lkup" "Destination Lookup"
        LsInL2Unknown "ls_in_l2_unknown" "Destination unknown"
    }
    Switch Egress {
        LsOutLookupFdb "ls_out_lookup_fdb" "Lookup MAC address learning table"
        LsOutPutFdb "ls_out_put_fdb" "Learn MAC of 'unknown' ports"
        LsOutPreAcl "ls_out_pre_acl" "to-lport Pre-ACLs"
        LsOutPreLb "ls_out_pre_lb" "Pre-LB"
        LsOutPreStateful "ls_out_pre_stateful" "Pre-stateful"
        LsOutAclHint "ls_out_acl_hint" "to-lport ACL hints"
        LsOutAclEval "ls_out_acl_eval" "to-lport ACL evaluation"
        LsOutAclSample "ls_out_acl_sample" "to-lport ACL sampling"
        LsOutAclAction "ls_out_acl_action" "to-lport ACL action"
        LsOutQos "ls_out_qos" "to-lport QoS"
        LsOutStateful "ls_out_stateful" "Stateful"
        LsOutCheckPortSec "ls_out_check_port_sec" "Egress Port Security - check"
        LsOutApplyPortSec "ls_out_apply_port_sec" "Egress Port Security - Apply"
    }
    Router Ingress {
        LrInAdmission "lr_in_admission" "L2 Admission Control"
        LrInLookupNeighbor "lr_in_lookup_neighbor" "Neighbor lookup"
        LrInLearnNeighbor "lr_in_learn_neighbor" "Neighbor learning"
        LrInIpInput "lr_in_ip_input" "IP Input"
        LrInDhcpRelayReq "lr_in_dhcp_relay_req" "DHCP Relay Request"
        LrInUnsnat "lr_in_unsnat" "UNSNAT"
        LrInPostUnsnat "lr_in_post_unsnat" "POST UNSNAT"
        LrInDefrag "lr_in_defrag" "DEFRAG"
        LrInLbAffCheck "lr_in_lb_aff_check" "Load balancing affinity check"
        LrInDnat "lr_in_dnat" "DNAT"
        LrInLbAffLearn "lr_in_lb_aff_learn" "Load balancing affinity learn"
        LrInEcmpStateful "lr_in_ecmp_stateful" "ECMP symmetric reply processing"
        LrInNdRaOptions "lr_in_nd_ra_options" "IPv6 ND RA option processing"
        LrInNdRaResponse "lr_in_nd_ra_response" "IPv6 ND RA responder"
        LrInIpRoutingPre "lr_in_ip_routing_pre" "IP Routing Pre"
        LrInIpRouting "lr_in_ip_routing" "IP Routing"
        LrInIpRoutingEcmp "lr_in_ip_routing_ecmp" "IP_ROUTING_ECMP"
        LrInPolicy "lr_in_policy" "Router policies"
        LrInPolicyEcmp "lr_in_policy_ecmp" "ECMP handling for router policies"
        LrInDhcpRelayRespChk "lr_in_dhcp_relay_resp_chk" "DHCP Relay Response Check"
        LrInDhcpRelayResp "lr_in_dhcp_relay_resp" "DHCP Relay Response"
        LrInArpResolve "lr_in_arp_resolve" "ARP/ND Resolution"
        LrInChkPktLen "lr_in_chk_pkt_len" "Check packet length"
        LrInLargerPkts "lr_in_larger_pkts" "Handle larger packets"
        LrInGwRedirect "lr_in_gw_redirect" "Gateway Redirect"
        LrInArpRequest "lr_in_arp_request" "ARP Request"
    }
    Router Egress {
        LrOutChkDnatLocal "lr_out_chk_dnat_local" "Check DNAT local"
        LrOutUndnat "lr_out_undnat" "UNDNAT"
        LrOutPostUndnat "lr_out_post_undnat" "Post UNDNAT"
        LrOutSnat "lr_out_snat" "SNAT"
        LrOutPostSnat "lr_out_post_snat" "Post SNAT"
        LrOutEgrLoop "lr_out_egr_loop" "Egress Loopback"
        LrOutDelivery "lr_out_delivery" "Delivery"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_numbered_from_the_start_of_their_pipeline() {
        assert_eq!(Stage::ALL.len(), 76);
        for (stage, kind, pipeline, table) in [
            (Stage::LsInCheckPortSec, Kind::Switch, Pipeline::Ingress, 0),
            (Stage::LsInL2Unknown, Kind::Switch, Pipeline::Ingress, 29),
            (Stage::LsOutLookupFdb, Kind::Switch, Pipeline::Egress, 0),
            (Stage::LsOutApplyPortSec, Kind::Switch, Pipeline::Egress, 12),
            (Stage::LrInAdmission, Kind::Router, Pipeline::Ingress, 0),
            (Stage::LrInArpRequest, Kind::Router, Pipeline::Ingress, 25),
            (Stage::LrOutDelivery, Kind::Router, Pipeline::Egress, 6),
        ] {
            assert_eq!(
                (stage.kind(), stage.pipeline(), stage.table()),
                (kind, pipeline, table),
                "{stage:?}"
            );
        }
    }
}
