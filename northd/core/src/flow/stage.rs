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

macro_rules! stages {
    ($($kind:ident $pipeline:ident { $($stage:ident $name:literal)* })*) => {
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
    /// The table's number in its pipeline.
    pub fn table(self) -> u8 {
        let before = Stage::ALL[..self as usize].iter().rev();
        let same = |stage: &&Stage| (stage.kind(), stage.pipeline()) == (self.kind(), self.pipeline());
        before.take_while(same).count() as u8
    }
}

stages! {
    Switch Ingress {
        LsInCheckPortSec "ls_in_check_port_sec"
        LsInApplyPortSec "ls_in_apply_port_sec"
        LsInLookupFdb "ls_in_lookup_fdb"
        LsInPutFdb "ls_in_put_fdb"
        LsInPreAcl "ls_in_pre_acl"
        LsInPreLb "ls_in_pre_lb"
        LsInPreStateful "ls_in_pre_stateful"
        LsInAclHint "ls_in_acl_hint"
        LsInAclEval "ls_in_acl_eval"
        LsInAclSample "ls_in_acl_sample"
        LsInAclAction "ls_in_acl_action"
        LsInQos "ls_in_qos"
        LsInLbAffCheck "ls_in_lb_aff_check"
        LsInLb "ls_in_lb"
        LsInLbAffLearn "ls_in_lb_aff_learn"
        LsInPreHairpin "ls_in_pre_hairpin"
        LsInNatHairpin "ls_in_nat_hairpin"
        LsInHairpin "ls_in_hairpin"
        LsInAclAfterLbEval "ls_in_acl_after_lb_eval"
        LsInAclAfterLbSample "ls_in_acl_after_lb_sample"
        LsInAclAfterLbAction "ls_in_acl_after_lb_action"
        LsInStateful "ls_in_stateful"
        LsInArpRsp "ls_in_arp_rsp"
        LsInDhcpOptions "ls_in_dhcp_options"
        LsInDhcpResponse "ls_in_dhcp_response"
        LsInDnsLookup "ls_in_dns_lookup"
        LsInDnsResponse "ls_in_dns_response"
        LsInExternalPort "ls_in_external_port"
        LsInL2Lkup "ls_in_l2_lkup"
        LsInL2Unknown "ls_in_l2_unknown"
    }
    Switch Egress {
        LsOutLookupFdb "ls_out_lookup_fdb"
        LsOutPutFdb "ls_out_put_fdb"
        LsOutPreAcl "ls_out_pre_acl"
        LsOutPreLb "ls_out_pre_lb"
        LsOutPreStateful "ls_out_pre_stateful"
        LsOutAclHint "ls_out_acl_hint"
        LsOutAclEval "ls_out_acl_eval"
        LsOutAclSample "ls_out_acl_sample"
        LsOutAclAction "ls_out_acl_action"
        LsOutQos "ls_out_qos"
        LsOutStateful "ls_out_stateful"
        LsOutCheckPortSec "ls_out_check_port_sec"
        LsOutApplyPortSec "ls_out_apply_port_sec"
    }
    Router Ingress {
        LrInAdmission "lr_in_admission"
        LrInLookupNeighbor "lr_in_lookup_neighbor"
        LrInLearnNeighbor "lr_in_learn_neighbor"
        LrInIpInput "lr_in_ip_input"
        LrInDhcpRelayReq "lr_in_dhcp_relay_req"
        LrInUnsnat "lr_in_unsnat"
        LrInPostUnsnat "lr_in_post_unsnat"
        LrInDefrag "lr_in_defrag"
        LrInLbAffCheck "lr_in_lb_aff_check"
        LrInDnat "lr_in_dnat"
        LrInLbAffLearn "lr_in_lb_aff_learn"
        LrInEcmpStateful "lr_in_ecmp_stateful"
        LrInNdRaOptions "lr_in_nd_ra_options"
        LrInNdRaResponse "lr_in_nd_ra_response"
        LrInIpRoutingPre "lr_in_ip_routing_pre"
        LrInIpRouting "lr_in_ip_routing"
        LrInIpRoutingEcmp "lr_in_ip_routing_ecmp"
        LrInPolicy "lr_in_policy"
        LrInPolicyEcmp "lr_in_policy_ecmp"
        LrInDhcpRelayRespChk "lr_in_dhcp_relay_resp_chk"
        LrInDhcpRelayResp "lr_in_dhcp_relay_resp"
        LrInArpResolve "lr_in_arp_resolve"
        LrInChkPktLen "lr_in_chk_pkt_len"
        LrInLargerPkts "lr_in_larger_pkts"
        LrInGwRedirect "lr_in_gw_redirect"
        LrInArpRequest "lr_in_arp_request"
    }
    Router Egress {
        LrOutChkDnatLocal "lr_out_chk_dnat_local"
        LrOutUndnat "lr_out_undnat"
        LrOutPostUndnat "lr_out_post_undnat"
        LrOutSnat "lr_out_snat"
        LrOutPostSnat "lr_out_post_snat"
        LrOutEgrLoop "lr_out_egr_loop"
        LrOutDelivery "lr_out_delivery"
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
