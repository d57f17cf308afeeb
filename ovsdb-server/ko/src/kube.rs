//! What `kubectl` is asked and what its answers mean. Pure.

use crate::component::Component;

/// `kubectl exec` in a pod of a component.
pub fn exec(namespace: &str, pod: &str, container: Option<&str>, words: &[&str]) -> Vec<String> {
    let mut all = vec!["exec", pod, "-n", namespace];
    if let Some(container) = container {
        all.extend(["-c", container]);
    }
    all.push("--");
    all.extend(words);
    owned(&all)
}

/// A command on a component's control socket, in a pod.
pub fn control(namespace: &str, pod: &str, of: Component, command: &str, args: &[&str]) -> Vec<String> {
    let socket = of.socket();
    let mut words = vec!["ovn-appctl", "-t", &socket, command, of.database()];
    words.extend(args);
    exec(namespace, pod, of.container(), &words)
}

/// The list of the pods that lead a component.
pub fn list_leaders(namespace: &str, of: Component) -> Vec<String> {
    owned(&["get", "pod", "-n", namespace, "-l", of.leader_label()])
}

/// The list of all pods.
pub fn list_pods(namespace: &str) -> Vec<String> {
    owned(&["get", "pod", "-n", namespace])
}

/// A field of an object, by JSONPath.
pub fn field(namespace: &str, kind: &str, name: &str, path: &str) -> Vec<String> {
    let path = format!("jsonpath={path}");
    owned(&["get", kind, "-n", namespace, name, "-o", &path])
}

/// Words.
pub fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The first pod of a list that serves a component and is ready.
pub fn leader(list: &str, of: Component) -> Option<&str> {
    rows(list)
        .find(|row| row[0].starts_with(of.pods()) && is_ready(row, of))
        .map(|row| row[0])
}

/// `1/1` and `Running`, for the pods of one container that the plugin looks at so.
fn is_ready(row: &[&str], of: Component) -> bool {
    match of.container() {
        Some(_) => row.get(1) == Some(&"1/1") && row.get(2) == Some(&"Running"),
        None => true,
    }
}

/// The pods of a list whose names begin so.
pub fn pods<'a>(list: &'a str, beginning: &str) -> Vec<&'a str> {
    rows(list)
        .map(|row| row[0])
        .filter(|name| name.starts_with(beginning))
        .collect()
}

/// The addresses in a list of nodes (`-o wide`).
pub fn node_addresses(list: &str) -> Vec<String> {
    let nodes = rows(list).filter(|row| row[0] != "NAME");
    nodes
        .filter_map(|row| row.get(5).map(|ip| (*ip).to_owned()))
        .collect()
}

/// The addresses in `NODE_IPS`.
pub fn listed_addresses(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|ip| !ip.is_empty())
        .map(str::to_owned)
        .collect()
}

/// How many pods of a deployment are available, in a list of deployments.
pub fn available<'a>(list: &'a str, deployment: &str) -> Option<&'a str> {
    rows(list)
        .find(|row| row[0] == deployment)
        .and_then(|row| row.get(3).copied())
}

fn rows(list: &str) -> impl Iterator<Item = Vec<&str>> {
    list.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|row| !row.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PODS: &str = "\
NAME                          READY   STATUS             RESTARTS   AGE
ovn-central-0                 0/1     CrashLoopBackOff   7          4d
ovn-central-1                 1/1     Running            0          4d
ovn-ic-server-5c              2/2     Running            0          4d
ovs-ovn-abcde                 1/1     Running            0          4d
";

    #[test]
    fn lists_are_read() {
        assert_eq!(leader(PODS, Component::Nb), Some("ovn-central-1"));
        assert_eq!(leader(PODS, Component::IcSb), Some("ovn-ic-server-5c"));
        assert_eq!(
            leader("No resources found in kube-system namespace.\n", Component::Nb),
            None
        );
        assert_eq!(pods(PODS, "ovn-central"), ["ovn-central-0", "ovn-central-1"]);
        assert_eq!(pods(PODS, "ovs-ovn"), ["ovs-ovn-abcde"]);
        let nodes = "\
NAME   STATUS   ROLES   AGE   VERSION   INTERNAL-IP   EXTERNAL-IP
a      Ready    x       4d    v1.30.0   10.0.0.1      <none>
b      Ready    x       4d    v1.30.0   10.0.0.2      <none>
";
        assert_eq!(node_addresses(nodes), ["10.0.0.1", "10.0.0.2"]);
        assert_eq!(
            listed_addresses("10.0.0.1,10.0.0.2, fd00::1"),
            ["10.0.0.1", "10.0.0.2", "fd00::1"]
        );
        let deployments = "NAME READY UP-TO-DATE AVAILABLE AGE\novn-central 2/3 3 2 4d\n";
        assert_eq!(available(deployments, "ovn-central"), Some("2"));
    }

    #[test]
    fn commands_are_the_plugins() {
        assert_eq!(
            control("kube-system", "p", Component::Nb, "cluster/kick", &["4fba"]).join(" "),
            "exec p -n kube-system -c ovn-central -- ovn-appctl -t /var/run/ovn/ovnnb_db.ctl cluster/kick \
             OVN_Northbound 4fba"
        );
        assert_eq!(
            control("ns", "p", Component::IcSb, "cluster/status", &[]).join(" "),
            "exec p -n ns -- ovn-appctl -t /var/run/ovn/ovn_ic_sb_db.ctl cluster/status OVN_IC_Southbound"
        );
    }
}
