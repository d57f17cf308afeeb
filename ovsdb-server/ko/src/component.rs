//! The four databases, and what Kube-OVN calls their parts.

/// A database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// OVN's northbound one.
    Nb,
    /// OVN's southbound one.
    Sb,
    /// The northbound one between availability zones.
    IcNb,
    /// The southbound one between availability zones.
    IcSb,
}

impl Component {
    /// By the plugin's word.
    pub fn named(word: &str) -> Option<Component> {
        let all = [Component::Nb, Component::Sb, Component::IcNb, Component::IcSb];
        all.into_iter().find(|component| component.word() == word)
    }

    /// The plugin's word.
    pub fn word(self) -> &'static str {
        match self {
            Component::Nb => "nb",
            Component::Sb => "sb",
            Component::IcNb => "icnb",
            Component::IcSb => "icsb",
        }
    }

    /// The database's name.
    pub fn database(self) -> &'static str {
        match self {
            Component::Nb => "OVN_Northbound",
            Component::Sb => "OVN_Southbound",
            Component::IcNb => "OVN_IC_Northbound",
            Component::IcSb => "OVN_IC_Southbound",
        }
    }

    /// The two that are served together.
    pub fn pair(self) -> [Component; 2] {
        match self {
            Component::Nb | Component::Sb => [Component::Nb, Component::Sb],
            Component::IcNb | Component::IcSb => [Component::IcNb, Component::IcSb],
        }
    }

    /// The beginning of its files' names (ovn-ctl(8)).
    pub fn stem(self) -> &'static str {
        match self {
            Component::Nb => "ovnnb_db",
            Component::Sb => "ovnsb_db",
            Component::IcNb => "ovn_ic_nb_db",
            Component::IcSb => "ovn_ic_sb_db",
        }
    }

    /// The control socket, in the pod.
    pub fn socket(self) -> String {
        format!("/var/run/ovn/{}.ctl", self.stem())
    }

    /// The database's file, in the pod.
    pub fn file(self) -> String {
        format!("/etc/ovn/{}.db", self.stem())
    }

    /// What the names of the pods that serve it begin with.
    pub fn pods(self) -> &'static str {
        match self {
            Component::Nb | Component::Sb => "ovn-central",
            Component::IcNb | Component::IcSb => "ovn-ic-server",
        }
    }

    /// The container in such a pod, where there are several.
    pub fn container(self) -> Option<&'static str> {
        match self {
            Component::Nb | Component::Sb => Some("ovn-central"),
            Component::IcNb | Component::IcSb => None,
        }
    }

    /// The label of the pod whose server leads.
    pub fn leader_label(self) -> &'static str {
        match self {
            Component::Nb => "ovn-nb-leader=true",
            Component::Sb => "ovn-sb-leader=true",
            Component::IcNb => "ovn-ic-nb-leader=true",
            Component::IcSb => "ovn-ic-sb-leader=true",
        }
    }

    /// What the plugin says when there is no such pod.
    pub fn no_leader(self) -> &'static str {
        match self {
            Component::Nb => "nb leader not exists",
            Component::Sb => "sb leader not exists",
            Component::IcNb => "ic nb leader not exists",
            Component::IcSb => "ic sb leader not exists",
        }
    }
}
