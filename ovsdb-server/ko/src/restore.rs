//! `nb restore` through the pods: the northbound database of the first node becomes the only one, and the cluster
//! is made anew from it. For databases that say `inconsistent data`.
//!
//! Everything that can be looked up is looked up before anything is touched; a failure before the files are moved
//! gives ovn-central its pods back.

use std::time::Duration;

use crate::component::Component;
use crate::kube;
use crate::kubectl::Kubectl;
use crate::way::{Failure, Outcome};

const CENTRAL: &str = "ovn-central";

/// A database's server has its pod's folder in common with the pod of Open vSwitch on its node.
const VSWITCH: &str = "ovs-ovn";

/// Where the first node's contents wait while files are moved.
const STANDALONE: &str = "/etc/ovn/ovnnb_db_standalone.db";

/// Runs it.
pub fn run(kubectl: &Kubectl) -> Outcome {
    let namespace = &kubectl.namespace;
    let replicas = kubectl.ask(&kube::field(namespace, "deployment", CENTRAL, "{.spec.replicas}"))?;
    let addresses = addresses(kubectl)?;
    let pods = vswitch_pods(kubectl, &addresses)?;
    let (Some(address), Some((first_address, first))) = (addresses.first(), pods.first()) else {
        return Err(Failure::Error(
            "no node of ovn-central has a pod of ovs-ovn".into(),
        ));
    };
    if first_address != address {
        return Err(Failure::Error(format!(
            "the first node, {address}, has no pod of ovs-ovn to work in"
        )));
    }

    scale(kubectl, "0")?;
    println!("ovn-central original replicas is {replicas}");
    println!("first nodeIP is {address}");
    for (address, pod) in &pods {
        println!("ovs-ovn pod on node {address} is {pod}");
    }
    println!("backup nb db file");
    let nb = Component::Nb.file();
    let export = ["ovsdb-tool", "cluster-to-standalone", STANDALONE, &nb];
    if let Err(failure) = kubectl.show(&exec(kubectl, first, &export)) {
        eprintln!("kubectl-ko: nothing was moved; ovn-central gets its pods back");
        scale(kubectl, &replicas)?;
        return Err(failure);
    }
    for (_, pod) in &pods {
        for component in Component::Nb.pair() {
            kubectl
                .show(&exec(kubectl, pod, &["mv", "-f", &component.file(), "/tmp"]))
                .inspect_err(|_| stranded(&replicas))?;
        }
    }
    println!("restore nb db file, operate in pod {first}");
    kubectl
        .show(&exec(kubectl, first, &["mv", "-f", STANDALONE, &nb]))
        .inspect_err(|_| stranded(&replicas))?;
    scale(kubectl, &replicas)?;
    await_available(kubectl, &replicas)?;
    println!("finish restore nb db file and ovn-central replicas");
    println!("restart ovs-ovn");
    kubectl.show(&kube::owned(&[
        "-n", namespace, "rollout", "restart", "ds", VSWITCH,
    ]))
}

/// The servers' nodes, the first first.
fn addresses(kubectl: &Kubectl) -> Outcome<Vec<String>> {
    let path = "{.spec.template.spec.containers[0].env[?(@.name==\"NODE_IPS\")].value}";
    let listed = kubectl.ask(&kube::field(&kubectl.namespace, "deployment", CENTRAL, path))?;
    let listed = kube::listed_addresses(&listed);
    if !listed.is_empty() {
        return Ok(listed);
    }
    let nodes = kubectl.ask(&kube::owned(&[
        "get",
        "node",
        "-lkube-ovn/role=master",
        "-o",
        "wide",
    ]))?;
    Ok(kube::node_addresses(&nodes))
}

/// The pods of Open vSwitch on these nodes, with their addresses.
fn vswitch_pods(kubectl: &Kubectl, addresses: &[String]) -> Outcome<Vec<(String, String)>> {
    let list = kubectl.ask(&kube::list_pods(&kubectl.namespace))?;
    let mut hosts = Vec::new();
    for pod in kube::pods(&list, VSWITCH) {
        let host = kubectl.ask(&kube::field(&kubectl.namespace, "pod", pod, "{.status.hostIP}"))?;
        hosts.push((host, pod.to_owned()));
    }
    let on = |address: &String| hosts.iter().find(|(host, _)| host == address).cloned();
    Ok(addresses.iter().filter_map(on).collect())
}

fn exec(kubectl: &Kubectl, pod: &str, words: &[&str]) -> Vec<String> {
    kube::exec(&kubectl.namespace, pod, None, words)
}

fn scale(kubectl: &Kubectl, replicas: &str) -> Outcome {
    let replicas = format!("--replicas={replicas}");
    let namespace = &kubectl.namespace;
    kubectl.show(&kube::owned(&[
        "scale",
        "deployment",
        "-n",
        namespace,
        CENTRAL,
        &replicas,
    ]))
}

fn await_available(kubectl: &Kubectl, replicas: &str) -> Outcome {
    loop {
        let list = kubectl.ask(&kube::owned(&["get", "deployment", "-n", &kubectl.namespace]))?;
        let available = kube::available(&list, CENTRAL).unwrap_or("0");
        if available == replicas {
            return Ok(());
        }
        println!("wait all ovn-central pods running, availabel {available}");
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// What whoever must go on by hand needs to know.
fn stranded(replicas: &str) {
    eprintln!(
        "kubectl-ko: stopped half way: ovn-central has no pods (it had {replicas}); moved files are in /tmp of the \
         pods of ovs-ovn, the northbound contents in {STANDALONE} of the first"
    );
}
